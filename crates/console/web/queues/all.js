// A connection read to its end, or as far as a person would look: for lists that the API does not filter by what a page needs.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useApp } from "../ui.js";

async function read({ query, variables, field, most }, signal) {
  const nodes = [];
  let after = null;
  do {
    const found = (await ask(query, { ...variables, after }, signal))[field];
    nodes.push(...found.nodes);
    after = found.pageInfo.hasNextPage ? found.pageInfo.endCursor : null;
  } while (after && nodes.length < most);
  return { nodes, isWhole: after === null };
}

/** As `useAsk`, with `data: {nodes, isWhole}`. The query has `$after`; `most` is how many rows are enough. */
export function useAll(what) {
  const { leave } = useApp();
  const [state, setState] = useState({ data: null, why: null, isLoading: true });
  const [tries, setTries] = useState(0);
  useEffect(() => {
    const stopping = new AbortController();
    read(what, stopping.signal).then(
      (data) => setState({ data, why: null, isLoading: false }),
      (error) => {
        if (error.name === "AbortError") return;
        if (error.status === 401) leave();
        setState((was) => ({ ...was, why: error, isLoading: false }));
      },
    );
    return () => stopping.abort();
  }, [JSON.stringify(what), tries]);
  return { ...state, again: () => setTries((count) => count + 1) };
}
