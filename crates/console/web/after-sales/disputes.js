// Open disputes, and what both sides say.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { mayDo } from "../queues/actions.js";
import { useReasons } from "../queues/reasons.js";
import { isOwn } from "../queues/scope.js";
import { Link } from "../router.js";
import { Answer, Dialog, Further, Table, useApp, useAsk, useCommand, When } from "../ui.js";

const QUERY = `query ($where: OrderWhere, $scope: Scope, $after: String, $atLeast: Position) {
  orders(where: $where, scope: $scope, sortBy: { field: PLACED_AT, direction: ASC }, first: 40, after: $after, atLeast: $atLeast) {
    nodes { id number revision disputedSince merchant { id name } buyer { account } total { amount currency } refunded { amount currency } lines { id title quantity } }
    pageInfo { hasNextPage endCursor } } }`;


/** What the list asks; `useDisputes` is of the page, which counts them. */
export function useDisputes(shown, after) {
  const where = { afterSales: { eq: "DISPUTED" }, ...(shown.merchant ? { merchant: { eq: shown.merchant } } : {}) };
  return useAsk(QUERY, { where, scope: shown.scope, after: after ?? null });
}

export function Disputes({ asked, withMerchant, onAct, onFirst, onNext }) {
  const { t, format, viewer } = useApp();
  const [reading, setReading] = useState(null);
  const reasonOf = useReasons(asked.data?.orders.nodes ?? []);
  const columns = [
    { key: "number", name: t("number"), isHead: true }, { key: "goods", name: t("goods") }, { key: "buyer", name: t("buyer") },
    { key: "amount", name: t("amount"), isNumber: true }, { key: "reason", name: t("afterSales.reason") }, { key: "since", name: t("afterSales.opened") },
    { key: "acts", name: "" },
  ];
  const row = (order) => {
    const isOurs = isOwn(viewer, order.merchant.id);
    const button = (action, isMain) => isOurs && mayDo(viewer, action) && html`<button class=${`small ${isMain ? "" : "quiet"}`}
      onClick=${() => onAct({ action, order })}>${t(`queue.${action}`)}<span class="unseen"> ${order.number}</span></button>`;
    const reason = reasonOf(order, "dispute-opened", order.disputedSince)?.reason;
    return {
      key: order.id,
      cells: [
        html`<${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//>${withMerchant && html`<div class="hint">${order.merchant.name}</div>`}`,
        order.lines.map(({ id, title, quantity }) => html`<div key=${id}>${title} <span class="hint">× ${format.number(quantity)}</span></div>`),
        order.buyer.account ?? t("erased"),
        html`<strong>${format.money(order.total)}</strong>${Number(order.refunded.amount) > 0 && html`<div class="hint">${t("afterSales.refunded", { amount: format.money(order.refunded) })}</div>`}`,
        reason ? t(`ReasonCode.${reason}`) : "–",
        html`<${When} at=${order.disputedSince} />`,
        html`<div class="buttons">${isOurs && mayDo(viewer, "evidence") && html`<button class="small quiet" onClick=${() => setReading(order)}>${t("afterSales.read")}<span class="unseen"> ${order.number}</span></button>`}
          ${button("evidence")}${button("resolve", true)}</div>`,
      ],
    };
  };
  return html`<${Answer} of=${asked}>${({ orders: { nodes, pageInfo } }) => html`
      <${Table} caption=${t("afterSales.disputes")} ...${{ columns }} rows=${nodes.map(row)} empty=${t("afterSales.none.disputes")} />
      <${Further} info=${pageInfo} ...${{ onFirst, onNext }} />`}<//>
    ${reading && html`<${Evidence} key=${reading.id} order=${reading} onClose=${() => setReading(null)} />`}`;
}

/** That somebody reads it is recorded, so nothing is read before he says so. */
function Evidence({ order, onClose }) {
  const { t } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [found, setFound] = useState(null);
  const read = async () => {
    const payload = await carryOut("readEvidence", { order: { id: order.id } }, "evidence { dispute text addedAt actor { id role } }");
    if (payload) setFound(payload.evidence);
  };
  return html`<${Dialog} title=${`${t("afterSales.evidence")} · ${order.number}`} onClose=${onClose}>
    ${found === null && html`<p>${t("afterSales.recorded")}</p><div class="buttons"><button disabled=${isBusy} onClick=${read}>${t("afterSales.readNow")}</button></div>`}
    ${found?.length === 0 && html`<p class="empty">${t("afterSales.noEvidence")}</p>`}
    ${found && html`<ol class="evidence">${found.map(({ dispute, text, addedAt, actor }, index) => html`<li key=${index}>
      <div class="hint">${t(`Role.${actor.role}`)} · <${When} at=${addedAt} /> · ${t("afterSales.dispute", { number: dispute })}</div>
      <blockquote>${text ?? t("erased")}</blockquote></li>`)}</ol>`}
  <//>`;
}
