// The figures, each with how it changed since the period before.

import { html } from "../html.js";
import { Link } from "../router.js";
import { useApp } from "../ui.js";

/** `good`: whether more is better (1) or worse (-1). `metric`: which events it is made of. `count`: how many that were. */
export const FIGURES = [
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
  if (figure === null || figure === undefined) return null;
  return Number(kind === "money" ? figure.amount : figure);
}

function written(format, kind, figure) {
  if (figure === null || figure === undefined) return "–";
  if (kind === "money") return format.money(figure);
  return kind === "rate" ? format.percent(figure) : format.number(figure);
}

/** How far `now` is from `before`: absolute, in percent, and whether that is good. Null where there is nothing to compare with. */
export function changeOf(kind, now, before, good) {
  const [is, was] = [valueOf(kind, now), valueOf(kind, before)];
  if (is === null || was === null) return null;
  const by = is - was;
  const direction = Math.sign(kind === "rate" ? Math.round(by * 1_000) : Math.round(by * 100));
  return { by, share: was === 0 ? null : by / was, direction, isWorse: direction * good < 0, isBetter: direction * good > 0 };
}

export function Change({ kind, now, before, good, isLoading }) {
  const { t, format } = useApp();
  const change = changeOf(kind, now, before, good);
  if (!change) return html`<span class="change">${isLoading ? "…" : t("dash.noComparison")}</span>`;
  const { by, share, direction, isWorse, isBetter } = change;
  if (direction === 0) return html`<span class="change">${t("dash.same")}</span>`;
  const size = Math.abs(by);
  const amount = kind === "money" ? format.money({ amount: size.toFixed(2), currency: now.currency })
    : kind === "rate" ? t("dash.points", { points: format.number(Math.round(size * 1_000) / 10) }) : format.number(size);
  return html`<span class="change ${isWorse ? "worse" : isBetter ? "better" : ""}"><span aria-hidden="true">${direction > 0 ? "↑" : "↓"}</span><span class="unseen">${t(direction > 0 ? "dash.up" : "dash.down")}</span>
    ${" "}${amount}${share !== null && ` (${format.percent(Math.abs(share))})`}
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
