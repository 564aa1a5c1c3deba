// Whose SKU, and which, where that is not known yet.

import { html } from "../html.js";
import { Field, useApp } from "../ui.js";

export function MerchantField({ stock, merchants }) {
  const { t, viewer } = useApp();
  if (stock || viewer.merchant) return null;
  return html`<${Field} name=${t("queue.merchant")}>${(given) => html`<select ...${given} name="merchant" required>
    ${merchants.map(({ id, name }) => html`<option key=${id} value=${id}>${name} (${id})</option>`)}</select>`}<//>`;
}

export function SkuField({ stock }) {
  const { t } = useApp();
  if (stock) return null;
  return html`<${Field} name="SKU">${(given) => html`<input type="text" ...${given} name="sku" required spellcheck=${false} autocomplete="off" />`}<//>`;
}
