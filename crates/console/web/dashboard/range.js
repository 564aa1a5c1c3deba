// Which period is looked at, and which one before it. Both stand in the address as days.

import { addDays, awayByDays, dayOf, isDay, startOf } from "../zone.js";

export const RANGES = ["today", "7", "30", "90", "custom"];
const DAYS = { today: 1, 7: 7, 30: 30, 90: 90 };
const DAY = 86_400_000;

/** More days in one picture could not be told apart. */
export const MOST_DAYS = 400;

function daysBetween(from, to) {
  return Math.round((Date.parse(to) - Date.parse(from)) / DAY);
}

/** The days that the address names: `{key, from, to}`, both included. */
function named({ range, from: wantedFrom, to: wantedTo }, today) {
  if (range === "custom" && (isDay(wantedFrom) || isDay(wantedTo))) {
    const last = isDay(wantedTo) ? wantedTo : today;
    const first = isDay(wantedFrom) ? wantedFrom : last;
    const [from, to] = first <= last ? [first, last] : [last, first];
    const isCut = daysBetween(from, to) >= MOST_DAYS;
    return { key: "custom", from: isCut ? addDays(to, 1 - MOST_DAYS) : from, to, isCut };
  }
  const key = range in DAYS ? range : range === "custom" ? "custom" : "7";
  return { key, from: addDays(today, 1 - (DAYS[key] ?? 7)), to: today };
}

/** `{key, from, to, days, span, now, before, isRunning, isCut}`; `now` and `before` are ranges of instants. A period that is not over is
 * compared with one that ends at the same time of day: a morning with a whole day would always be a loss. */
export function rangeOf(params, zone, moment) {
  const today = dayOf(zone, moment);
  const { key, from, to, isCut } = named(params, today);
  const span = daysBetween(from, to) + 1;
  const gte = startOf(zone, from);
  const isRunning = to >= today && from <= today;
  const lt = isRunning ? new Date(moment).toISOString() : startOf(zone, addDays(to, 1));
  const earlier = startOf(zone, addDays(from, -span));
  // The last day counts as far as it has come, so days that are yet to come are none.
  const come = isRunning ? daysBetween(from, today) + 1 : span;
  const until = isRunning ? new Date(awayByDays(zone, moment, -span)).toISOString() : gte;
  return {
    key, from, to: isRunning ? today : to, days: come, span, isRunning, isCut,
    now: { gte, lt },
    before: { gte: earlier, lt: until },
    beforeFrom: addDays(from, -span), beforeTo: addDays(from, come - span - 1),
  };
}

/** Of a range, the part that lies on a day. */
export function onDay(range, zone, day) {
  const gte = startOf(zone, day);
  const lt = startOf(zone, addDays(day, 1));
  return { gte: gte < range.gte ? range.gte : gte, lt: lt > range.lt ? range.lt : lt };
}
