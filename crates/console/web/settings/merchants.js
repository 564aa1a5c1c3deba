// The merchants below, as a tree; the platform registers, moves and closes them.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { inOrder, MoreMerchants, useMerchants } from "../merchants.js";
import { address, Link } from "../router.js";
import { Chip, Failed, Field, FormDialog, Loading, useApp, useCommand } from "../ui.js";

export function Merchants() {
  const { t, viewer } = useApp();
  const found = useMerchants();
  const [form, setForm] = useState(null);
  const mayEdit = viewer.role === "PLATFORM";
  const one = (merchant) => html`<li key=${merchant.id} class="branch depth-${Math.min(merchant.depth, 8)}">
    <span><strong>${merchant.name}</strong> <code>${merchant.id}</code> ${merchant.isClosed && html`<${Chip} kind="bad">${t("settings.closed")}<//>`}</span>
    <span class="buttons"><${Link} to=${address("/", { merchant: merchant.id, scope: "SUBTREE" })}>${t("page.orders")}<//>
      ${mayEdit && html`<button class="quiet" aria-label=${`${t("settings.move")} ${merchant.id}`} onClick=${() => setForm({ kind: "move", merchant })}>${t("settings.move")}</button>
        <button class="quiet" aria-label=${`${t(merchant.isClosed ? "settings.reopen" : "settings.closeMerchant")} ${merchant.id}`} onClick=${() => setForm({ kind: merchant.isClosed ? "reopen" : "close", merchant })}>
          ${t(merchant.isClosed ? "settings.reopen" : "settings.closeMerchant")}</button>`}</span></li>`;
  return html`<div class="title"><p class="hint">${t("settings.merchantsAbout")}</p>
      ${mayEdit && html`<button onClick=${() => setForm({ kind: "register" })}>${t("settings.register")}</button>`}</div>
    <${Failed} why=${found.why} again=${found.again} />
    ${found.merchants ? html`<ul class="sheet tree">${inOrder(found.merchants).map(one)}</ul>` : !found.why && html`<${Loading} />`}
    <${MoreMerchants} of=${found} />
    ${form && html`<${MerchantForm} ...${form} onDone=${found.again} onClose=${() => setForm(null)} />`}`;
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
