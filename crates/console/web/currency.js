// In which money figures are asked for. It stands in the address, unless it is the usual one.

import { useState } from "./vendor/hooks.js";
import { now } from "./api.js";
import { html } from "./html.js";
import { addTexts } from "./text.js";
import { CURRENCY } from "./texts/currency.js";
import { Field, useApp, useAsk } from "./ui.js";

addTexts(CURRENCY);

const USUAL = "CNY";
const DAY = 86_400_000;
/** There is no list of the currencies that are in use: it is asked of those that often are. */
const OFTEN = [USUAL, "HKD", "TWD", "USD", "EUR", "JPY", "GBP", "SGD", "BRL", "KRW", "AUD", "MYR"];
const QUERY = `query ($range: TimeRange!, $scope: Scope) { ${OFTEN.map(
  (code) => `${code}: dashboard(scope: $scope, range: $range, currency: "${code}") { placedOrders }`,
).join(" ")} }`;

/** Of an address; what is no code is none. */
export function currencyOf({ currency }) {
  return /^[A-Z]{3}$/.test(currency ?? "") ? currency : USUAL;
}

/** Those in which something was ordered within the last year or so come first. `onChange` gets what is to stand in the address. */
export function CurrencyChoice({ value, onChange }) {
  const { t, language, viewer } = useApp();
  const [range] = useState(() => ({ gte: new Date(now() - 400 * DAY).toISOString(), lt: new Date(now() + DAY).toISOString() }));
  const { data } = useAsk(QUERY, { range, scope: viewer.merchant ? "SUBTREE" : null });
  const used = OFTEN.filter((code) => data?.[code].placedOrders > 0);
  const first = [...new Set([USUAL, ...used, value])];
  const others = Intl.supportedValuesOf("currency").filter((code) => !first.includes(code));
  const names = new Intl.DisplayNames(language, { type: "currency" });
  const group = (key, codes) => html`<optgroup label=${t(key)}>${codes.map(
    (code) => html`<option key=${code} value=${code} selected=${code === value}>${code} ${names.of(code)}</option>`)}</optgroup>`;
  return html`<${Field} name=${t("currency.name")}>${(given) => html`<select ...${given} class="currency" value=${value}
    onChange=${({ currentTarget: { value: code } }) => onChange(code === USUAL ? null : code)}>
    ${group("currency.inUse", first)}${group("currency.others", others)}</select>`}<//>`;
}
