// The fields of the forms for one order.

import { ReasonFields } from "../forms/reason.js";
import { html } from "../html.js";
import { Field, useApp } from "../ui.js";
import { CONTACT, inputNames } from "./actions.js";

const HOLDS = ["STOCK", "ADDRESS", "PAYMENT", "RISK"];
const TRACKING = ["COLLECTED", "IN_TRANSIT", "OUT_FOR_DELIVERY", "DELIVERED"];
const MONEY = "[0-9]+([.][0-9]+)?";

/** `states`: of a ticket, for it to be one of the choices; `likely`: the reason that stands first. */
export function ActionField({ name, order, states, likely }) {
  const { t, format, viewer } = useApp();
  // Support sees stars: they are nothing to start from.
  const isMasked = viewer.role === "SUPPORT";
  const { currency } = order.total;
  const label = t(`orderField.${name}`);
  const input = (key, rest = {}) => html`<${Field} name=${label}>${(given) => html`<input type="text" ...${given} name=${key} ...${rest} />`}<//>`;
  const money = (rest) => html`<${Field} name=${`${label} (${currency})`}>${(given) => html`<input ...${given} name="amount" inputmode="decimal" pattern=${MONEY} ...${rest} />`}<//>`;
  const select = (key, options) => html`<${Field} name=${label}>${(given) => html`<select ...${given} name=${key}>
    ${options.map(([value, text]) => html`<option key=${value} value=${value}>${text}</option>`)}</select>`}<//>`;
  const area = (key, rest = {}) => html`<${Field} name=${label} isWide>${(given) => html`<textarea ...${given} name=${key} maxlength="4000" ...${rest}></textarea>`}<//>`;
  switch (name) {
    case "reason":
      return html`<${ReasonFields} likely=${likely} />`;
    case "refusalReason":
      return html`<${ReasonFields} about="refusal" />`;
    case "changeReason":
      return html`<${ReasonFields} about="change" />`;
    case "verdictReason":
      return html`<${ReasonFields} about="verdict" />`;
    case "goodsReason":
      return html`<${ReasonFields} about="goods" likely=${likely} />`;
    case "reasonIfAny":
      return html`<${ReasonFields} isOptional />`;
    case "ticket":
      return select("ticket", order.refunds.filter(({ state }) => states.includes(state))
        .map(({ number, amount }) => [number, `${number} · ${format.money(amount)}`]));
    case "shipment":
      return select("shipment", order.shipments.filter(({ delivered }) => !delivered).map(({ number }) => [number, number]));
    case "topUpLine":
      return select("line", order.lines.filter(({ kind, quantity, shipped, cancelled }) => kind === "TOP_UP" && shipped + cancelled < quantity)
        .map(({ number, title }) => [number, `${number} · ${title}`]));
    case "trackingStatus":
      return select("trackingStatus", TRACKING.map((status) => [status, t(`TrackingStatus.${status}`)]));
    case "hold":
      return select("hold", HOLDS.map((hold) => [hold, t(`Hold.${hold}`)]));
    case "heldHold":
      return select("hold", order.axes.holds.map((hold) => [hold, t(`Hold.${hold}`)]));
    case "outcome":
      return select("outcome", ["BUYER", "MERCHANT"].map((one) => [one, t(`DisputeOutcome.${one}`)]));
    case "score":
      return select("score", [5, 4, 3, 2, 1].map((score) => [score, "★".repeat(score)]));
    case "wrongAccount":
      return html`<label class="check wide"><input type="checkbox" name="wrongAccount" /> ${label}</label>`;
    case "prices":
      return order.lines.map(({ number, title, quantity, unitPrice }) => html`<${Field} key=${number} name=${`${title} × ${quantity} (${currency})`}>${(given) => html`<input ...${given}
        name=${`price-${number}`} inputmode="decimal" required pattern=${MONEY} defaultValue=${unitPrice.amount} />`}<//>`);
    case "refundAmount":
      return money({ placeholder: t("orderField.allOfIt") });
    case "paidAmount":
      return money({ defaultValue: order.due.amount, required: true });
    case "outcomeRefund":
      return money({});
    case "contact":
      return order.lines.some(({ kind }) => kind === "PHYSICAL") && CONTACT.map((key) => html`<${Field} key=${key} name=${t(`contact.${key}`)} isWide=${key === "address"}>${(given) => html`<input ...${given}
        type=${key === "tel" ? "tel" : "text"} name=${`contact-${key}`} defaultValue=${isMasked ? "" : order.delivery?.contact?.[key]} />`}<//>`);
    case "inputs":
      return order.lines.filter(({ kind }) => kind === "TOP_UP").map((line) => inputNames(order, line).map((key) => html`<${Field} key=${`${line.number}${key}`}
        name=${`${line.title} · ${key}`}>${(given) => html`<input type="text" ...${given} name=${`input-${line.number}-${key}`}
        defaultValue=${isMasked ? "" : order.delivery?.inputs.find((one) => one.line === line.number)?.inputs?.[key]} />`}<//>`));
    case "text":
      return area("text", { required: true });
    case "note":
    case "comment":
      return area(name);
    case "paymentProvider":
      return input("provider", { required: true });
    case "paidTradeNumber":
      return input("tradeNumber", { required: true });
    default:
      return input(name, { required: ["tag", "failure"].includes(name) });
  }
}
