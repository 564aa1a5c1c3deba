// What an order's page asks.

import { ask } from "../api.js";
import { useAnswer } from "../ui.js";

const MONEY = "{ amount currency }";

/** `$asOf`: null for now; `$isNow`: whether to ask what can be done, which is nothing to an order as it was. */
export const QUERY = `query ($id: ID!, $asOf: AsOf, $isNow: Boolean!) {
  order(by: { id: $id }, asOf: $asOf) {
    id number revision placedAt label merchant { id name payUrl } buyer { account } tags cards disputedSince
    axes { lifecycle payment fulfilment afterSales holds } holds { hold since }
    lines { id number sku title kind quantity shipped cancelled unitPrice ${MONEY} }
    total ${MONEY} due ${MONEY} captured ${MONEY} refunded ${MONEY}
    refunds { number kind state requestedAt answerBy escalateAt payBy amount ${MONEY} }
    shipments { number status delivered } clocks { kind dueAt ticket missed } breaches { kind ticket }
    pendingAddressChange { number requestedBy } delivery { contact inputs { line inputs } }
    actions @include(if: $isNow) { name refusal { code message } }
  }
}`;
const HISTORY = `query ($id: ID!, $after: String) { order(by: { id: $id }) { revision history(first: 250, after: $after) {
  nodes { position revision kind occurredAt recordedAt origin reason actor { id role name } changes { field before after } data }
  pageInfo { hasNextPage endCursor } } } }`;
/** More events than a person reads. */
const MOST = 2_000;

/** `data: {events, revision, isWhole}` of an order; no events where it is not shown. */
export function useHistory(id) {
  return useAnswer(`history ${id}`, async (signal) => {
    const events = [];
    let after = null;
    do {
      const { order } = await ask(HISTORY, { id, after }, signal);
      if (!order) return { events: [], revision: 0, isWhole: true };
      events.push(...order.history.nodes);
      if (!order.history.pageInfo.hasNextPage) return { events, revision: order.revision, isWhole: true };
      after = order.history.pageInfo.endCursor;
    } while (events.length < MOST);
    return { events, revision: events.at(-1).revision, isWhole: false };
  });
}
