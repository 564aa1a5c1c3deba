// Open disputes, and what both sides say.

import { html } from "../html.js";
import { isPossible, OFFERS } from "../queues/offers.js";
import { useReasons } from "../queues/reasons.js";
import { Link } from "../router.js";
import { Answer, Further, Table, useApp, useAsk, When } from "../ui.js";

const QUERY = `query ($where: OrderWhere, $scope: Scope, $after: String, $atLeast: Position) {
  orders(where: $where, scope: $scope, sortBy: { field: PLACED_AT, direction: ASC }, first: 40, after: $after, atLeast: $atLeast) {
    nodes { id number revision disputedSince merchant { id name } buyer { account } total { amount currency } refunded { amount currency } lines { id title quantity } ${OFFERS} }
    pageInfo { hasNextPage endCursor } } }`;
/** The decision stands out, for those who may take it. */
const OFFERED = ["READ_EVIDENCE", "ADD_EVIDENCE", "RESOLVE_DISPUTE"];

/** What the list asks; `useDisputes` is of the page, which counts them. */
export function useDisputes(shown, after) {
  const where = { afterSales: { eq: "DISPUTED" }, ...(shown.merchant ? { merchant: { eq: shown.merchant } } : {}) };
  return useAsk(QUERY, { where, scope: shown.scope, after: after ?? null });
}

export function Disputes({ asked, withMerchant, onAct, onFirst, onNext }) {
  const { t, format } = useApp();
  const reasonOf = useReasons(asked.data?.orders.nodes ?? []);
  const columns = [
    { key: "number", name: t("number"), isHead: true }, { key: "goods", name: t("goods") }, { key: "buyer", name: t("buyer") },
    { key: "amount", name: t("amount"), isNumber: true }, { key: "reason", name: t("afterSales.reason") }, { key: "since", name: t("afterSales.opened") },
    { key: "acts", name: "" },
  ];
  const row = (order) => {
    const offered = OFFERED.filter((name) => isPossible(order, name));
    const button = (name) => html`<button key=${name} class=${`small ${name === "RESOLVE_DISPUTE" ? "" : "quiet"}`}
      onClick=${() => onAct({ name, order })}>${t(`queue.${name}`)}<span class="unseen"> ${order.number}</span></button>`;
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
        html`<div class="buttons">${offered.map(button)}</div>`,
      ],
    };
  };
  return html`<${Answer} of=${asked}>${({ orders: { nodes, pageInfo } }) => html`
      <${Table} caption=${t("afterSales.disputes")} ...${{ columns }} rows=${nodes.map(row)} empty=${t("afterSales.none.disputes")} />
      <${Further} info=${pageInfo} ...${{ onFirst, onNext }} />`}<//>`;
}
