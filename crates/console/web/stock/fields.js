// Whose SKU, and which, where that is not known yet.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { useAll } from "../queues/all.js";
import { Field, useApp } from "../ui.js";

const SKUS = `query ($merchant: String, $after: String, $atLeast: Position) { stock(merchant: $merchant, first: 250, after: $after, atLeast: $atLeast) {
  nodes { sku } pageInfo { hasNextPage endCursor } } }`;
const MOST = 5_000;

/** Of a dialog for `stock`, or where that is null for a SKU that is to be named: `{merchant, setMerchant, skus, isLoading}`. `skus` are the
 * merchant's, null while they are not known. */
export function useChoice({ stock, merchants }) {
  const { viewer } = useApp();
  const [chosen, setMerchant] = useState(null);
  const merchant = stock?.merchant.id ?? viewer.merchant ?? chosen ?? merchants[0]?.id ?? null;
  const { data, isLoading, isStale } = useAll(stock || !merchant ? null : { query: SKUS, variables: { merchant }, field: "stock", most: MOST });
  return { merchant, setMerchant, skus: data && !isStale ? data.nodes.map(({ sku }) => sku) : null, isLoading: isLoading || isStale };
}

export function MerchantField({ stock, merchants, choice }) {
  const { t, viewer } = useApp();
  if (stock || viewer.merchant) return null;
  return html`<${Field} name=${t("queue.merchant")}>${(given) => html`<select ...${given} name="merchant" required onChange=${(event) => choice.setMerchant(event.currentTarget.value)}>
    ${merchants.map(({ id, name }) => html`<option key=${id} value=${id} selected=${id === choice.merchant}>${name} (${id})</option>`)}</select>`}<//>`;
}

export function SkuField({ stock, choice }) {
  if (stock) return null;
  return html`<${Field} name="SKU">${(given) => html`<input type="text" ...${given} name="sku" list=${`${given.id}-known`} required spellcheck=${false} autocomplete="off" />
    <datalist id=${`${given.id}-known`}>${(choice.skus ?? []).map((sku) => html`<option key=${sku} value=${sku}></option>`)}</datalist>`}<//>`;
}
