// What stands behind an order that waits, read when somebody looks: where it goes and what it is to be changed to, and what was said.

import { useEffect, useRef } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Answer, useApp, useAsk, When } from "../ui.js";

const QUERY = `query ($id: ID!) { order(by: { id: $id }) { delivery { contact inputs { line inputs } }
  history(first: 100) { nodes { position kind reason recordedAt actor { role } data } } } }`;
const TELLING = [
  "hold-placed", "payment-failed", "payment-mismatched", "late-payment-received", "top-up-failed", "restock-requested", "refund-requested",
  "refund-rejected", "refund-failed", "dispute-opened", "note-added", "address-change-requested", "address-change-rejected",
];
const SHOWN = 5;

/** Texts about people are JSON in a string; sealed ones say so, erased ones are not there. */
function opened(value) {
  if (typeof value !== "string") return value ?? null;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
}

function pairs(value) {
  const found = opened(value);
  if (found === null) return [];
  return typeof found === "object" ? Object.entries(found) : [["", String(found)]];
}

/** `[{name, before, after}]` of what is there and what it is to become. */
function differences(before, after) {
  const [was, becomes] = [Object.fromEntries(pairs(before)), Object.fromEntries(pairs(after))];
  const names = [...new Set([...Object.keys(was), ...Object.keys(becomes)])].filter((name) => was[name] !== becomes[name]);
  return names.map((name) => ({ name, before: was[name], after: becomes[name] }));
}

function nameOf(t, name) {
  const key = `queue.contact.${name}`;
  return t(key) === key ? name : t(key);
}

function Pending({ order, change }) {
  const { t } = useApp();
  const { contact, inputs } = change.data;
  if (contact?.sealed !== undefined) return html`<p class="hint">${t("queue.sealed")}</p>`;
  const line = (number) => order.delivery?.inputs.find((one) => one.line === number)?.inputs;
  const rows = [
    ...(contact ? differences(order.delivery?.contact, contact) : []),
    ...(inputs ?? []).flatMap((one) => (one.inputs?.sealed === undefined ? differences(line(one.line), one.inputs) : [])),
  ];
  if (rows.length === 0) return html`<p class="hint">${t("queue.noDifference")}</p>`;
  return html`<dl class="pairs">${rows.map(({ name, before, after }) => html`<dt key=${name}>${nameOf(t, name)}</dt>
    <dd>${before !== undefined && html`<del>${String(before)}</del> → `}<ins>${after === undefined ? "–" : String(after)}</ins></dd>`)}</dl>`;
}

function said({ note, text, failure }) {
  const found = note ?? text ?? failure;
  return typeof found === "string" ? found : null;
}

/** As `useAsk` of one order, by `$id`, and anew for another revision of it. */
export function useOrder(query, { id, revision }) {
  const asked = useAsk(query, { id });
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) asked.again();
    isFirst.current = false;
  }, [revision]);
  return asked;
}

/** `isPending`: with what is to be changed; `isOpen`: with what happened. */
export function Story({ id, revision, isPending, isOpen }) {
  const { t } = useApp();
  const asked = useOrder(QUERY, { id, revision });
  return html`<${Answer} of=${asked}>${({ order }) => {
    const events = order?.history.nodes ?? [];
    const change = isPending && events.findLast(({ kind }) => kind === "address-change-requested");
    const telling = events.filter(({ kind }) => TELLING.includes(kind)).slice(-SHOWN);
    return html`<div class="story">${change && html`<${Pending} ...${{ order, change }} />`}
      ${isOpen && html`<ul>${telling.map((event) => html`<li key=${event.position}><span class="hint"><${When} at=${event.recordedAt} /> ${t(`Role.${event.actor.role}`)}</span>
        ${" "}${t(`event.${event.kind}`)}${event.reason && ` · ${t(`ReasonCode.${event.reason}`)}`}
        ${said(event.data) && html`<q>${said(event.data)}</q>`}</li>`)}</ul>`}</div>`;
  }}<//>`;
}
