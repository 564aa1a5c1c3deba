// The parts of an order's page: goods, money, buyer, parcels, refunds.

import { html } from "../html.js";
import { ofMinor } from "../money.js";
import { Chip, Due, Table, useApp, When } from "../ui.js";
import { Delivery } from "./action-bar.js";
import { actorName } from "./history.js";

/** `adjustments`: as they stood at placing. */
export function Goods({ order, adjustments = [] }) {
  const { t, format } = useApp();
  const columns = [{ key: "goods", name: t("goods") }, { key: "kind", name: t("order.kind") }, { key: "quantity", name: t("order.quantity"), isNumber: true },
    { key: "price", name: t("order.unitPrice"), isNumber: true }, { key: "shipped", name: t("order.shipped"), isNumber: true }];
  const rows = order.lines.map((line) => ({ key: line.id, cells: [
    html`${line.title}<div class="hint">${line.sku}</div>`, t(`SkuKind.${line.kind}`), format.number(line.quantity), format.money(line.unitPrice),
    line.cancelled > 0 ? `${line.shipped} (${t("order.cancelledUnits", { count: line.cancelled })})` : format.number(line.shipped)] }));
  return html`<section class="sheet"><h2>${t("goods")}</h2><${Table} caption=${t("goods")} ...${{ columns, rows }} />
    <dl class="pairs sums">${adjustments.map(({ kind, label, amount }, index) => html`<dt key=${index}>${t(`AdjustmentKind.${kind}`)} ${label}</dt><dd class="number">${format.money(amount)}</dd>`)}
      <dt>${t("order.total")}</dt><dd class="number"><strong>${format.money(order.total)}</strong></dd>
      <dt>${t("order.captured")}</dt><dd class="number">${format.money(order.captured)}</dd>
      ${Number(order.due.amount) > 0 && html`<dt>${t("order.due")}</dt><dd class="number">${format.money(order.due)}</dd>`}
      ${Number(order.refunded.amount) > 0 && html`<dt>${t("order.refunded")}</dt><dd class="number">${format.money(order.refunded)}</dd>`}</dl></section>`;
}

export function State({ order, asOf }) {
  const { t } = useApp();
  const { axes } = order;
  const pairs = [["lifecycle", `Lifecycle.${axes.lifecycle}`], ["payment", `PaymentState.${axes.payment}`],
    ["fulfilment", `FulfilmentState.${axes.fulfilment}`], ["afterSales", `AfterSalesState.${axes.afterSales}`]];
  return html`<section class="sheet"><h2>${t("status")}</h2><dl class="pairs">
    ${pairs.map(([name, key]) => html`<dt key=${name}>${t(`axis.${name}`)}</dt><dd>${t(key)}</dd>`)}
    ${order.holds.length > 0 && html`<dt>${t("axis.holds")}</dt><dd>${order.holds.map(({ hold, since }) => html`<${Chip} key=${hold} kind="bad">${t(`Hold.${hold}`)}<//> <span class="hint"><${When} at=${since} /></span> `)}</dd>`}
    ${order.disputedSince && html`<dt>${t("order.disputed")}</dt><dd><${When} at=${order.disputedSince} /></dd>`}
    ${order.clocks.length > 0 && html`<dt>${t("due")}</dt><dd>${order.clocks.map(({ kind, dueAt, ticket }) => html`<div key=${`${kind}${ticket}`}><${Due} at=${dueAt} asOf=${asOf} label=${t(`Clock.${kind}`)} /></div>`)}</dd>`}
    ${order.breaches.length > 0 && html`<dt>${t("missed")}</dt><dd>${order.breaches.map(({ kind, ticket }) => html`<${Chip} key=${`${kind}${ticket}`} kind="bad">${t(`Clock.${kind}`)}<//> `)}</dd>`}
    ${order.tags.length > 0 && html`<dt>${t("order.tags")}</dt><dd>${order.tags.map((tag) => html`<${Chip} key=${tag}>${tag}<//> `)}</dd>`}
  </dl></section>`;
}

export function BuyerPart({ order }) {
  const { t } = useApp();
  const { pendingAddressChange: pending } = order;
  return html`<section class="sheet"><h2>${t("buyer")}</h2><dl class="pairs">
    <dt>${t("order.account")}</dt><dd>${order.buyer.account ?? t("erased")}</dd>
    <${Delivery} delivery=${order.delivery} lines=${order.lines} /></dl>
    ${pending && html`<p><${Chip} kind="warn">${t("order.pendingChange")}<//></p>`}</section>`;
}

function provider(t, name) {
  return t(`provider.${name}`) === `provider.${name}` ? name : t(`provider.${name}`);
}

/** What the shop's people noted, the newest first. */
export function Notes({ events }) {
  const { t, people } = useApp();
  const notes = events.filter(({ kind, data }) => kind === "note-added" && data?.text);
  if (notes.length === 0) return null;
  return html`<section class="sheet"><h2>${t("order.notes")}</h2><ul class="stack">${notes.toReversed().map(({ position, data, actor, occurredAt }) => html`<li key=${position}>
    <blockquote>${data.text}</blockquote><span class="hint">${actorName(t, actor, people)} · <${When} at=${occurredAt} /></span></li>`)}</ul></section>`;
}

export function Payments({ payments, order }) {
  const { t, format } = useApp();
  if (payments.length === 0) return null;
  const { currency } = order.total;
  return html`<section class="sheet"><h2>${t("payment")}</h2><ul class="stack">${payments.map((one) => html`<li key=${one.position}>
    ${one.amountMinor !== undefined && html`<strong class="number">${format.money({ amount: ofMinor(one.amountMinor, order.total.amount), currency })}</strong> `}${provider(t, one.provider)}
    ${one.tradeNumber && html` <span class="hint">${one.tradeNumber}</span>`} <span class="hint"><${When} at=${one.occurredAt} /></span></li>`)}</ul></section>`;
}

export function Shipments({ order, parcels }) {
  const { t } = useApp();
  // Cards and top-ups are not signed for.
  const hasParcels = order.lines.some(({ kind }) => kind === "PHYSICAL");
  if (order.shipments.length === 0) return null;
  return html`<section class="sheet"><h2>${t("order.shipments")}</h2><ol class="stack">${order.shipments.map(({ number, status, delivered }) => {
    const parcel = parcels.get(number);
    return html`<li key=${number}><div>${t(parcel?.isCards || !hasParcels ? "order.delivery" : "order.shipment", { number })} <${Chip} kind=${delivered ? "good" : "accent"}>${
        status && hasParcels && !parcel?.isCards ? t(`TrackingStatus.${status}`) : delivered ? t("FulfilmentState.DELIVERED") : t("FulfilmentState.SHIPPED")}<//>
      ${parcel?.isCards && html` <span class="hint">${t("SkuKind.CARD")}</span>`}</div>
      ${parcel?.trackingNumber && html`<div>${parcel.carrier} <code>${parcel.trackingNumber}</code></div>`}
      <ol class="way">${(parcel?.way ?? []).toReversed().map((one, index) => html`<li key=${index}><span class="hint"><${When} at=${one.occurredAt} /></span>
        ${t(`TrackingStatus.${one.status}`)} ${one.place}</li>`)}</ol></li>`;
  })}</ol></section>`;
}

export function Refunds({ order, asOf }) {
  const { t, format } = useApp();
  if (order.refunds.length === 0) return null;
  const degree = { SETTLED: "good", REJECTED: "", FAILED: "bad" };
  return html`<section class="sheet"><h2>${t("order.refunds")}</h2><ol class="stack">${order.refunds.map((ticket) => html`<li key=${ticket.number}>
    <div>${t("order.ticket", { number: ticket.number })} <strong class="number">${format.money(ticket.amount)}</strong>
      <${Chip} kind=${degree[ticket.state] ?? "warn"}>${t(`RefundState.${ticket.state}`)}<//>
      ${ticket.kind !== "GOODS" && html` <${Chip}>${t(`RefundKind.${ticket.kind}`)}<//>`}</div>
    <div class="hint"><${When} at=${ticket.requestedAt} />
      ${ticket.state === "REQUESTED" && ticket.answerBy && html` · <${Due} at=${ticket.answerBy} asOf=${asOf} label=${t("Clock.ANSWER_REFUND")} />`}
      ${["APPROVED", "FAILED"].includes(ticket.state) && ticket.payBy && html` · <${Due} at=${ticket.payBy} asOf=${asOf} label=${t("Clock.PAY_REFUND")} />`}</div></li>`)}</ol></section>`;
}
