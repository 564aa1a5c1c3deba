// The figures, each with how it changed since the period before.

import { html } from "../html.js";
import { difference } from "../money.js";
import { Link } from "../router.js";
import { useApp } from "../ui.js";

/** `good`: whether more is better (1) or worse (-1). `metric`: which events it is made of. `count`: how many that were. */
const FIGURES = [
  { key: "placedOrders", kind: "number", good: 1, metric: "PLACED_ORDERS" },
  { key: "paidOrders", kind: "number", good: 1, metric: "PAID_ORDERS" },
  { key: "paidAmount", kind: "money", good: 1, metric: "PAID_AMOUNT" },
  { key: "conversionRate", kind: "rate", good: 1, metric: "PAID_ORDERS" },
  { key: "averageOrderValue", kind: "money", good: 1, metric: "PAID_AMOUNT" },
  { key: "repeatBuyerRate", kind: "rate", good: 1 },
  { key: "deliveredOrders", kind: "number", good: 1, metric: "DELIVERED_ORDERS" },
  { key: "unattendedShare", kind: "rate", good: 1, metric: "UNATTENDED_ORDERS" },
  { key: "exceptionRate", kind: "rate", good: -1, metric: "EXCEPTION_ORDERS", count: "exceptionOrders" },
  { key: "refundRate", kind: "rate", good: -1, metric: "REFUNDED_ORDERS", count: "refundedOrders" },
  { key: "refundRequests", kind: "number", good: -1, metric: "REFUND_REQUESTS" },
  { key: "answeredInTimeShare", kind: "rate", good: 1, metric: "ANSWERED_REFUNDS" },
];

function valueOf(kind, figure) {
  return Number(kind === "money" ? figure.amount : figure);
}

function written(format, kind, figure) {
  if (figure === null || figure === undefined) return "–";
  if (kind === "money") return format.money(figure);
  return kind === "rate" ? format.percent(figure) : format.number(figure);
}

/** How far `now` is from `before`: as the figure is written (money exactly), as a share of what it was, up (1), down (-1) or the same. */
function changeOf(kind, now, before) {
  const [is, was] = [valueOf(kind, now), valueOf(kind, before)];
  const by = kind === "money" ? difference(now.amount, before.amount) : is - was;
  // Of rates, tenths of a percent are told.
  const direction = Math.sign(kind === "rate" ? Math.round(by * 1_000) : by);
  return { by, share: was === 0 ? null : Math.abs((is - was) / was), direction };
}

export function Change({ kind, now, before, good, isLoading }) {
  const { t, format } = useApp();
  const isMissing = (figure) => figure === null || figure === undefined;
  if (isMissing(now) || isMissing(before)) return html`<span class="change">${isLoading ? "…" : t("dash.noComparison")}</span>`;
  const { by, share, direction } = changeOf(kind, now, before);
  if (direction === 0) return html`<span class="change">${t("dash.same")}</span>`;
  const [isWorse, isBetter] = [direction * good < 0, direction * good > 0];
  const size = kind === "money" ? format.money({ amount: by.replace("-", ""), currency: now.currency })
    : kind === "rate" ? t("dash.points", { points: format.number(Math.round(Math.abs(by) * 1_000) / 10) }) : format.number(Math.abs(by));
  return html`<span class="change ${isWorse ? "worse" : isBetter ? "better" : ""}"><span aria-hidden="true">${direction > 0 ? "↑" : "↓"}</span><span class="unseen">${t(direction > 0 ? "dash.up" : "dash.down")}</span>
    ${" "}${size}${share !== null && ` (${format.percent(share)})`}
    ${isWorse && html` <span class="verdict">${t("dash.worse")}</span>`}${isBetter && html`<span class="unseen"> ${t("dash.better")}</span>`}</span>`;
}

export function Figures({ now, before, repeat, look }) {
  const { t, format } = useApp();
  const card = ({ key, kind, good, metric, count }) => {
    const isRepeat = key === "repeatBuyerRate";
    const [is, was] = isRepeat ? [repeat.data?.now[key], repeat.data?.before[key]] : [now[key], before[key]];
    const text = html`<span class="name">${t(`dash.${key}`)}</span>
      <span class="value">${isRepeat && repeat.isLoading && !repeat.data ? "…" : written(format, kind, is)}${count && is !== null && html` <small>${t("dash.ofOrders", { count: format.number(now[count]) })}</small>`}</span>`;
    return html`<li key=${key} class="figure" title=${t(`dash.about.${key}`)}>
      ${metric ? html`<${Link} to=${look({ look: metric })}>${text}<//>` : html`<span>${text}</span>`}
      <${Change} ...${{ kind, good }} now=${is} before=${was} isLoading=${isRepeat && repeat.isLoading} />
    </li>`;
  };
  return html`<ul class="figures" aria-label=${t("dash.figures")}>${FIGURES.map(card)}</ul>`;
}
