// Refund tickets of one state as rows, with what answers them.

import { Fragment } from "../vendor/preact.js";
import { useState } from "../vendor/hooks.js";
import { BulkBar } from "../desk/bulk.js";
import { html } from "../html.js";
import { mayDo } from "../queues/actions.js";
import { isSaid, useReasons } from "../queues/reasons.js";
import { isOwn } from "../queues/scope.js";
import { Story } from "../queues/story.js";
import { Link } from "../router.js";
import { Chip, Due, useApp, When } from "../ui.js";

const STEP = 40;

/** What may be answered: money against which no goods stand is not kept. */
function ways({ order, ticket }) {
  const rejecting = ticket.kind === "LATE" || order.axes.lifecycle === "CANCELLED" ? [] : ["reject"];
  if (ticket.state === "REQUESTED") return ["approve", ...rejecting];
  return ticket.state === "APPROVED" ? ["settle", "fail"] : ["settle", ...rejecting];
}

function keyOf({ order, ticket }) {
  return `${order.id} ${ticket.number}`;
}

export function Refunds({ tickets, state, withMerchant, onAct, onDone }) {
  const { t, format, viewer } = useApp();
  const [count, setCount] = useState(STEP);
  const [chosen, setChosen] = useState(new Set());
  const [open, setOpen] = useState(null);
  const shown = tickets.slice(0, count);
  const reasonOf = useReasons(shown.map(({ order }) => order));
  const may = mayDo(viewer, "approve");
  const choosable = shown.filter(({ order }) => isOwn(viewer, order.merchant.id));
  // Those that are answered meanwhile are chosen no more.
  const picked = choosable.filter((one) => chosen.has(keyOf(one)));
  const choose = (some, isOn) => {
    const next = new Set(chosen);
    for (const one of some) isOn ? next.add(keyOf(one)) : next.delete(keyOf(one));
    setChosen(next);
  };
  if (tickets.length === 0) return html`<p class="empty">${t(`afterSales.none.${state}`)}</p>`;
  const due = ({ ticket }) => {
    if (state === "paying") return ticket.payBy && html`<${Due} at=${ticket.payBy} label=${t("afterSales.payBy")} />`;
    if (state === "platform") return html`<${Due} at=${ticket.escalateAt} label=${t("afterSales.escalated")} />`;
    return html`${ticket.answerBy && html`<div><${Due} at=${ticket.answerBy} label=${t("afterSales.answerBy")} /></div>`}
      ${ticket.escalateAt && html`<div class="hint">${t("afterSales.escalates")} <${When} at=${ticket.escalateAt} /></div>`}`;
  };
  const row = (one) => {
    const { order, ticket } = one;
    const key = keyOf(one);
    const reason = reasonOf(order, "refund-requested", ticket.requestedAt)?.reason;
    const offered = isOwn(viewer, order.merchant.id) ? ways(one).filter((action) => mayDo(viewer, action)) : [];
    const isPartial = ticket.amount.amount !== order.total.amount;
    return html`<${Fragment} key=${key}><tr class=${chosen.has(key) ? "chosen" : null}>
      ${may && html`<td class="choose">${isOwn(viewer, order.merchant.id) && html`<input type="checkbox" aria-label=${t("afterSales.choose", { number: order.number })}
        checked=${chosen.has(key)} onChange=${(event) => choose([one], event.currentTarget.checked)} />`}</td>`}
      <th scope="row"><${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//>
        ${withMerchant && html`<div class="hint">${order.merchant.name}</div>`}</th>
      <td data-name=${t("goods")}>${order.lines.map((line) => html`<div key=${line.id}>${line.title} <span class="hint">× ${format.number(line.quantity)}</span></div>`)}</td>
      <td data-name=${t("buyer")} class="buyer">${order.buyer.account ?? t("erased")}</td>
      <td data-name=${t("amount")} class="number"><strong>${format.money(ticket.amount)}</strong>${isPartial && html`<div class="hint">${t("afterSales.of", { total: format.money(order.total) })}</div>`}</td>
      <td data-name=${t("afterSales.reason")}>${reason ? t(`ReasonCode.${reason}`) : "–"}
        ${ticket.kind !== "GOODS" && !isSaid(ticket, reason) && html` <${Chip}>${t(`RefundKind.${ticket.kind}`)}<//>`}
        ${ticket.state === "FAILED" && html` <${Chip} kind="bad">${t("RefundState.FAILED")}<//>`}
        <div class="hint">${t(`FulfilmentState.${order.axes.fulfilment}`)}</div></td>
      <td data-name=${t("afterSales.asked")}><${When} at=${ticket.requestedAt} /></td>
      <td data-name=${t("due")}>${due(one)}</td>
      <td class="acts"><div class="buttons">${offered.map((action, index) => html`<button key=${action} class=${`small ${index > 0 ? "quiet" : ""}`}
          onClick=${() => onAct({ action, order, ticket })}>${t(`queue.${action}`)}<span class="unseen"> ${order.number}</span></button>`)}
        <button class="plain" aria-expanded=${open === key} onClick=${() => setOpen(open === key ? null : key)}>${t("queue.story")}<span class="unseen"> ${order.number}</span></button></div></td>
    </tr>
    ${open === key && html`<tr class="more"><td colspan=${may ? 9 : 8}><${Story} id=${order.id} revision=${order.revision} isOpen /></td></tr>`}<//>`;
  };
  const columns = ["number", "goods", "buyer", "amount", "afterSales.reason", "afterSales.asked", "due"];
  return html`${may && html`<${BulkBar} chosen=${new Map(picked.map(({ order }) => [order.id, order]))} only=${[state === "paying" ? "settle" : "approve"]}
      onClear=${() => setChosen(new Set())} onDone=${onDone} />`}
    <div class="scroll" tabindex="0" role="region" aria-label=${t(`afterSales.${state}`)}><table class="rows orders refunds">
      <caption class="unseen">${t(`afterSales.${state}`)}</caption>
      <thead><tr>${may && html`<th scope="col" class="choose"><input type="checkbox" aria-label=${t("afterSales.chooseAll")}
          checked=${choosable.length > 0 && picked.length === choosable.length} onChange=${(event) => choose(choosable, event.currentTarget.checked)} /></th>`}
        ${columns.map((name) => html`<th key=${name} scope="col" class=${name === "amount" ? "number" : null}>${t(name)}</th>`)}
        <th scope="col"><span class="unseen">${t("afterSales.actions")}</span></th></tr></thead>
      <tbody>${shown.map(row)}</tbody>
    </table></div>
    ${tickets.length > count && html`<p class="pages"><button class="quiet" onClick=${() => setCount(count + STEP)}>${t("afterSales.more")}</button></p>`}`;
}
