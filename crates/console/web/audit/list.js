// What was done, by whom, to what: a row each, which opens to what it changed.

import { Fragment } from "../vendor/preact.js";
import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { fieldName, fieldValue, words } from "../order/history.js";
import { address, Link } from "../router.js";
import { Chip, useApp, When } from "../ui.js";

const JOBBERS = ["PLATFORM", "OWNER"];

function Who({ actor, origin, actors, onActor }) {
  const { t } = useApp();
  const isPolicy = actor.name !== null;
  const name = actors.nameOf(actor.name ?? actor.id) ?? (isPolicy ? actor.name : `…${actor.id.slice(-8)}`);
  return html`<div>${t(`Role.${actor.role}`)} ${origin === "IMPORT" && html`<${Chip}>${t("Origin.IMPORT")}<//>`}</div>
    <button class="plain" title=${isPolicy ? actor.name : actor.id} onClick=${() => onActor(actor.name ?? actor.id)}>${name}<span class="unseen"> ${t("audit.onlyActor")}</span></button>`;
}

function What({ subject, name, event, merchant }) {
  const { t, viewer } = useApp();
  const shown = name ?? event.stream;
  const to = {
    ORDER: `/orders/${event.stream}`, SKU: address("/stock", { find: name, merchant: viewer.merchant ? null : merchant }),
    JOB: JOBBERS.includes(viewer.role) ? `/jobs/${event.stream}` : null,
  }[subject];
  return html`<div class="hint">${t(`AuditSubject.${subject}`)}${!viewer.merchant && merchant && subject !== "MERCHANT" && ` · ${merchant}`}</div>
    ${to ? html`<${Link} to=${to}>${shown}<//>` : shown}`;
}

function More({ event }) {
  const app = useApp();
  const { t } = app;
  const ids = [["audit.occurred", html`<${When} at=${event.occurredAt} />`], ["audit.actorId", event.actor.id], ["audit.position", event.position],
    ["audit.stream", `${event.stream} · ${event.revision}`], ["audit.command", event.commandId], ...(event.correlation ? [["audit.correlation", event.correlation]] : [])];
  return html`<div class="audit-more"><div>
      ${event.changes.length > 0 && html`<dl class="pairs changes">${event.changes.map(({ field, before, after }) => html`<dt key=${field}>${fieldName(t, field)}</dt>
        <dd>${before !== null && html`<del>${fieldValue(app, field, before)}</del> → `}<ins>${fieldValue(app, field, after)}</ins></dd>`)}</dl>`}
      <dl class="pairs ids">${ids.map(([key, value]) => html`<dt key=${key}>${t(key)}</dt><dd>${value}</dd>`)}</dl></div>
    <div><h3>${t("audit.data")}</h3><pre tabindex="0" aria-label=${t("audit.data")}>${JSON.stringify(event.data, null, 2)}</pre></div></div>`;
}

export function Entries({ nodes, actors, onActor }) {
  const { t, format } = useApp();
  const [open, setOpen] = useState(null);
  const names = ["when", "who", "what", "subject", "reason"];
  const row = (entry) => {
    const { event } = entry;
    const isOpen = open === event.position;
    return html`<${Fragment} key=${event.position}><tr>
      <th scope="row"><time datetime=${event.recordedAt}>${format.exact(event.recordedAt)}</time></th>
      <td data-name=${t("audit.who")}><${Who} actor=${event.actor} origin=${event.origin} ...${{ actors, onActor }} /></td>
      <td data-name=${t("audit.what")}>${t(`event.${event.kind}`)}</td>
      <td data-name=${t("audit.subject")}><${What} ...${entry} /></td>
      <td data-name=${t("audit.reason")}>${event.reason && t(`ReasonCode.${event.reason}`)}${words(event.data).map((text) => html`<q key=${text}>${text}</q>`)}</td>
      <td><button class="small quiet" aria-expanded=${isOpen} onClick=${() => setOpen(isOpen ? null : event.position)}>${t("audit.more")}<span class="unseen"> ${event.position}</span></button></td>
    </tr>${isOpen && html`<tr class="more"><td colspan="6"><${More} event=${event} /></td></tr>`}<//>`;
  };
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${t("page.audit")}><table class="rows audit">
    <caption class="unseen">${t("page.audit")}</caption>
    <thead><tr>${names.map((name) => html`<th key=${name} scope="col">${t(`audit.${name}`)}</th>`)}<th scope="col"><span class="unseen">${t("audit.more")}</span></th></tr></thead>
    <tbody>${nodes.map(row)}</tbody></table></div>`;
}
