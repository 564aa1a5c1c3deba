// An order that waits, with what ends it.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Delivery } from "../order/action-bar.js";
import { OFFERS, refusalOf } from "../queues/offers.js";
import { isSaid } from "../queues/reasons.js";
import { isOwn, mayStock } from "../queues/scope.js";
import { Story, useOrder } from "../queues/story.js";
import { address, Link } from "../router.js";
import { Chip, Due, Failed, useApp, useNow } from "../ui.js";
import { useShort } from "./short.js";
import { waysOf } from "./ways.js";

/** What a card shows. */
export const CARD = `kind since dueAt ticket order { id number revision merchant { id name } buyer { account } total { amount currency }
  lines { id number sku title kind quantity } pendingAddressChange { requestedBy }
  refunds { number kind state amount { amount currency } payBy } ${OFFERS} }`;
const DELIVERY = "query ($id: ID!) { order(by: { id: $id }) { delivery { contact inputs { line inputs } } } }";

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
  const isAddress = kind === "ADDRESS" && !isPending;
  const { data: given, why, again } = useOrder(isAddress ? DELIVERY : null, order);
  const ways = waysOf(exception, ticket, reason);
  // Restocked, the order that waits longest is served by itself.
  const restocks = kind === "STOCK" && isOwn(viewer, order.merchant.id) && mayStock(viewer);
  const short = useShort(order, restocks);
  const isAskers = isPending && refusalOf(order, "APPROVE_ADDRESS_CHANGE") && order.pendingAddressChange.requestedBy === viewer.id;
  // Beside a hold it has to be said which money is meant.
  const label = ({ name, ticket: excess }) => (excess && !ticket ? `${t(`OrderActionName.${name}`)} ${format.money(excess.amount)}` : t(`queue.${name}`));
  const due = ticket?.payBy && ticket.state !== "REQUESTED" ? ticket.payBy : dueAt;
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
    ${isAddress && given?.order?.delivery && html`<dl class="pairs given"><${Delivery} delivery=${given.order.delivery} lines=${order.lines} /></dl>`}
    <${Failed} ...${{ why, again }} />
    ${isAskers && html`<p class="hint">${t("exceptions.ownChange")}</p>`}
    ${(isOpen || isPending) && html`<${Story} id=${order.id} revision=${order.revision} ...${{ isOpen, isPending }} />`}
    <div class="buttons">
      ${restocks && short && html`<${Link} class="button small" to=${address("/stock", { find: short, receive: short, merchant: order.merchant.id })}>${t("exceptions.receive")}<span class="unseen"> ${short}</span><//>`}
      ${ways.map((way, index) => html`<button key=${way.name} class=${`small ${index > 0 || restocks ? "quiet" : ""}`} disabled=${way.name === "REQUEST_ADDRESS_CHANGE" && !given}
        onClick=${() => onAct({ ...way, order: { ...order, ...given?.order } })}>${label(way)}<span class="unseen"> ${order.number}</span></button>`)}
      <button class="plain" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${t("queue.story")}<span class="unseen"> ${order.number}</span></button>
    </div>
  </article>`;
}
