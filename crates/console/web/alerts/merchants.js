// Whose alerts are looked at, with what is raised there now.

import { useRef } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useReading } from "../reading.js";
import { useApp } from "../ui.js";

const FIELDS = "id name policy { warnRefundRate warnConversion warnQueueAgeSeconds } alerts { kind sku }";
const OWN = `query ($id: ID!) { merchant(id: $id) { ${FIELDS} } }`;
const ALL = `query ($after: String) { merchants(first: 250, after: $after) { nodes { ${FIELDS} } pageInfo { hasNextPage endCursor } } }`;

/** `isAgain`: what was read before stays until all is there. */
async function read(own, isAgain, signal, tell) {
  if (own) {
    const { merchant } = await ask(OWN, { id: own }, signal);
    tell({ merchants: merchant ? [merchant] : [], isWhole: true });
    return;
  }
  const found = [];
  let info = { hasNextPage: true, endCursor: null };
  while (info.hasNextPage) {
    const { merchants } = await ask(ALL, { after: info.endCursor }, signal);
    found.push(...merchants.nodes);
    info = merchants.pageInfo;
    if (!isAgain || !info.hasNextPage) tell({ merchants: [...found], isWhole: !info.hasNextPage });
  }
}

/** As `useAsk`, with `data: {merchants, isWhole}`, which grows until it is whole. Alerts of merchants below are told to nobody: of a merchant's people it is theirs alone. */
export function useWatched() {
  const { viewer } = useApp();
  const isWhole = useRef(false);
  const watched = useReading((signal, tell) => read(viewer.merchant, isWhole.current, signal, tell), viewer.merchant);
  isWhole.current = watched.data?.isWhole ?? false;
  return watched;
}
