// The open refund tickets, the longest first: all of them, since in which state they are is no question of the list.

import { now } from "../api.js";
import { useAll } from "../queues/all.js";
import { OFFERS } from "../queues/offers.js";

const QUERY = `query ($after: String, $merchant: String, $scope: Scope, $atLeast: Position) {
  exceptions(kind: [REFUND], first: 80, after: $after, merchant: $merchant, scope: $scope, atLeast: $atLeast) {
    nodes { ticket order { id number revision merchant { id name } buyer { account } total { amount currency } axes { fulfilment } ${OFFERS}
      lines { id title quantity } refunds { number kind state requestedAt approvedAt answerBy escalateAt payBy amount { amount currency } } } }
    pageInfo { hasNextPage endCursor } } }`;

export const STATES = ["waiting", "paying", "platform"];

/** Which of the lists a ticket stands in. */
export function stateOf({ state, escalateAt }) {
  if (state !== "REQUESTED") return "paying";
  return escalateAt && Date.parse(escalateAt) <= now() ? "platform" : "waiting";
}

export function useTickets(shown) {
  return useAll({ query: QUERY, variables: shown, field: "exceptions", most: 1_000 });
}

/** `[{order, ticket}]` of what was read. */
export function ticketsOf({ nodes }) {
  const found = nodes.map(({ order, ticket: number }) => ({ order, ticket: order.refunds.find((one) => one.number === number) }));
  return found.filter(({ ticket }) => ticket);
}
