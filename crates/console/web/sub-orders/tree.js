// The merchants below, as they stand below each other, with what they sold today and within seven days.

import { html } from "../html.js";
import { sum } from "../money.js";
import { Link } from "../router.js";
import { Chip, Table, useApp } from "../ui.js";
import { MOST_FIGURES } from "./sales.js";

/** Who moved elsewhere stands below no longer; what was ordered before is still shown. */
export function movedAway(sold, merchants, own) {
  const known = new Set([own, ...merchants.map(({ id }) => id)]);
  return sold.filter(({ merchant }) => !known.has(merchant.id))
    .map(({ merchant: { id, name, closed } }) => ({ id, name, isClosed: closed, isMoved: true, parent: null, depth: 0 }));
}

/** Of a dashboard each merchant's figures; null where there may be some that are not told. */
function figuresBy({ byMerchant, paidAmount: { currency } }) {
  const none = byMerchant.length < MOST_FIGURES ? { placedOrders: 0, paidOrders: 0, paidAmount: { amount: "0", currency } } : null;
  const known = new Map(byMerchant.map((one) => [one.merchant.id, one]));
  return (id) => known.get(id) ?? none;
}

/** Null as one of them is. */
function together(all) {
  if (all.includes(null)) return null;
  const count = (key) => all.reduce((total, one) => total + one[key], 0);
  const paid = all.map(({ paidAmount }) => paidAmount);
  return { placedOrders: count("placedOrders"), paidOrders: count("paidOrders"), paidAmount: { ...paid[0], amount: sum(paid.map(({ amount }) => amount)) } };
}

/** `isCut`: there are merchants beside these, which the sums would lack. */
export function Tree({ merchants, isCut, isBelow, sales, chosen, to }) {
  const { t, format } = useApp();
  const names = new Map(merchants.map(({ id, name }) => [id, name]));
  const figures = [sales?.today, sales?.week].filter(Boolean).map(figuresBy);
  const shown = (one) => (one ? [format.number(one.placedOrders), format.number(one.paidOrders), format.money(one.paidAmount)] : ["–", "–", "–"]);
  const cells = (id) => figures.flatMap((of) => shown(of(id)));
  const sums = () => figures.flatMap((of) => shown(isCut ? null : together(merchants.filter(isBelow).map(({ id }) => of(id)))));
  const columns = [{ key: "merchant", name: t("sub.merchant") }, ...(sales ? ["today", "week"].flatMap((range) =>
    ["placed", "paid", "amount"].map((key) => ({ key: `${range} ${key}`, name: t(`sub.${range}.${key}`), isNumber: true }))) : [])];
  const row = (merchant) => {
    const { id, name, depth, parent, isClosed, isMoved } = merchant;
    const label = html`<span style=${{ paddingInlineStart: `${depth * 1.3}rem` }}>${depth > 0 && html`<span aria-hidden="true" class="hint">└ </span>`}${isBelow(merchant)
      ? html`<${Link} to=${to(id)} aria-current=${id === chosen ? "true" : null}>${name}<//>` : name}</span>
      ${depth > 0 && html`<span class="unseen">${t("sub.belowOf", { name: names.get(parent) ?? parent })}</span>`}${isClosed && html` <${Chip}>${t("sub.closed")}<//>`}${isMoved && html` <${Chip}>${t("sub.moved")}<//>`}`;
    return { key: id, class: id === chosen ? "chosen" : null, cells: [label, ...(isBelow(merchant) ? cells(id) : columns.slice(1).map(() => ""))] };
  };
  const all = { key: "", class: chosen ? null : "chosen", cells: [html`<${Link} to=${to(null)} aria-current=${chosen ? null : "true"}>${t("sub.all")}<//>`, ...sums()] };
  return html`<section class="chart below"><${Table} caption=${t("sub.merchants")} columns=${columns} rows=${[all, ...merchants.map(row)]} /></section>`;
}
