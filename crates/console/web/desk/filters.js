// What the order desk is asked to show: it stands in the address, and becomes the list's `where`.

import { now } from "../api.js";
import { addDays, dayOf, isDay, startOf } from "../zone.js";

export const LABELS = [
  "AWAITING_PAYMENT", "TO_SHIP", "SHIPPED", "COMPLETED", "AFTER_SALES", "REFUNDED", "CANCELLED", "EXCEPTION",
];
export const KINDS = ["STOCK", "ADDRESS", "PAYMENT", "RISK", "REFUND"];
export const RANGES = ["today", "week", "custom"];
/** Hours until a clock runs out. */
export const DUE = ["0", "1", "2", "4", "24"];
export const PAYMENTS = ["UNPAID", "PARTIAL", "PAID", "OVERPAID", "PARTLY_REFUNDED", "REFUNDED"];
export const FULFILMENTS = ["NONE", "PARTIAL", "SHIPPED", "DELIVERED"];
export const AFTER_SALES = ["OBSERVING", "REFUND_OPEN", "DISPUTED"];
/** Those that can be missed. */
export const CLOCKS = ["SHIP_VIRTUAL", "COLLECT", "ANSWER_REFUND", "ESCALATE_REFUND", "PAY_REFUND"];

/** In the order in which they stand in the address. */
export const NAMES = [
  "label", "range", "from", "to", "numbers", "buyer", "phone", "product", "merchant", "kind", "payment", "fulfilment",
  "after-sales", "due", "missed", "tag", "scope", "sort",
];
/** Those that are no page, and so what a saved filter holds. */
export function filtersOf(params) {
  return Object.fromEntries(NAMES.filter((name) => params[name]).map((name) => [name, params[name]]));
}

/** Numbers as people paste them: a column of a sheet, or separated by commas. */
export function numbersOf(text) {
  return [...new Set((text ?? "").split(/[\s,;，；、]+/).filter(Boolean))];
}

/** The ledger tells `a-1` from `A-1`; who types one means either. */
function eitherCase(texts) {
  return [...new Set(texts.flatMap((text) => [text, text.toUpperCase(), text.toLowerCase()]))];
}

/** The platform has no orders of its own. */
export function scopeOf(params, viewer) {
  return params.scope === "SUBTREE" || !viewer.merchant ? "SUBTREE" : "OWN";
}

function placedAt({ range, from, to }, zone) {
  const today = dayOf(zone, now());
  if (range === "today") return { gte: startOf(zone, today) };
  if (range === "week") return { gte: startOf(zone, addDays(today, -6)) };
  const filter = {};
  if (isDay(from)) filter.gte = startOf(zone, from);
  if (isDay(to)) filter.lt = startOf(zone, addDays(to, 1));
  return Object.keys(filter).length > 0 ? filter : null;
}

/** The `where` of the list, null when all is asked for. Times are whole minutes, so that the same question stays the same. */
export function whereOf(params, zone) {
  const minute = Math.floor(now() / 60_000) * 60_000;
  const numbers = numbersOf(params.numbers);
  const { label, buyer, phone, product, merchant, kind, payment, fulfilment, due, missed, tag } = params;
  const afterSales = kind === "REFUND" ? "REFUND_OPEN" : params["after-sales"];
  const parts = {
    label: LABELS.includes(label) && { eq: label },
    placedAt: placedAt(params, zone),
    number: numbers.length > 0 && { oneOf: eitherCase(numbers) },
    buyer: buyer && { eq: buyer },
    phoneTail: phone && { eq: phone },
    product: product && { oneOf: eitherCase(numbersOf(product)) },
    merchant: merchant && { eq: merchant },
    hold: KINDS.includes(kind) && kind !== "REFUND" && { eq: kind },
    payment: PAYMENTS.includes(payment) && { eq: payment },
    fulfilment: FULFILMENTS.includes(fulfilment) && { eq: fulfilment },
    afterSales: AFTER_SALES.includes(afterSales) && { eq: afterSales },
    breach: CLOCKS.includes(missed) && { eq: missed },
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
