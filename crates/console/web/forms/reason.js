// Why something is done: a code, and text if wanted.

import { html } from "../html.js";
import { Field, useApp } from "../ui.js";

const SHOP = ["BUYER_REQUEST", "MERCHANT_REQUEST", "NEGOTIATED", "PROMOTION", "PRICE_ERROR", "OUT_OF_STOCK", "DUPLICATE", "FRAUD", "GOODWILL", "OTHER"];
const GOODS = ["NOT_RECEIVED", "NOT_AS_DESCRIBED", "WRONG_ITEM", "DAMAGED", "WRONG_ACCOUNT", "DUPLICATE", "BUYER_REQUEST", "GOODWILL", "OTHER"];

/** `about`: "goods" where something is wrong with them; `codes`: those to choose from, where they are others. */
export function ReasonFields({ about = "shop", codes = about === "goods" ? GOODS : SHOP, isOptional }) {
  const { t } = useApp();
  return html`<${Field} name=${t("reason")}>${(given) => html`<select ...${given} name="reason">
      ${isOptional && html`<option value="">${t("reason.none")}</option>`}
      ${codes.map((code) => html`<option key=${code} value=${code}>${t(`ReasonCode.${code}`)}</option>`)}</select>`}<//>
    <${Field} name=${t("reason.text")} isWide>${(given) => html`<textarea ...${given} name="reasonText" maxlength="2000"></textarea>`}<//>`;
}

/** Undefined where none was chosen. */
export function reasonOf(form) {
  const code = form.get("reason");
  const text = form.get("reasonText")?.trim();
  return code ? { code, ...(text ? { text } : {}) } : undefined;
}
