// Shops and orders of a test's own, made by the API as any client makes them.

import { randomUUID } from "node:crypto";

import { ask, token } from "./shop.mjs";

const INPUTS = { placeHold: "HoldInput", releaseHold: "HoldInput", closeMerchant: "MerchantInput", startJob: "JobInput" };

/** Carries out a mutation, and answers its payload; throws what was refused. */
export async function command(secret, name, input, fields = "") {
  const type = INPUTS[name] ?? `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) { receipt { position } userErrors { code message } ${fields} } }`;
  const payload = (await ask(secret, query, { input: { commandId: randomUUID(), ...input } }))[name];
  if (payload.userErrors.length > 0) throw new Error(`${name}: ${JSON.stringify(payload.userErrors)}`);
  return payload;
}

/** A merchant below `parent` that sells the card `sku`; cards go out only when somebody says so. */
export async function cardShop({ id, parent = "huaxia", sku = "card", cards = 0, policy = { autoDeliver: false } }) {
  const secret = await token({ role: "platform" });
  await command(secret, "registerMerchant", { id, name: id, parent });
  await command(secret, "setPolicy", { merchant: id, ...policy });
  if (cards > 0) {
    const secrets = Array.from({ length: cards }, (_, index) => `${id}-${sku}-${String(index).padStart(6, "0")}`);
    await command(secret, "importCards", { merchant: id, sku, secrets });
  }
}

/** Places an order of one line, and pays it if wanted. */
export async function order({ merchant, number, sku = "card", kind = "CARD", quantity = 1, price = "10.00", account = "someone", contact, currency = "CNY", paid = true }) {
  const secret = await token({ role: "platform" });
  const line = { sku, title: `${sku} of ${merchant}`, quantity, kind, unitPrice: { amount: price, currency } };
  const placed = await command(secret, "placeOrder", { merchant, number, buyer: { account, contact }, lines: [line] }, "order { id number total { amount currency } }");
  if (paid) {
    await command(secret, "recordPayment", { order: { id: placed.order.id }, provider: "alipay", tradeNumber: `${merchant}-${number}`, amount: placed.order.total });
  }
  return placed.order;
}

/** At most `width` at a time. */
export async function each(items, width, act) {
  const rest = items.values();
  await Promise.all(Array.from({ length: width }, async () => {
    for (const item of rest) await act(item);
  }));
}
