// The open refund tickets, the longest first: all of them, since which state they are in is no question of the list.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask, now } from "../api.js";
import { useApp } from "../ui.js";

const QUERY = `query ($first: Int, $after: String, $merchant: String, $scope: Scope, $atLeast: Position) {
  exceptions(kind: [REFUND], first: $first, after: $after, merchant: $merchant, scope: $scope, atLeast: $atLeast) {
    nodes { ticket order { id number revision merchant { id name } buyer { account } total { amount currency } axes { lifecycle fulfilment }
      lines { id title quantity } refunds { number kind state requestedAt approvedAt answerBy escalateAt payBy amount { amount currency } } } }
    pageInfo { hasNextPage endCursor } } }`;
const AT_ONCE = 100;
const MOST = 1_000;

export const STATES = ["waiting", "paying", "platform"];

/** Which of the lists a ticket stands in. */
export function stateOf({ state, escalateAt }) {
  if (state !== "REQUESTED") return "paying";
  return escalateAt && Date.parse(escalateAt) <= now() ? "platform" : "waiting";
}

async function read(shown, signal) {
  const tickets = [];
  let after = null;
  do {
    const { exceptions } = await ask(QUERY, { first: AT_ONCE, after, ...shown }, signal);
    for (const { ticket, order } of exceptions.nodes) {
      const found = order.refunds.find(({ number }) => number === ticket);
      if (found) tickets.push({ order, ticket: found });
    }
    after = exceptions.pageInfo.hasNextPage ? exceptions.pageInfo.endCursor : null;
  } while (after && tickets.length < MOST);
  return { tickets, isWhole: after === null };
}

/** As `useAsk`, with `data: {tickets: [{order, ticket}], isWhole}`. */
export function useTickets(shown) {
  const { leave } = useApp();
  const [state, setState] = useState({ data: null, why: null, isLoading: true });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stopping = new AbortController();
    read(shown, stopping.signal).then(
      (data) => setState({ data, why: null, isLoading: false }),
      (error) => {
        if (error.name === "AbortError") return;
        if (error.status === 401) leave();
        setState((was) => ({ ...was, why: error, isLoading: false }));
      },
    );
    return () => stopping.abort();
  }, [JSON.stringify(shown), tries]);
  return { ...state, again: () => setTries((count) => count + 1) };
}
