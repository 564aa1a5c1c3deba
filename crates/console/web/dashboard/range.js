// Which period is looked at, and which one before it. Both stand in the address as days.

import { addDays, dayOf, startOf } from "../zone.js";

export const RANGES = ["today", "7", "30", "90", "custom"];
const DAYS = { today: 1, 7: 7, 30: 30, 90: 90 };
const DAY = 86_400_000;

const isDay = (text) => /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(Date.parse(text));

export function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY);
}

/** The days that the address names: `{key, from, to}`, both included. */
function named({ range, from, to }, today) {
  if (range === "custom" && (isDay(from) || isDay(to))) {
    const last = isDay(to) ? to : today;
    const first = isDay(from) ? from : last;
    return first <= last ? { key: "custom", from: first, to: last } : { key: "custom", from: last, to: first };
  }
  const key = range in DAYS ? range : range === "custom" ? "custom" : "7";
  return { key, from: addDays(today, 1 - (DAYS[key] ?? 7)), to: today };
}

/** `{key, from, to, days, now, before, isRunning}`; `now` and `before` are ranges of instants. A period that is not over is
 * compared with one that ends at the same time of day: a morning with a whole day would always be a loss. */
export function rangeOf(params, zone, moment) {
  const today = dayOf(zone, moment);
  const { key, from, to } = named(params, today);
  const days = daysBetween(from, to) + 1;
  const gte = startOf(zone, from);
  const isRunning = to >= today && from <= today;
  const lt = isRunning ? new Date(moment).toISOString() : startOf(zone, addDays(to, 1));
  const earlier = startOf(zone, addDays(from, -days));
  // The last day counts as far as it has come, so days that are yet to come are none.
  const come = isRunning ? daysBetween(from, today) + 1 : days;
  const until = isRunning ? new Date(moment - days * DAY).toISOString() : gte;
  return {
    key, from, to: isRunning ? today : to, days: come, isRunning,
    now: { gte, lt },
    before: { gte: earlier, lt: until },
    beforeFrom: addDays(from, -days), beforeTo: addDays(from, come - days - 1),
  };
}

/** Of a range, the part that lies on a day. */
export function onDay(range, zone, day) {
  const gte = startOf(zone, day);
  const lt = startOf(zone, addDays(day, 1));
  return { gte: gte < range.gte ? range.gte : gte, lt: lt > range.lt ? range.lt : lt };
}
