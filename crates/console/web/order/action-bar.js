// What can be done to an order now, and why the rest cannot.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Dialog, FormDialog, useApp, useCommand, When } from "../ui.js";
import { ACTIONS, inputOf } from "./actions.js";
import { ActionField } from "./field.js";

export function ActionBar({ order, onDone }) {
  const { t, language, viewer } = useApp();
  const [name, setName] = useState(null);
  const known = order.actions.filter((action) => ACTIONS[action.name]);
  const possible = known.filter(({ refusal }) => !refusal);
  const refused = known.filter(({ refusal }) => refusal);
  const isLess = (one) => ACTIONS[one].isDangerous || (one === "RECORD_PAYMENT" && Number(order.due.amount) <= 0) || (one === "RATE" && viewer.role !== "BUYER");
  const rank = ({ name: one }) => (ACTIONS[one].isMain ? 0 : isLess(one) ? 2 : 1);
  possible.sort((one, other) => rank(one) - rank(other));
  const why = ({ code, message }) => (language === "en" ? message : t(`ErrorCode.${code}`));
  const style = (one) => (ACTIONS[one].isMain ? null : "quiet");
  return html`<section class="sheet actions" aria-label=${t("order.actions")}>
    <div class="buttons">${possible.map(({ name: one }) => html`<button key=${one} class=${style(one)} onClick=${() => setName(one)}>${t(`OrderActionName.${one}`)}</button>`)}
      ${known.length === 0 && html`<p class="hint">${t("order.noActions")}</p>`}</div>
    ${refused.length > 0 && html`<details class="refused"><summary>${t("order.refusedActions", { count: refused.length })}</summary>
      <dl class="pairs">${refused.map(({ name: one, refusal }) => html`<dt key=${one}>${t(`OrderActionName.${one}`)}</dt><dd>${why(refusal)}</dd>`)}</dl></details>`}
    ${name && html`<${ActionDialog} key=${name} ...${{ name, order, onDone, onClose: () => setName(null) }} />`}
  </section>`;
}

/** `about`: of which of several orders, where they stand side by side; `ticket`, `hold`: the one that was pointed at; `likely`: the reason
 * that stands first. */
export function ActionDialog({ name, order, about, ticket, hold, likely, onDone, onRefused, onClose }) {
  const { t, say, viewer } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [shown, setShown] = useState(null);
  const { mutation, fields, states, shows, isDangerous } = ACTIONS[name];
  const action = t(`OrderActionName.${name}`);
  const title = about ? `${action} · ${order.number}` : action;
  // What was pointed at is not asked for.
  const asked = fields.filter((field) => !(ticket && field === "ticket") && !(hold && field === "heldHold"));
  const send = async (form) => {
    const payload = await carryOut(mutation, inputOf(name, order, form, { isMasked: viewer.role === "SUPPORT", ticket, hold }), shows);
    if (!payload) {
      onRefused?.();
      return false;
    }
    onDone();
    if (shows) {
      setShown(payload);
      return false;
    }
    say(about ? t("order.doneTo", { number: order.number, action }) : t("order.done", { action }));
    return true;
  };
  if (shown) return html`<${Dialog} ...${{ title, onClose }}><${Shown} ...${{ shown, order }} /><//>`;
  return html`<${FormDialog} ...${{ title, isBusy, isDangerous, onClose }} submit=${action} onSubmit=${send}>
    ${about && html`<div class="wide">${about}</div>`}
    ${t(`about.${name}`) !== `about.${name}` && html`<p class="wide">${t(`about.${name}`)}</p>`}
    ${asked.map((field) => html`<${ActionField} key=${field} ...${{ name: field, order, states, likely }} />`)}
  <//>`;
}

/** What was unsealed for this once. */
function Shown({ shown, order }) {
  const { t } = useApp();
  if (shown.cards) {
    return html`<ol class="secrets">${shown.cards.map(({ line, sku, secret }, index) => html`<li key=${index}>
      <code>${secret ?? t("erased")}</code> <span class="hint">${order.lines.find(({ number }) => number === line)?.title ?? sku}</span></li>`)}</ol>`;
  }
  if (shown.evidence) {
    if (shown.evidence.length === 0) return html`<p class="empty">${t("order.noEvidence")}</p>`;
    return html`<ol class="evidence">${shown.evidence.map(({ dispute, text, addedAt, actor }, index) => html`<li key=${index}>
      <div class="hint">${t(`Role.${actor.role}`)} · <${When} at=${addedAt} /> · ${t("order.dispute", { number: dispute })}</div>
      <blockquote>${text ?? t("erased")}</blockquote></li>`)}</ol>`;
  }
  const { account, delivery } = shown;
  return html`<dl class="pairs"><dt>${t("buyer")}</dt><dd>${account ?? t("erased")}</dd><${Delivery} delivery=${delivery} lines=${order.lines} /></dl>`;
}

/** Pairs of where it goes. */
export function Delivery({ delivery, lines }) {
  const { t } = useApp();
  const named = (key) => (t(`contact.${key}`) === `contact.${key}` ? key : t(`contact.${key}`));
  const pairs = Object.entries(delivery?.contact ?? {});
  const inputs = (delivery?.inputs ?? []).flatMap(({ line, inputs: given }) => Object.entries(given ?? {}).map(([key, value]) => [`${lines.find(({ number }) => number === line)?.title ?? line} · ${named(key)}`, value]));
  return [...pairs.map(([key, value]) => [named(key), value]), ...inputs].map(([key, value]) => html`<dt key=${key}>${key}</dt>
    <dd>${typeof value === "string" ? value : JSON.stringify(value)}</dd>`);
}
