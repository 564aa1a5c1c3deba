// An order that waits, with what ends it.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { mayDo } from "../queues/actions.js";
import { isSaid } from "../queues/reasons.js";
import { isOwn } from "../queues/scope.js";
import { Story } from "../queues/story.js";
import { address, Link } from "../router.js";
import { Chip, Due, useApp, useNow } from "../ui.js";

/** What a card shows. */
export const CARD = `kind since dueAt ticket order { id number revision merchant { id name } buyer { account } total { amount currency }
  captured { amount currency } axes { lifecycle } lines { id sku title quantity } pendingAddressChange { requestedBy }
  refunds { number kind state amount { amount currency } payBy } }`;

const LIKELY = { STOCK: "OUT_OF_STOCK", RISK: "FRAUD" };

/** `[{action, …}]`, the likeliest first: what may end it, were it not for roles. */
function ways({ kind, order }, ticket, viewer) {
  const likely = LIKELY[kind];
  const isCancelled = order.axes.lifecycle === "CANCELLED";
  const paid = Number(order.captured.amount) > 0;
  const ending = isCancelled ? [] : [...(paid ? [{ action: "refund", likely }] : []), { action: "cancel", likely }];
  if (kind === "REFUND") {
    const isOwed = ticket.kind === "LATE" || isCancelled;
    if (ticket.state === "APPROVED") return [{ action: "settle", ticket }, { action: "fail", ticket }];
    const rejecting = isOwed ? [] : [{ action: "reject", ticket }];
    return ticket.state === "FAILED" ? [{ action: "settle", ticket }, ...rejecting] : [{ action: "approve", ticket }, ...rejecting];
  }
  if (kind === "ADDRESS" && order.pendingAddressChange) {
    const isAsker = order.pendingAddressChange.requestedBy === viewer.id;
    return isAsker ? [] : [{ action: "approveChange" }, { action: "rejectChange" }];
  }
  return [{ action: "release", hold: kind }, ...ending];
}

function Since({ at }) {
  const { t, format } = useApp();
  const seconds = (useNow() - Date.parse(at)) / 1_000;
  return html`<time class="since" datetime=${at} title=${t("exceptions.since", { at: format.exact(at) })}>
    <span class="unseen">${t("exceptions.waits")} </span>${format.span(seconds)}</time>`;
}

export function Card({ exception, reason, withMerchant, onAct }) {
  const { t, format, viewer } = useApp();
  const { kind, since, dueAt, order } = exception;
  const ticket = order.refunds.find(({ number }) => number === exception.ticket);
  const isPending = kind === "ADDRESS" && Boolean(order.pendingAddressChange);
  const [isOpen, setOpen] = useState(false);
  const isOurs = isOwn(viewer, order.merchant.id);
  const offered = isOurs ? ways(exception, ticket, viewer).filter(({ action }) => mayDo(viewer, action)) : [];
  const due = ticket?.payBy && ticket.state !== "REQUESTED" ? ticket.payBy : dueAt;
  const [line] = order.lines;
  return html`<article class="waiting" aria-label=${order.number}>
    <div class="line"><span><${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//>${withMerchant && html` <span class="hint">${order.merchant.name}</span>`}</span><${Since} at=${since} /></div>
    <ul class="goods">${order.lines.map(({ id, title, quantity }) => html`<li key=${id}>${title} <span class="hint">× ${format.number(quantity)}</span></li>`)}</ul>
    <div class="line"><span class="buyer">${order.buyer.account ?? t("erased")}</span><strong class="number">${format.money(ticket?.amount ?? order.total)}</strong></div>
    ${ticket && ticket.amount.amount !== order.total.amount && html`<div class="hint">${t("exceptions.of", { total: format.money(order.total) })}</div>`}
    <div class="marks">
      ${ticket && ticket.state !== "REQUESTED" && html`<${Chip} kind=${ticket.state === "FAILED" ? "bad" : "accent"}>${t(`RefundState.${ticket.state}`)}<//>`}
      ${ticket && ticket.kind !== "GOODS" && html`<${Chip}>${t(`RefundKind.${ticket.kind}`)}<//>`}
      ${reason && !isSaid(ticket, reason) && html`<${Chip}>${t(`ReasonCode.${reason}`)}<//>`}
      ${due && html`<${Due} at=${due} />`}
    </div>
    ${isPending && order.pendingAddressChange.requestedBy === viewer.id && isOurs && html`<p class="hint">${t("exceptions.ownChange")}</p>`}
    ${(isOpen || isPending) && html`<${Story} id=${order.id} revision=${order.revision} ...${{ isOpen, isPending }} />`}
    <div class="buttons">
      ${offered.map((way, index) => html`<button key=${way.action} class=${`small ${index > 0 ? "quiet" : ""}`}
        onClick=${() => onAct({ ...way, order })}>${t(`queue.${way.action}`)}<span class="unseen"> ${order.number}</span></button>`)}
      ${kind === "STOCK" && line && isOurs && mayDo(viewer, "release") && html`<${Link} class="button quiet small" to=${address("/stock", { find: line.sku, receive: line.sku,
        merchant: order.merchant.id })}>${t("exceptions.receive")}<span class="unseen"> ${line.sku}</span><//>`}
      <button class="plain" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${t("queue.story")}<span class="unseen"> ${order.number}</span></button>
    </div>
  </article>`;
}
