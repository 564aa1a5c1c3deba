// What can be done to all orders that are chosen: as a job, which first tells what is to be expected.

import { useState } from "../vendor/hooks.js";
import { ReasonFields, reasonOf } from "../forms/reason.js";
import { html } from "../html.js";
import { JobView } from "../jobs/view.js";
import { WORKERS } from "../roles.js";
import { Check, Dialog, Field, FormDialog, useApp, useCommand } from "../ui.js";
import { ExportDialog } from "./export.js";

/** `money` without its currency is in that of the orders that are chosen. */
const ACTIONS = [
  { key: "deliver", mutation: "bulkDeliverCards", fields: [] },
  { key: "ship", mutation: "bulkConfirmShipment", fields: ["rows", "carrier", "trackingNumber"] },
  { key: "note", mutation: "bulkAddNote", fields: ["text"] },
  { key: "tag", mutation: "bulkAddTag", fields: ["tag"] },
  { key: "price", mutation: "bulkEditPrice", fields: ["sku", "unitPrice", "reason"] },
  { key: "approve", mutation: "bulkApproveRefunds", fields: ["note"] },
  { key: "settle", mutation: "bulkSettleRefunds", fields: ["provider"] },
  { key: "cancel", mutation: "bulkCancel", fields: ["reason"], isDangerous: true },
];

/** `only`: the keys of the actions that there are; else all, and the export. `told`: what is chosen, where that is more than orders. */
export function BulkBar({ chosen, isAll, where, scope, matching, only, told, onAll, onClear, onDone }) {
  const { t, viewer, format } = useApp();
  const [action, setAction] = useState(null);
  const count = isAll ? (matching ?? 0) : chosen.size;
  const orders = [...chosen.values()];
  const target = isAll ? { where: where ?? {}, scope } : { ids: orders.map(({ id }) => id) };
  const currency = orders[0]?.total.currency ?? "CNY";
  const close = () => {
    setAction(null);
    onDone();
  };
  // Of the merchants below there is nothing but to look.
  const isForeign = viewer.merchant && (isAll ? scope === "SUBTREE" : orders.some(({ merchant }) => merchant && merchant.id !== viewer.merchant));
  const mayAct = WORKERS.includes(viewer.role) && !isForeign;
  const actions = ACTIONS.filter(({ key }) => mayAct && (!only || only.includes(key)));
  return html`<div class="bulk ${count === 0 ? "idle" : ""}" role="group" aria-label=${t("bulk")}>
    <span class="chosen-count" aria-live="polite">${told ?? t("chosen", { count: format.number(count) })}</span>
    ${!isAll && chosen.size > 0 && matching > chosen.size && html`<button class="plain" onClick=${onAll}>${t("chooseAll", { count: format.number(matching) })}</button>`}
    ${count > 0 && html`<button class="plain" onClick=${onClear}>${t("chooseNone")}</button>`}
    <span class="buttons">${actions.map(({ key, fields }) => html`<button key=${key} class=${fields.includes("rows") ? "quiet last" : "quiet"} disabled=${count === 0 && !fields.includes("rows")}
      onClick=${() => setAction(key)}>${t(`bulk.${key}`)}</button>`)}
      ${!only && html`<button class="quiet last" onClick=${() => setAction("export")}>${t("bulk.export")}</button>`}</span>
    ${isForeign && html`<span class="hint">${t("bulk.onlyOwn")}</span>`}
    ${action === "export" && html`<${ExportDialog} onClose=${() => setAction(null)} scope=${scope} count=${count || matching}
      where=${count > 0 && !isAll ? { id: { oneOf: target.ids } } : where} />`}
    ${action && action !== "export" && html`<${BulkDialog} ...${{ target, count, currency, onClose: close }} action=${ACTIONS.find(({ key }) => key === action)} />`}
  </div>`;
}

/** First what is to be done, then how far it is. */
function BulkDialog({ action, target, count, currency, onClose }) {
  const { t, format } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [job, setJob] = useState(null);
  const [isStrict, setStrict] = useState(false);
  const title = t(`bulk.${action.key}`);
  const open = async (form) => {
    const input = inputOf(action, form, currency);
    const rows = input.rows;
    const payload = await carryOut(action.mutation, {
      ...(rows ? {} : target), ...input, errorPolicy: isStrict ? "REJECT_ALL" : "SKIP_REFUSED", previewOnly: true,
    }, "job { id }");
    if (payload) setJob(payload.job.id);
    return false;
  };
  if (job) return html`<${Dialog} title=${title} onClose=${onClose}><${JobView} id=${job} /><//>`;
  return html`<${FormDialog} ...${{ title, isBusy, onClose, isDangerous: action.isDangerous }} submit=${t("preview")} onSubmit=${open}>
    <p class="wide">${count > 0 ? t("bulk.about", { count: format.number(count) }) : t("bulk.byList")}</p>
    ${action.fields.map((name) => html`<${BulkField} key=${name} ...${{ name, currency, isRequired: count === 0 }} />`)}
    <div class="wide"><${Check} name=${t("bulk.strict")} isChecked=${isStrict} onChange=${setStrict} /></div>
  <//>`;
}

function BulkField({ name, currency, isRequired }) {
  const { t } = useApp();
  const label = t(`bulkField.${name}`);
  switch (name) {
    case "rows":
      return html`<${Field} name=${label} hint=${t("rowsHint")} isWide>${(given) => html`<textarea ...${given} name="rows" required=${isRequired} spellcheck=${false} placeholder="A-1001,SF,SF1234567890"></textarea>`}<//>`;
    case "text":
      return html`<${Field} name=${label} isWide>${(given) => html`<textarea ...${given} name="text" required maxlength="4000"></textarea>`}<//>`;
    case "reason":
      return html`<${ReasonFields} />`;
    case "unitPrice":
      return html`<${Field} name=${`${label} (${currency})`}>${(given) => html`<input ...${given} name="unitPrice" inputmode="decimal" required pattern="[0-9]+([.][0-9]+)?" />`}<//>`;
    default:
      return html`<${Field} name=${label}>${(given) => html`<input type="text" ...${given} name=${name} required=${["tag", "sku"].includes(name)} />`}<//>`;
  }
}

/** Headings of sheets, as `daybook ship` knows them. */
const HEADING = /^(订单号|订单编号|order( number)?|number)$/i;

/** A line of `number, carrier, tracking number`; a sheet's columns come with tabs. A heading is no order. */
function rowsOf(text) {
  const lines = text.split("\n").map((line) => line.trim()).filter(Boolean);
  const cells = lines.map((line) => line.split(/\s*[\t,，;；]\s*|\s+/));
  return cells.filter(([first]) => !HEADING.test(first)).map(([number, carrier, trackingNumber]) => {
    return { number, ...(carrier ? { carrier } : {}), ...(trackingNumber ? { trackingNumber } : {}) };
  });
}

function inputOf({ fields }, form, currency) {
  const input = {};
  for (const name of fields) {
    const value = form.get(name)?.trim();
    if (name === "reason") input.reason = reasonOf(form);
    else if (name === "rows" && value) input.rows = rowsOf(value);
    else if (name === "unitPrice") input.prices = [{ sku: form.get("sku").trim(), unitPrice: { amount: value, currency } }];
    else if (name !== "rows" && name !== "sku" && value) input[name] = value;
  }
  return input;
}
