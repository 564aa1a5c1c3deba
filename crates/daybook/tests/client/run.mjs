// Queries and mutations through graphql-request, a subscription through graphql-ws that is cut off and resumed.
// Usage: node run.mjs http://127.0.0.1:PORT TOKEN
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { GraphQLClient, gql } from "graphql-request";
import { createClient } from "graphql-ws";
import WebSocket from "ws";

const [base, token] = process.argv.slice(2);
const headers = { authorization: `Bearer ${token}` };
const client = new GraphQLClient(`${base}/graphql`, { headers });
const money = (amount) => ({ amount, currency: "CNY" });
const RECEIPT = "receipt { position commandId } order { id number revision label } userErrors { field code message }";

const registered = await client.request(
  gql`mutation ($input: RegisterMerchantInput!) {
    registerMerchant(input: $input) { merchant { id } userErrors { field code message } }
  }`,
  { input: { commandId: randomUUID(), id: "client-shop", name: "Client shop" } },
);
assert.deepEqual(registered.registerMerchant, { merchant: { id: "client-shop" }, userErrors: [] });

const place = (number, commandId = randomUUID()) =>
  client.request(gql`mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { ${RECEIPT} } }`, {
    input: {
      commandId,
      merchant: "client-shop",
      number,
      buyer: { account: "小明" },
      lines: [{ sku: "card", title: "Card", quantity: 2, kind: "CARD", unitPrice: money("9.90") }],
      adjustments: [{ kind: "DISCOUNT", label: "coupon", amount: money("-1.00") }],
    },
  });

const commandId = randomUUID();
const first = (await place("N-1", commandId)).placeOrder;
assert.deepEqual(first.userErrors, []);
assert.equal(first.order.label, "AWAITING_PAYMENT");
const again = (await place("N-1", commandId)).placeOrder;
assert.deepEqual(again.receipt, first.receipt, "a repeated command returns its first receipt");
const taken = (await place("N-1")).placeOrder;
assert.equal(taken.order, null);
assert.equal(taken.userErrors[0].code, "NUMBER_TAKEN");

const paid = await client.request(
  gql`mutation ($input: RecordPaymentInput!) { recordPayment(input: $input) { ${RECEIPT} } }`,
  {
    input: {
      commandId: randomUUID(),
      order: { number: { merchant: "client-shop", number: "N-1" } },
      provider: "alipay",
      tradeNumber: "T-1",
      amount: money("18.80"),
    },
  },
);
assert.equal(paid.recordPayment.order.label, "TO_SHIP");

const listed = await client.request(
  gql`query ($at: Position!) {
    orders(where: { merchant: { oneOf: ["client-shop"] }, buyer: { eq: "小明" } }, atLeast: $at, first: 10) {
      nodes { number label buyer { account } total { amount currency } lines { sku quantity } }
      pageInfo { hasNextPage }
    }
  }`,
  { at: paid.recordPayment.receipt.position },
);
assert.deepEqual(listed.orders.nodes, [
  { number: "N-1", label: "TO_SHIP", buyer: { account: "小明" }, total: money("18.80"), lines: [{ sku: "card", quantity: 2 }] },
]);

// A subscription from the beginning, cut off after the first event, resumed after its position.
const subscribe = async (after, count) => {
  const socket = createClient({
    url: `${base.replace("http", "ws")}/graphql/ws`,
    webSocketImpl: WebSocket,
    connectionParams: { Authorization: `Bearer ${token}` },
    retryAttempts: 0,
  });
  const events = [];
  const stream = socket.iterate({
    query: `subscription ($after: Position!) {
      orderEvents(after: $after, merchant: "client-shop", scope: SUBTREE) { position kind order { number label } }
    }`,
    variables: { after },
  });
  for await (const { data, errors } of stream) {
    assert.equal(errors, undefined);
    events.push(data.orderEvents);
    if (events.length === count) break;
  }
  await socket.dispose();
  return events;
};
const [placed] = await subscribe("0", 1);
assert.equal(placed.kind, "order-placed");
assert.deepEqual(placed.order, { number: "N-1", label: "AWAITING_PAYMENT" }, "as of that event");
const waiting = subscribe(placed.position, 2);
await place("N-2");
const rest = await waiting;
assert.deepEqual(
  rest.map(({ kind, order }) => [kind, order.number, order.label]),
  [
    ["payment-captured", "N-1", "TO_SHIP"],
    ["order-placed", "N-2", "AWAITING_PAYMENT"],
  ],
);
console.log("client libraries: all as expected");
