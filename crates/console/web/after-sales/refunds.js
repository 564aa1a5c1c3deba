// Refund tickets of one state as rows, with what answers them.

import { Fragment } from "../vendor/preact.js";
import { useState } from "../vendor/hooks.js";
import { BulkBar } from "../desk/bulk.js";
import { html } from "../html.js";
import { ACTIONS } from "../order/actions.js";
import { answersTo, isPossible, refusalOf } from "../queues/offers.js";
import { isSaid, useReasons } from "../queues/reasons.js";
import { Story } from "../queues/story.js";
import { Link } from "../router.js";
import { Chip, Due, useApp, When } from "../ui.js";

const STEP = 40;
/** What can be done at once, by list. */
const BULK = {
  waiting: { key: "approve", name: "APPROVE_REFUND" },
  platform: { key: "approve", name: "APPROVE_REFUND" },
  paying: { key: "settle", name: "SETTLE_REFUND" },
};

/** Jobs take orders: all tickets of an order that can be answered alike are answered together. */
function together(order, name) {
  return order.refunds.filter(({ state }) => ACTIONS[name].states.includes(state));
}

export function Refunds({ tickets, state, withMerchant, onAct, onDone }) {
  const { t, format } = useApp();
  const [count, setCount] = useState(STEP);
  const [chosen, setChosen] = useState(new Set());
  const [open, setOpen] = useState(null);
  const shown = tickets.slice(0, count);
  const reasonOf = useReasons(shown.map(({ order }) => order));
  const { key: bulk, name } = BULK[state];
  const may = tickets.some(({ order }) => refusalOf(order, name) !== undefined);
  const choosable = new Map(shown.filter(({ order }) => isPossible(order, name)).map(({ order }) => [order.id, order]));
  // Those that are answered meanwhile are chosen no more.
  const picked = new Map([...choosable].filter(([id]) => chosen.has(id)));
  const isPicked = ({ order }) => picked.has(order.id);
  const choose = (ids, isOn) => {
    const next = new Set(chosen);
    for (const id of ids) isOn ? next.add(id) : next.delete(id);
    setChosen(next);
  };
  const all = [...picked.values()].reduce((sum, order) => sum + together(order, name).length, 0);
  const elsewhere = all - shown.filter(isPicked).length;
  const told = `${t("afterSales.chosen", { refunds: format.number(all), orders: format.number(picked.size) })}${elsewhere > 0 ? t("afterSales.elsewhere", { count: format.number(elsewhere) }) : ""}`;
  if (tickets.length === 0) return html`<p class="empty">${t(`afterSales.none.${state}`)}</p>`;
  const due = ({ ticket }) => {
    if (state === "paying") return ticket.payBy && html`<${Due} at=${ticket.payBy} label=${t("afterSales.payBy")} />`;
    if (state === "platform") return html`<${Due} at=${ticket.escalateAt} label=${t("afterSales.escalated")} />`;
    return html`${ticket.answerBy && html`<div><${Due} at=${ticket.answerBy} label=${t("afterSales.answerBy")} /></div>`}
      ${ticket.escalateAt && html`<div class="hint">${t("afterSales.escalates")} <${When} at=${ticket.escalateAt} /></div>`}`;
  };
  const row = (one) => {
    const { order, ticket } = one;
    const key = `${order.id} ${ticket.number}`;
    const siblings = together(order, name).length;
    const reason = reasonOf(order, "refund-requested", ticket.requestedAt)?.reason;
    const offered = answersTo(order, ticket);
    const isPartial = ticket.amount.amount !== order.total.amount;
    return html`<${Fragment} key=${key}><tr class=${isPicked(one) ? "chosen" : null}>
      ${may && html`<td class="choose">${choosable.has(order.id) && html`<input type="checkbox" aria-label=${t("afterSales.choose", { number: order.number })}
        checked=${isPicked(one)} onChange=${(event) => choose([order.id], event.currentTarget.checked)} />`}</td>`}
      <th scope="row"><${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//>
        ${withMerchant && html`<div class="hint">${order.merchant.name}</div>`}
        ${siblings > 1 && html`<div class="hint">${t("afterSales.siblings", { count: format.number(siblings) })}</div>`}</th>
      <td data-name=${t("goods")}>${order.lines.map((line) => html`<div key=${line.id}>${line.title} <span class="hint">× ${format.number(line.quantity)}</span></div>`)}</td>
      <td data-name=${t("buyer")} class="buyer">${order.buyer.account ?? t("erased")}</td>
      <td data-name=${t("amount")} class="number"><strong>${format.money(ticket.amount)}</strong>${isPartial && html`<div class="hint">${t("afterSales.of", { total: format.money(order.total) })}</div>`}</td>
      <td data-name=${t("afterSales.reason")}>${reason ? t(`ReasonCode.${reason}`) : "–"}
        ${ticket.kind !== "GOODS" && !isSaid(ticket, reason) && html` <${Chip}>${t(`RefundKind.${ticket.kind}`)}<//>`}
        ${ticket.state === "FAILED" && html` <${Chip} kind="bad">${t("RefundState.FAILED")}<//>`}
        <div class="hint">${t(`FulfilmentState.${order.axes.fulfilment}`)}</div></td>
      <td data-name=${t("afterSales.asked")}><${When} at=${ticket.requestedAt} /></td>
      <td data-name=${t("due")}>${due(one)}</td>
      <td class="acts"><div class="buttons">${offered.map((way, index) => html`<button key=${way.name} class=${`small ${index > 0 ? "quiet" : ""}`}
          onClick=${() => onAct({ ...way, order })}>${t(`queue.${way.name}`)}<span class="unseen"> ${order.number}</span></button>`)}
        <button class="plain" aria-expanded=${open === key} onClick=${() => setOpen(open === key ? null : key)}>${t("queue.story")}<span class="unseen"> ${order.number}</span></button></div></td>
    </tr>
    ${open === key && html`<tr class="more"><td colspan=${may ? 9 : 8}><${Story} id=${order.id} revision=${order.revision} isOpen /></td></tr>`}<//>`;
  };
  const columns = ["number", "goods", "buyer", "amount", "afterSales.reason", "afterSales.asked", "due"];
  return html`${may && html`<${BulkBar} chosen=${picked} only=${[bulk]} ...${{ told }}
      onClear=${() => setChosen(new Set())} onDone=${onDone} />`}
    <div class="scroll" tabindex="0" role="region" aria-label=${t(`afterSales.${state}`)}><table class="rows orders refunds">
      <caption class="unseen">${t(`afterSales.${state}`)}</caption>
      <thead><tr>${may && html`<th scope="col" class="choose"><input type="checkbox" aria-label=${t("afterSales.chooseAll")}
          checked=${choosable.size > 0 && picked.size === choosable.size} onChange=${(event) => choose(choosable.keys(), event.currentTarget.checked)} /></th>`}
        ${columns.map((column) => html`<th key=${column} scope="col" class=${column === "amount" ? "number" : null}>${t(column)}</th>`)}
        <th scope="col"><span class="unseen">${t("afterSales.actions")}</span></th></tr></thead>
      <tbody>${shown.map(row)}</tbody>
    </table></div>
    ${tickets.length > count && html`<p class="pages"><button class="quiet" onClick=${() => setCount(count + STEP)}>${t("afterSales.more")}</button></p>`}`;
}
