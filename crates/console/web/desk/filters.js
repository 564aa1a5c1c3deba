// What the order desk is asked to show: it stands in the address, and becomes the list's `where`.

import { now } from "../api.js";
import { addDays, dayOf, startOf } from "../zone.js";

export const LABELS = [
  "AWAITING_PAYMENT", "TO_SHIP", "SHIPPED", "COMPLETED", "AFTER_SALES", "REFUNDED", "CANCELLED", "EXCEPTION",
];
export const KINDS = ["STOCK", "ADDRESS", "PAYMENT", "RISK", "REFUND"];
export const RANGES = ["today", "week", "custom"];
/** Hours until a clock runs out. */
export const DUE = ["0", "1", "4", "24"];

/** In the order in which they stand in the address. */
export const NAMES = [
  "label", "range", "from", "to", "numbers", "buyer", "phone", "product", "merchant", "kind", "due", "tag", "scope", "sort",
];
/** Those that are no page, and so what a saved filter holds. */
export function filtersOf(params) {
  return Object.fromEntries(NAMES.filter((name) => params[name]).map((name) => [name, params[name]]));
}

/** Numbers as people paste them: a column of a sheet, or separated by commas. */
export function numbersOf(text) {
  return [...new Set((text ?? "").split(/[\s,;，；、]+/).filter(Boolean))];
}

/** The platform has no orders of its own. */
export function scopeOf(params, viewer) {
  return params.scope === "SUBTREE" || !viewer.merchant ? "SUBTREE" : "OWN";
}

function placedAt({ range, from, to }, zone) {
  const today = dayOf(zone, now());
  if (range === "today") return { gte: startOf(zone, today) };
  if (range === "week") return { gte: startOf(zone, addDays(today, -6)) };
  const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "");
  const filter = {};
  if (isDay(from)) filter.gte = startOf(zone, from);
  if (isDay(to)) filter.lt = startOf(zone, addDays(to, 1));
  return Object.keys(filter).length > 0 ? filter : null;
}

/** The `where` of the list, null when all is asked for. Times are whole minutes, so that the same question stays the same. */
export function whereOf(params, zone) {
  const minute = Math.floor(now() / 60_000) * 60_000;
  const numbers = numbersOf(params.numbers);
  const { label, buyer, phone, product, merchant, kind, due, tag } = params;
  const parts = {
    label: LABELS.includes(label) && { eq: label },
    placedAt: placedAt(params, zone),
    number: numbers.length > 0 && { oneOf: numbers },
    buyer: buyer && { eq: buyer },
    phoneTail: phone && { eq: phone },
    product: product && { oneOf: numbersOf(product) },
    merchant: merchant && { eq: merchant },
    hold: KINDS.includes(kind) && kind !== "REFUND" && { eq: kind },
    afterSales: kind === "REFUND" && { eq: "REFUND_OPEN" },
    dueBefore: DUE.includes(due) && new Date(minute + Number(due) * 3_600_000).toISOString(),
    tag: tag && { eq: tag },
  };
  const given = Object.entries(parts).filter(([, filter]) => filter);
  return given.length > 0 ? Object.fromEntries(given) : null;
}

const KEPT = "daybook-filters";

/** `[{name, params}]`, as this browser keeps them for this merchant. */
export function savedFilters(viewer) {
  try {
    return JSON.parse(localStorage.getItem(`${KEPT}:${viewer.merchant ?? ""}`)) ?? [];
  } catch {
    return [];
  }
}

export function keepFilters(viewer, saved) {
  localStorage.setItem(`${KEPT}:${viewer.merchant ?? ""}`, JSON.stringify(saved));
}
