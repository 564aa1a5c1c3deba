// What is offered to be done to an order that waits: the queues say which of it is likely, the server what of that can be done.

import { ACTIONS } from "../order/actions.js";
import { addTexts } from "../text.js";
import { ORDER } from "../texts/order.js";
import { QUEUES } from "../texts/queues.js";

addTexts(ORDER);
addTexts(QUEUES);

/** What a list asks of its orders for it. */
export const OFFERS = "actions { name refusal { code } }";

const OF_TICKETS = ["APPROVE_REFUND", "SETTLE_REFUND", "FAIL_REFUND", "REJECT_REFUND"];

/** Why not, where the caller's role would let it; undefined where it would not, null where it can be done. */
export function refusalOf(order, name) {
  return order.actions.find((action) => action.name === name)?.refusal;
}

export function isPossible(order, name) {
  return refusalOf(order, name) === null;
}

/** `[{name, ticket}]`: what answers a refund ticket. */
export function answersTo(order, ticket) {
  const names = OF_TICKETS.filter((name) => ACTIONS[name].states.includes(ticket.state) && isPossible(order, name));
  return names.map((name) => ({ name, ticket }));
}
