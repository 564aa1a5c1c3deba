// A buyer's order: where it is, what can be done, and the goods themselves.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { ActionDialog } from "../order/action-bar.js";
import { parcels } from "../order/history.js";
import { BuyerPart, Goods, Refunds, Shipments } from "../order/parts.js";
import { Chip, Due, Title, useApp, When } from "../ui.js";
import { Steps } from "./steps.js";

/** What a buyer does, the likeliest first. Paying is a link. */
const ACTIONS = ["REVEAL_CARDS", "REQUEST_ADDRESS_CHANGE", "REQUEST_REFUND", "RATE", "OPEN_DISPUTE", "ADD_EVIDENCE"];

/** The merchant's page for paying, for this order. */
function payLink(order) {
  const { payUrl } = order.merchant;
  if (!payUrl || Number(order.due.amount) <= 0) return null;
  const values = { number: order.number, amount: order.due.amount, currency: order.due.currency };
  return payUrl.replace(/\{(number|amount|currency)\}/g, (_, name) => encodeURIComponent(values[name]));
}

export function BuyerOrder({ order, events, onDone }) {
  const { t } = useApp();
  const [name, setName] = useState(null);
  const refusals = new Map(order.actions.map((action) => [action.name, action.refusal]));
  const possible = ACTIONS.filter((one) => refusals.has(one) && !refusals.get(one));
  const payBy = order.clocks.find(({ kind }) => kind === "PAY")?.dueAt;
  const pay = payLink(order);
  const isUnpaid = order.axes.lifecycle === "PLACED" && Number(order.due.amount) > 0;
  return html`<${Title} beside=${html`<span class="hint">${order.merchant.name} · <${When} at=${order.placedAt} /></span>`}>${order.number}<//>
    <p class="labels"><${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//></p>
    <section class="sheet"><${Steps} order=${order} events=${events} />
      ${isUnpaid && html`<p>${payBy && html`<${Due} at=${payBy} label=${t("buyer.payBy")} />`}</p>
        ${pay ? html`<a class="button" href=${pay} rel="noreferrer">${t("buyer.pay")}</a>` : html`<p class="hint">${t("buyer.payThere")}</p>`}`}
      <div class="buttons">${possible.map((one) => html`<button key=${one} class=${one === "REVEAL_CARDS" ? null : "quiet"} onClick=${() => setName(one)}>${t(`buyerAction.${one}`)}</button>`)}</div>
    </section>
    <${Goods} order=${order} adjustments=${events[0]?.data?.adjustments} /><${Shipments} order=${order} parcels=${parcels(events)} /><${Refunds} order=${order} /><${BuyerPart} order=${order} />
    ${name && html`<${ActionDialog} key=${name} ...${{ name, order, onDone, onClose: () => setName(null) }} />`}`;
}
