// A page of orders as rows. Keys work while the list has the focus: arrows or J and K go from row to row, X chooses.

import { html } from "../html.js";
import { Link } from "../router.js";
import { Chip, Due, useApp, When } from "../ui.js";

/** What a row shows. */
export const ROW = `id number placedAt label axes { payment fulfilment } merchant { id name } buyer { account }
  total { amount currency } lines { id number sku title quantity } shipments { number status delivered } tags
  clocks { kind dueAt ticket missed } holds { hold } breaches { kind }`;

/** What waits for a person or for a clock, the most urgent alone. */
function Waits({ order }) {
  const { t } = useApp();
  const clock = order.clocks.find(({ kind }) => !["OBSERVE", "DELIVER", "REMIND"].includes(kind));
  return html`${clock && html`<div><${Due} at=${clock.dueAt} label=${t(`Clock.${clock.kind}`)} /></div>`}
    ${order.breaches.length > 0 && html`<${Chip} kind="bad">${t("missed")}<//>`}`;
}

function Fulfilment({ order }) {
  const { t } = useApp();
  const parcel = order.shipments.findLast(({ status }) => status);
  return html`<div>${t(`FulfilmentState.${order.axes.fulfilment}`)}</div>
    ${parcel && html`<div class="hint">${t(`TrackingStatus.${parcel.status}`)}</div>`}`;
}

function step(event, by) {
  const rows = [...event.currentTarget.querySelectorAll("tbody tr")];
  const at = rows.indexOf(event.target.closest("tr"));
  const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
  next?.querySelector("th a")?.focus();
  event.preventDefault();
}

export function List({ orders, isChosen, onChoose, onChooseAll, canChoose, isStale, withMerchant }) {
  const { t, format } = useApp();
  const allHere = orders.length > 0 && orders.every(isChosen);
  const keys = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.target.matches("select, input:not([type=checkbox])")) return;
    const key = event.key.toLowerCase();
    if (key === "arrowdown" || key === "j") step(event, 1);
    if (key === "arrowup" || key === "k") step(event, -1);
    const row = event.target.closest("tbody tr");
    const order = row && orders.find(({ id }) => id === row.dataset.id);
    if (key === "x" && canChoose && order) onChoose(order, !isChosen(order));
  };
  const row = (order) => html`<tr key=${order.id} data-id=${order.id} class=${isChosen(order) ? "chosen" : null}>
    ${canChoose && html`<td class="choose"><input type="checkbox" aria-label=${t("chooseOrder", { number: order.number })} checked=${isChosen(order)}
      onChange=${(event) => onChoose(order, event.currentTarget.checked)} /></td>`}
    <th scope="row"><${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//>
      <div class="hint"><${When} at=${order.placedAt} />${withMerchant && html` · ${order.merchant.name}`}</div></th>
    <td data-name=${t("goods")}>${order.lines.map((line) => html`<div key=${line.id}>${line.title} <span class="hint">× ${line.quantity}</span></div>`)}</td>
    <td data-name=${t("buyer")} class="buyer">${order.buyer.account ?? t("erased")}</td>
    <td data-name=${t("amount")} class="number">${format.money(order.total)}</td>
    <td data-name=${t("payment")}>${t(`PaymentState.${order.axes.payment}`)}</td>
    <td data-name=${t("fulfilment")}><${Fulfilment} order=${order} /></td>
    <td data-name=${t("status")}><${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//>
      ${order.holds.map(({ hold }) => html` <${Chip} key=${hold} kind="bad">${t(`Hold.${hold}`)}<//>`)}
      ${order.tags.map((tag) => html` <${Chip} key=${tag}>${tag}<//>`)}</td>
    <td data-name=${t("due")}><${Waits} order=${order} /></td>
  </tr>`;
  return html`<div class="scroll" role="region" aria-label=${t("page.orders")} tabindex="0" aria-busy=${isStale ? "true" : null} onKeyDown=${keys}><table class="rows orders">
    <caption class="unseen">${t("listKeys")}</caption>
    <thead><tr>
      ${canChoose && html`<th scope="col" class="choose"><input type="checkbox" aria-label=${t("choosePage")} checked=${allHere}
        onChange=${(event) => onChooseAll(event.currentTarget.checked)} /></th>`}
      ${["number", "goods", "buyer", "amount", "payment", "fulfilment", "status", "due"].map(
        (name) => html`<th key=${name} scope="col" class=${name === "amount" ? "number" : null}>${t(name)}</th>`)}
    </tr></thead>
    <tbody>${orders.map(row)}</tbody>
  </table></div>`;
}
