// A page of the audit log. The server looks at so many events at a time: where few of them match, it is asked again behind them, and tells meanwhile what was found.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useApp } from "../ui.js";

const QUERY = `query ($where: AuditWhere, $first: Int, $after: String, $atLeast: Position) {
  auditLog(where: $where, first: $first, after: $after, atLeast: $atLeast) {
    nodes { subject name merchant event { position stream revision kind occurredAt recordedAt origin reason commandId correlation actor { id role name }
      changes { field before after } data } }
    pageInfo { hasNextPage endCursor } } }`;
const PAGE = 50;
/** So often by itself; then somebody says whether to go on. */
const ROUNDS = 5;

/** Tells `onFound` after each round how far it is. */
async function read(where, after, signal, onFound) {
  let nodes = [];
  let info = { hasNextPage: true, endCursor: after };
  for (let round = 0; round < ROUNDS && info.hasNextPage && nodes.length < PAGE; round += 1) {
    const { auditLog } = await ask(QUERY, { where, first: PAGE - nodes.length, after: info.endCursor }, signal);
    nodes = [...nodes, ...auditLog.nodes];
    info = auditLog.pageInfo;
    onFound({ nodes, info });
  }
}

/** As `useAsk`, with `data: {nodes, info}`, which grows while `isLoading`; until something else that is asked for is first answered, what was
 * found before stays, as `isStale`. */
export function useEntries(where, after) {
  const { leave } = useApp();
  const key = `${JSON.stringify(where)} ${after}`;
  const [state, setState] = useState({ data: null, of: null, why: null, isLoading: true });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stopping = new AbortController();
    setState((was) => ({ ...was, isLoading: true }));
    read(where, after, stopping.signal, (data) => setState({ data, of: key, why: null, isLoading: true })).then(
      () => setState((was) => ({ ...was, isLoading: false })),
      (error) => {
        if (error.name === "AbortError") return;
        if (error.status === 401) leave();
        setState((was) => ({ data: was.of === key ? was.data : null, of: key, why: error, isLoading: false }));
      },
    );
    return () => stopping.abort();
  }, [key, tries]);
  return { ...state, isStale: state.data !== null && state.of !== key, again: () => setTries((count) => count + 1) };
}
