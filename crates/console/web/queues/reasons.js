// Why an order is on hold, or a refund was asked for: its history tells, the lists do not. What was read of an order is kept until it
// has another revision.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";

const QUERY = `query ($ids: [String!]!, $scope: Scope) { orders(where: { id: { oneOf: $ids } }, scope: $scope, first: 40) {
  nodes { id revision history(first: 100) { nodes { kind reason recordedAt occurredAt actor { id role } } } } } }`;
/** As many as a question may ask for. */
const AT_ONCE = 40;
/** What is refunded says why by itself. */
const SAYS_THE_SAME = { EXCESS: "OVERPAID", LATE: "LATE_PAYMENT" };
const known = new Map();

/** Whether a ticket's kind says the same as the reason for it. */
export function isSaid(ticket, reason) {
  return Boolean(ticket) && SAYS_THE_SAME[ticket.kind] === reason;
}

function isKnown({ id, revision }) {
  return known.has(id) && known.get(id).revision >= revision;
}

/** `reasonOf(order, kind, since)`: the event of that kind that happened then, as soon as it is known. */
export function useReasons(orders) {
  const [, setReads] = useState(0);
  const missing = [...new Map(orders.filter((order) => !isKnown(order)).map((order) => [order.id, order])).values()].slice(0, AT_ONCE);
  const key = missing.map(({ id, revision }) => `${id}@${revision}`).join(" ");
  useEffect(() => {
    if (missing.length === 0) return undefined;
    const stopping = new AbortController();
    ask(QUERY, { ids: missing.map(({ id }) => id), scope: "SUBTREE" }, stopping.signal).then(
      ({ orders: { nodes } }) => {
        // Those that did not come are not asked for again.
        for (const { id, revision } of missing) known.set(id, { revision, events: [] });
        for (const { id, revision, history } of nodes) known.set(id, { revision: Math.max(revision, known.get(id).revision), events: history.nodes });
        setReads((count) => count + 1);
      },
      () => {
        // The rows say what they can without it.
      },
    );
    return () => stopping.abort();
  }, [key]);
  return (order, kind, since) =>
    known.get(order.id)?.events.findLast((event) => event.kind === kind && [event.recordedAt, event.occurredAt].includes(since));
}
