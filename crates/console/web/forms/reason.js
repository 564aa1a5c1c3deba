// Why something is done: a code, and text if wanted.

import { html } from "../html.js";
import { Field, useApp } from "../ui.js";

/** The codes to choose from, the likeliest first, by what the reason is of. */
const CODES = {
  shop: ["BUYER_REQUEST", "MERCHANT_REQUEST", "NEGOTIATED", "PROMOTION", "PRICE_ERROR", "OUT_OF_STOCK", "DUPLICATE", "FRAUD", "GOODWILL", "OTHER"],
  goods: ["NOT_RECEIVED", "NOT_AS_DESCRIBED", "WRONG_ITEM", "DAMAGED", "WRONG_ACCOUNT", "DUPLICATE", "BUYER_REQUEST", "GOODWILL", "OTHER"],
  buyer: ["NOT_RECEIVED", "NOT_AS_DESCRIBED", "WRONG_ITEM", "DAMAGED", "WRONG_ACCOUNT", "DUPLICATE", "BUYER_REQUEST", "OTHER"],
  refusal: ["NOT_REFUNDABLE", "NEGOTIATED", "MERCHANT_REQUEST", "FRAUD", "OTHER"],
  change: ["MERCHANT_REQUEST", "BUYER_REQUEST", "WRONG_ACCOUNT", "FRAUD", "OTHER"],
  verdict: ["NOT_AS_DESCRIBED", "NOT_RECEIVED", "DAMAGED", "WRONG_ITEM", "NOT_REFUNDABLE", "GOODWILL", "FRAUD", "OTHER"],
};

/** `about`: one of `CODES`' names; `likely`: the code that stands first here. */
export function ReasonFields({ about = "shop", likely, isOptional }) {
  const { t, viewer } = useApp();
  const of = CODES[viewer.role === "BUYER" ? "buyer" : about];
  const codes = [...(likely ? [likely] : []), ...of.filter((code) => code !== likely)];
  return html`<${Field} name=${t("reason")}>${(given) => html`<select ...${given} name="reason">
      ${isOptional && html`<option value="">${t("reason.none")}</option>`}
      ${codes.map((code) => html`<option key=${code} value=${code}>${t(`ReasonCode.${code}`)}</option>`)}</select>`}<//>
    <${Field} name=${t("reason.text")} isWide>${(given) => html`<textarea ...${given} name="reasonText" maxlength="4000"></textarea>`}<//>`;
}

/** Undefined where none was chosen. */
export function reasonOf(form) {
  const code = form.get("reason");
  const text = form.get("reasonText")?.trim();
  return code ? { code, ...(text ? { text } : {}) } : undefined;
}
