// Of which SKU there is too little for an order.

import { useAll } from "../queues/all.js";

const QUERY = `query ($merchant: String, $after: String, $atLeast: Position) { stock(merchant: $merchant, low: true, first: 250, after: $after, atLeast: $atLeast) {
  nodes { sku free reserved cards } pageInfo { hasNextPage endCursor } } }`;
const MOST = 2_000;

/** Its first line that the stock cannot serve; of an order with one line, that one, without asking. */
export function useShort({ merchant, lines }, isAsked) {
  const isClear = lines.length === 1;
  const { data } = useAll(isAsked && !isClear ? { query: QUERY, variables: { merchant: merchant.id }, field: "stock", most: MOST } : null);
  const isShort = ({ sku, kind, quantity }) => {
    const stock = data?.nodes.find((one) => one.sku === sku);
    return stock && (stock.free + stock.reserved < quantity || (kind === "CARD" && stock.cards < quantity));
  };
  if (isClear || data) return (lines.find(isShort) ?? lines[0]).sku;
  return null;
}
