// A connection read to its end, or as far as a person would look: for lists that the API does not filter by what a page needs.

import { ask } from "../api.js";
import { useAnswer } from "../ui.js";

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

/** As `useAsk`, with `data: {nodes, isWhole}`. The query has `$after`; `most` is how many rows are enough. Null asks nothing. */
export function useAll(what) {
  return useAnswer(what && JSON.stringify(what), (signal) => read(what, signal));
}
