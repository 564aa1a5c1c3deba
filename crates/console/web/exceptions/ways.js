// What may end an order's wait, the likeliest first.

import { answersTo, isPossible } from "../queues/offers.js";

const LIKELY = { STOCK: "OUT_OF_STOCK", RISK: "FRAUD" };
const OPEN = ["REQUESTED", "APPROVED", "FAILED"];

/** What was paid too much goes back first: a hold for it is released by that. */
function ofExcess(order) {
  const excess = order.refunds.find(({ kind, state }) => kind === "EXCESS" && OPEN.includes(state));
  return excess ? answersTo(order, excess) : [{ name: "REQUEST_REFUND", likely: "OVERPAID" }];
}

function ofHold({ kind, order }, reason) {
  if (kind === "ADDRESS" && order.pendingAddressChange) return [{ name: "APPROVE_ADDRESS_CHANGE" }, { name: "REJECT_ADDRESS_CHANGE" }];
  const likely = LIKELY[kind];
  const first = kind === "ADDRESS" ? [{ name: "REQUEST_ADDRESS_CHANGE" }] : kind === "PAYMENT" && reason === "OVERPAID" ? ofExcess(order) : [];
  const refund = first.some(({ name }) => name === "REQUEST_REFUND") ? [] : [{ name: "REQUEST_REFUND", likely }];
  return [...first, { name: "RELEASE_HOLD", hold: kind }, ...refund, { name: "CANCEL", likely }];
}

/** `[{name, ticket, hold, likely}]` of what the server lets be done. `reason`: why it is on hold, as far as that is known. */
export function waysOf(exception, ticket, reason) {
  const { order } = exception;
  if (ticket) return answersTo(order, ticket);
  return ofHold(exception, reason).filter(({ name }) => isPossible(order, name));
}
