// The merchants below, as a tree; the platform registers, moves and closes them.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { address, Link } from "../router.js";
import { Answer, Chip, Field, FormDialog, useApp, useAsk, useCommand } from "../ui.js";

const QUERY = `query ($after: String) { merchants(first: 250, after: $after) {
  nodes { id name closed childrenCount parent { id } } pageInfo { hasNextPage endCursor } } }`;

/** The merchants in the order of their tree, each with its depth. Whose parent is not among them stands at the top. */
export function treeOf(merchants) {
  const known = new Set(merchants.map(({ id }) => id));
  const below = new Map();
  for (const one of merchants) {
    const parent = known.has(one.parent?.id) ? one.parent.id : null;
    below.set(parent, [...(below.get(parent) ?? []), one]);
  }
  const walk = (parent, depth) => (below.get(parent) ?? []).flatMap((one) => [{ ...one, depth }, ...walk(one.id, depth + 1)]);
  return walk(null, 0);
}

export function Merchants() {
  const { t, viewer } = useApp();
  const [after, setAfter] = useState(null);
  const asked = useAsk(QUERY, { after });
  const [form, setForm] = useState(null);
  const mayEdit = viewer.role === "PLATFORM";
  const one = (merchant) => html`<li key=${merchant.id} class="branch depth-${Math.min(merchant.depth, 8)}">
    <span><strong>${merchant.name}</strong> <code>${merchant.id}</code> ${merchant.closed && html`<${Chip} kind="bad">${t("settings.closed")}<//>`}</span>
    <span class="buttons"><${Link} to=${address("/", { merchant: merchant.id, scope: "SUBTREE" })}>${t("page.orders")}<//>
      ${mayEdit && html`<button class="quiet" aria-label=${`${t("settings.move")} ${merchant.id}`} onClick=${() => setForm({ kind: "move", merchant })}>${t("settings.move")}</button>
        <button class="quiet" aria-label=${`${t(merchant.closed ? "settings.reopen" : "settings.closeMerchant")} ${merchant.id}`} onClick=${() => setForm({ kind: merchant.closed ? "reopen" : "close", merchant })}>
          ${t(merchant.closed ? "settings.reopen" : "settings.closeMerchant")}</button>`}</span></li>`;
  return html`<div class="title"><p class="hint">${t("settings.merchantsAbout")}</p>
      ${mayEdit && html`<button onClick=${() => setForm({ kind: "register" })}>${t("settings.register")}</button>`}</div>
    <${Answer} of=${asked}>${({ merchants }) => html`<ul class="sheet tree">${treeOf(merchants.nodes).map(one)}</ul>
      ${merchants.pageInfo.hasNextPage && html`<button class="quiet" onClick=${() => setAfter(merchants.pageInfo.endCursor)}>${t("next")}</button>`}`}<//>
    ${form && html`<${MerchantForm} ...${form} onDone=${asked.again} onClose=${() => setForm(null)} />`}`;
}

const MUTATIONS = { register: "registerMerchant", move: "moveMerchant", close: "closeMerchant", reopen: "reopenMerchant" };

function MerchantForm({ kind, merchant, onDone, onClose }) {
  const { t } = useApp();
  const [isBusy, carryOut] = useCommand();
  const text = (form, name) => form.get(name)?.trim() || undefined;
  const inputs = {
    register: (form) => ({ id: text(form, "id"), name: text(form, "name"), parent: text(form, "parent") }),
    move: (form) => ({ merchant: merchant.id, parent: text(form, "parent") }),
    close: () => ({ merchant: merchant.id }),
    reopen: () => ({ merchant: merchant.id }),
  };
  const send = async (form) => {
    const payload = await carryOut(MUTATIONS[kind], inputs[kind](form));
    if (payload) onDone();
    return payload !== null;
  };
  const title = { register: t("settings.register"), move: t("settings.move"), close: t("settings.closeMerchant"), reopen: t("settings.reopen") }[kind];
  const fields = { register: [["id", true], ["name", true], ["parent", false]], move: [["parent", true]], close: [], reopen: [] }[kind];
  return html`<${FormDialog} ...${{ title, isBusy, onClose }} submit=${title} isDangerous=${kind === "close"} onSubmit=${send}>
    ${merchant && html`<p class="wide"><strong>${merchant.name}</strong> <code>${merchant.id}</code></p>`}
    ${fields.map(([name, required]) => html`<${Field} key=${name} name=${t(`merchantField.${name}`)}>${(given) => html`<input type="text" ...${given} name=${name} required=${required} />`}<//>`)}
  <//>`;
}
