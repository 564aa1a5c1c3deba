// What a person does to an order that waits: each is a form in a dialog, and then a command.

import { ReasonFields, reasonOf } from "../forms/reason.js";
import { html } from "../html.js";
import { addTexts } from "../text.js";
import { QUEUES } from "../texts/queues.js";
import { Field, FormDialog, useApp, useCommand } from "../ui.js";

addTexts(QUEUES);

const RELEASE = ["OTHER", "NEGOTIATED", "BUYER_REQUEST", "MERCHANT_REQUEST", "GOODWILL"];
const CANCEL = ["BUYER_REQUEST", "OUT_OF_STOCK", "MERCHANT_REQUEST", "PRICE_ERROR", "DUPLICATE", "FRAUD", "OTHER"];
const REFUND = ["BUYER_REQUEST", "OUT_OF_STOCK", "WRONG_ITEM", "DAMAGED", "NOT_AS_DESCRIBED", "NOT_RECEIVED", "DUPLICATE", "OVERPAID", "GOODWILL", "OTHER"];
const REJECT = ["NOT_REFUNDABLE", "NEGOTIATED", "MERCHANT_REQUEST", "FRAUD", "OTHER"];
const REJECT_CHANGE = ["MERCHANT_REQUEST", "FRAUD", "WRONG_ACCOUNT", "OTHER"];
const RESOLVE = ["NOT_AS_DESCRIBED", "NOT_RECEIVED", "DAMAGED", "WRONG_ITEM", "NOT_REFUNDABLE", "GOODWILL", "FRAUD", "OTHER"];

/** `fields` are those of the form; `codes` the reasons that it offers, the likeliest first. With `isOfRevision` it is refused where the
 * order is another one than was seen. */
const ACTIONS = {
  release: { mutation: "releaseHold", fields: ["reason"], codes: RELEASE },
  cancel: { mutation: "cancelOrder", fields: ["reason"], codes: CANCEL, isDangerous: true },
  refund: { mutation: "requestRefund", fields: ["amount", "reason"], codes: REFUND },
  approve: { mutation: "approveRefund", fields: ["note"] },
  reject: { mutation: "rejectRefund", fields: ["reason"], codes: REJECT, isDangerous: true },
  settle: { mutation: "settleRefund", fields: ["provider", "tradeNumber"] },
  fail: { mutation: "failRefund", fields: ["failure", "note"], isDangerous: true },
  approveChange: { mutation: "approveAddressChange", fields: ["note"], isOfRevision: true },
  rejectChange: { mutation: "rejectAddressChange", fields: ["reason"], codes: REJECT_CHANGE, isDangerous: true },
  evidence: { mutation: "addEvidence", fields: ["text"] },
  resolve: { mutation: "resolveDispute", fields: ["outcome", "amount", "reason"], codes: RESOLVE },
};

const WORKERS = ["PLATFORM", "OWNER", "CLERK"];
const HELPERS = [...WORKERS, "SUPPORT"];

/** As docs/access.md says. */
export function mayDo(viewer, action) {
  if (action === "resolve") return viewer.role === "PLATFORM";
  return (["refund", "evidence"].includes(action) ? HELPERS : WORKERS).includes(viewer.role);
}

/** `what`: `{action, order, hold, ticket, likely}`; `likely` is the reason that stands first. `onChange` is called once it is carried out
 * or refused. */
export function ActionDialog({ what, about, onClose, onChange }) {
  const { t, say } = useApp();
  const [isBusy, carryOut] = useCommand();
  const { action, order, hold, ticket, likely } = what;
  const { mutation, fields, codes, isDangerous, isOfRevision } = ACTIONS[action];
  const send = async (form) => {
    const payload = await carryOut(mutation, {
      order: { id: order.id }, ...(isOfRevision ? { expectedRevision: order.revision } : {}), ...(hold ? { hold } : {}), ...(ticket ? { ticket: ticket.number } : {}), ...inputOf(fields, form, order),
    });
    if (!payload) {
      // It may have become another one meanwhile.
      onChange();
      return false;
    }
    say(t(`queue.done.${action}`, { number: order.number }));
    onChange();
    return true;
  };
  return html`<${FormDialog} title=${`${t(`queue.${action}`)} · ${order.number}`} submit=${t(`queue.${action}`)} ...${{ isDangerous, isBusy, onClose }} onSubmit=${send}>
    <div class="wide">${about}<p class="hint">${t(`queue.about.${action}`)}</p></div>
    ${fields.map((name) => html`<${ActionField} key=${name} ...${{ name, order }} codes=${codes && likely ? [likely, ...codes.filter((code) => code !== likely)] : codes} />`)}
  <//>`;
}

function ActionField({ name, codes, order }) {
  const { t } = useApp();
  const label = t(`queue.field.${name}`);
  switch (name) {
    case "reason":
      return html`<${ReasonFields} codes=${codes} />`;
    case "note":
    case "text":
      return html`<${Field} name=${label} isWide>${(given) => html`<textarea ...${given} name=${name} maxlength="4000" required=${name === "text"}></textarea>`}<//>`;
    case "amount":
      return html`<${Field} name=${`${label} (${order.total.currency})`} hint=${t("queue.allOfIt")}>${(given) => html`<input type="text" ...${given} name="amount"
        inputmode="decimal" pattern="[0-9]+([.][0-9]+)?" autocomplete="off" />`}<//>`;
    case "outcome":
      return html`<${Field} name=${label}>${(given) => html`<select ...${given} name="outcome">
        ${["BUYER", "MERCHANT"].map((one) => html`<option key=${one} value=${one}>${t(`DisputeOutcome.${one}`)}</option>`)}</select>`}<//>`;
    default:
      return html`<${Field} name=${label}>${(given) => html`<input type="text" ...${given} name=${name} autocomplete="off" required=${name === "failure"} />`}<//>`;
  }
}

function inputOf(fields, form, order) {
  const input = {};
  for (const name of fields) {
    const value = form.get(name)?.trim();
    if (name === "reason") input.reason = reasonOf(form);
    else if (name === "amount" && value) input[fields.includes("outcome") ? "refund" : "amount"] = { amount: value, currency: order.total.currency };
    else if (name !== "amount" && value) input[name] = value;
  }
  // What goes back goes to the buyer.
  if (input.outcome === "MERCHANT") delete input.refund;
  return input;
}
