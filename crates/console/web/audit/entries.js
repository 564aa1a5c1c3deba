// A page of the audit log. The server looks at so many events at a time: where few of them match, it is asked again behind them, and tells meanwhile what was found.

import { ask } from "../api.js";
import { useReading } from "../reading.js";

/** So often by itself; then somebody says whether to go on. */
const ROUNDS = 5;

const queryOf = (fields) => `query ($where: AuditWhere, $first: Int, $after: String, $atLeast: Position) {
  auditLog(where: $where, first: $first, after: $after, atLeast: $atLeast) { nodes { ${fields} } pageInfo { hasNextPage endCursor } } }`;

async function read(query, { where, after, first }, signal, tell) {
  let nodes = [];
  let info = { hasNextPage: true, endCursor: after };
  for (let round = 0; round < ROUNDS && info.hasNextPage && nodes.length < first; round += 1) {
    const { auditLog } = await ask(query, { where, first: first - nodes.length, after: info.endCursor }, signal);
    nodes = [...nodes, ...auditLog.nodes];
    info = auditLog.pageInfo;
    tell({ nodes, info });
  }
}

/** As `useAsk`, of `asked`: `{where, after, first}`, null of which asks nothing; with `data: {nodes, info}`, which grows while
 * `isLoading`. Where `info.hasNextPage` there may be more, even behind fewer entries than were asked for. */
export function useEntries(fields, asked) {
  return useReading(asked && ((signal, tell) => read(queryOf(fields), asked, signal, tell)), asked);
}
