// The merchants below, as they stand below each other, with what they sold today and within seven days.

import { html } from "../html.js";
import { Link } from "../router.js";
import { Chip, Table, useApp } from "../ui.js";

const FIGURES = "byMerchant(first: 250) { merchant { id } placedOrders paidOrders paidAmount { amount currency } }";
export const SALES_QUERY = `query ($today: TimeRange!, $week: TimeRange!, $currency: String!, $atLeast: Position) {
  today: dashboard(scope: SUBTREE, range: $today, currency: $currency, atLeast: $atLeast) { ${FIGURES} }
  week: dashboard(scope: SUBTREE, range: $week, currency: $currency, atLeast: $atLeast) { ${FIGURES} } }`;

/** At which merchants something was ordered that the caller sees, within the last year or so. */
export const SOLD_QUERY = `query ($range: TimeRange!, $currency: String!) {
  dashboard(scope: SUBTREE, range: $range, currency: $currency) { byMerchant(first: 250) { merchant { id name closed } } } }`;

/** Who moved elsewhere stands below no longer; what was ordered before is still shown. */
export function movedAway(sold, merchants, own) {
  const known = new Set([own, ...merchants.map(({ id }) => id)]);
  return sold.filter(({ merchant }) => !known.has(merchant.id))
    .map(({ merchant: { id, name, closed } }) => ({ id, name, isClosed: closed, isMoved: true, parent: null, depth: 0 }));
}

/** Depth first, those of one merchant by name: `[{id, name, isClosed, parent, depth}]`, without `own` itself. */
export function inOrder(merchants, own) {
  const ids = new Set(merchants.map(({ id }) => id));
  const placed = [];
  const put = (above, depth) => {
    const below = merchants.filter(({ id, parent }) => id !== own && (above === null ? !ids.has(parent) : parent === above));
    for (const merchant of below.sort((one, other) => one.name.localeCompare(other.name))) {
      placed.push({ ...merchant, depth });
      put(merchant.id, depth + 1);
    }
  };
  if (own) put(own, 0);
  put(null, 0);
  return placed;
}

export function Tree({ merchants, isBelow, sales, currency, chosen, to }) {
  const { t, format } = useApp();
  const figures = (range, id) => sales?.[range].byMerchant.find(({ merchant }) => merchant.id === id) ?? { placedOrders: 0, paidOrders: 0, paidAmount: { amount: "0", currency } };
  const names = new Map(merchants.map(({ id, name }) => [id, name]));
  const shown = (all) => all.flatMap((one) => [format.number(one.placedOrders), format.number(one.paidOrders), format.money(one.paidAmount)]);
  const cells = (id) => (sales ? shown([figures("today", id), figures("week", id)]) : []);
  const sum = (range) => merchants.filter(isBelow).map(({ id }) => figures(range, id)).reduce((total, one) => ({
    placedOrders: total.placedOrders + one.placedOrders, paidOrders: total.paidOrders + one.paidOrders,
    paidAmount: { amount: (Number(total.paidAmount.amount) + Number(one.paidAmount.amount)).toFixed(2), currency },
  }));
  const columns = [{ key: "merchant", name: t("sub.merchant") }, ...(sales ? ["today", "week"].flatMap((range) =>
    ["placed", "paid", "amount"].map((key) => ({ key: `${range} ${key}`, name: t(`sub.${range}.${key}`), isNumber: true }))) : [])];
  const row = (merchant) => {
    const { id, name, depth, parent, isClosed, isMoved } = merchant;
    const label = html`<span style=${{ paddingInlineStart: `${depth * 1.3}rem` }}>${depth > 0 && html`<span aria-hidden="true" class="hint">└ </span>`}${isBelow(merchant)
      ? html`<${Link} to=${to(id)} aria-current=${id === chosen ? "true" : null}>${name}<//>` : name}</span>
      ${depth > 0 && html`<span class="unseen">${t("sub.belowOf", { name: names.get(parent) ?? parent })}</span>`}${isClosed && html` <${Chip}>${t("sub.closed")}<//>`}${isMoved && html` <${Chip}>${t("sub.moved")}<//>`}`;
    return { key: id, class: id === chosen ? "chosen" : null, cells: [label, ...(isBelow(merchant) ? cells(id) : columns.slice(1).map(() => ""))] };
  };
  const all = { key: "", class: chosen ? null : "chosen", cells: [html`<${Link} to=${to(null)} aria-current=${chosen ? null : "true"}>${t("sub.all")}<//>`, ...(sales ? shown([sum("today"), sum("week")]) : [])] };
  return html`<section class="chart below"><${Table} caption=${t("sub.merchants")} columns=${columns} rows=${[all, ...merchants.map(row)]} /></section>`;
}
