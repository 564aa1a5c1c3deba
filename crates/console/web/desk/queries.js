// A page of orders, and how many there are of each label.

import { LABELS } from "./filters.js";
import { ROW } from "./list.js";

const PAGE = 50;
export const ORDERS_QUERY = `query ($where: OrderWhere, $scope: Scope, $sortBy: OrderSort, $first: Int, $after: String, $last: Int, $before: String, $atLeast: Position) {
  orders(where: $where, scope: $scope, sortBy: $sortBy, first: $first, after: $after, last: $last, before: $before, atLeast: $atLeast) {
    nodes { ${ROW} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
export const COUNTS_QUERY = `query ($all: OrderWhere, ${LABELS.map((label) => `$${label}: OrderWhere`).join(", ")}, $scope: Scope, $atLeast: Position) {
  ${["all", ...LABELS].map((name) => `${name}: ordersCount(where: $${name}, scope: $scope, atLeast: $atLeast)`).join("\n")} }`;

export const SORTS = { "": null, "placed-asc": ["PLACED_AT", "ASC"], "amount-desc": ["AMOUNT", "DESC"], "amount-asc": ["AMOUNT", "ASC"] };

/** What the address sorts by; null: the newest first. */
export function sortOf({ sort }) {
  const [field, direction] = SORTS[sort] ?? [];
  return field ? { field, direction } : null;
}

/** The page that the address names. */
export function partOf({ after, before }) {
  return before ? { last: PAGE, before } : { first: PAGE, after: after ?? null };
}

/** What is counted: what the list shows, whatever its label. */
export function countedBy(where, scope) {
  const { label: _, ...rest } = where ?? {};
  return { all: rest, scope, ...Object.fromEntries(LABELS.map((name) => [name, { ...rest, label: { eq: name } }])) };
}
