// Every event of an order, the newest first, and the way back through time.

import { html } from "../html.js";
import { address, go } from "../router.js";
import { Chip, useApp, When } from "../ui.js";
import { actorName, fieldName, fieldValue, words } from "./history.js";

/** `shown`: the revision that the page shows, null for now. */
export function Timeline({ order, events, shown, last, isWhole }) {
  const { t } = useApp();
  const to = (revision) => go(address(`/orders/${order.id}`, { rev: revision >= last ? null : revision }), true);
  const at = shown ?? last;
  return html`<section class="sheet timeline" aria-label=${t("order.timeline")}>
    <div class="title"><h2>${t("order.timeline")}</h2><span class="hint">${t("order.events", { count: last })}</span></div>
    <div class="stepper" role="group" aria-label=${t("order.asOf")}>
      <button class="quiet" disabled=${at <= 1} onClick=${() => to(at - 1)}>${t("order.before")}</button>
      <input type="range" min="1" max=${last} value=${at} aria-label=${t("order.asOf")} aria-valuetext=${t("order.revision", { revision: at })}
        onChange=${(event) => to(Number(event.currentTarget.value))} />
      <button class="quiet" disabled=${at >= last} onClick=${() => to(at + 1)}>${t("order.after")}</button>
      ${shown !== null && html`<button class="quiet" onClick=${() => to(last)}>${t("order.now")}</button>`}
    </div>
    ${!isWhole && html`<p class="hint">${t("order.notWhole", { count: events.length })}</p>`}
    <ol>${events.toReversed().map((event) => html`<${Entry} key=${event.position} event=${event} isLater=${event.revision > at} isShown=${event.revision === at}
      onShow=${() => to(event.revision)} />`)}</ol>
  </section>`;
}

function Entry({ event, isLater, isShown, onShow }) {
  const app = useApp();
  const { t, people } = app;
  const { kind, actor, reason, origin, occurredAt, recordedAt, revision, changes, data } = event;
  const isLate = Date.parse(recordedAt) - Date.parse(occurredAt) > 60_000;
  return html`<li class="${isLater ? "later" : ""} ${isShown ? "shown" : ""}" aria-current=${isShown ? "step" : null}>
    <div class="what"><strong>${t(`event.${kind}`)}</strong> ${reason && html`<${Chip}>${t(`ReasonCode.${reason}`)}<//>`}
      <button class="plain" aria-label=${t("order.asOfRevision", { revision })} onClick=${onShow}>#${revision}</button></div>
    <div class="hint"><${When} at=${occurredAt} /> · <span title=${actor.id}>${actorName(t, actor, people)}</span>
      ${origin !== "LIVE" && ` · ${t(`Origin.${origin}`)}`}${isLate && html` · ${t("order.recorded")} <${When} at=${recordedAt} />`}</div>
    ${words(data).map((text, index) => html`<blockquote key=${index}>${text}</blockquote>`)}
    ${changes.length > 0 && html`<ul class="changes">${changes.map(({ field, before, after }) => html`<li key=${field}><span class="hint">${fieldName(t, field)}</span>
      ${before !== null && html`<del>${fieldValue(app, field, before)}</del> <span aria-hidden="true">→</span> `}<ins>${fieldValue(app, field, after)}</ins></li>`)}</ul>`}
    <details><summary class="hint">${t("order.data")}</summary><pre tabindex="0">${JSON.stringify(data, null, 2)}</pre></details>
  </li>`;
}
