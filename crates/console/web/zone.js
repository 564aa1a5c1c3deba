// Days of a time zone. A day is written as `2026-11-27`, as date fields have it.

const MINUTE = 60_000;
const DAY = 86_400_000;
const parts = new Map();

function wallClock(zone, instant) {
  if (!parts.has(zone)) {
    const options = { timeZone: zone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
      hour: "numeric", minute: "numeric", second: "numeric" };
    parts.set(zone, new Intl.DateTimeFormat("en-u-ca-gregory", options));
  }
  const named = Object.fromEntries(parts.get(zone).formatToParts(instant).map(({ type, value }) => [type, Number(value)]));
  return Date.UTC(named.year, named.month - 1, named.day, named.hour, named.minute, named.second);
}

/** The day on which an instant (milliseconds) lies. */
export function dayOf(zone, instant) {
  return new Date(wallClock(zone, instant)).toISOString().slice(0, 10);
}

/** The instant at which a zone's clocks show `wall`. Where they skip it, one soon after it. */
function instantOf(zone, wall) {
  // Offsets lie between -12 and +14 hours; the instant is found where the wall clock first shows the time.
  let instant = wall - (wallClock(zone, wall) - wall);
  instant = wall - (wallClock(zone, instant) - instant);
  while (wallClock(zone, instant) < wall) instant += 15 * MINUTE;
  return instant;
}

/** The first instant of a day, in RFC 3339. Where clocks skip midnight, the first one after it. */
export function startOf(zone, day) {
  return new Date(instantOf(zone, Date.parse(`${day}T00:00:00Z`))).toISOString();
}

/** The instant (milliseconds) some days away, at the same time of day. */
export function awayByDays(zone, instant, count) {
  // Wall clocks are told to the second.
  const rest = ((instant % 1_000) + 1_000) % 1_000;
  return instantOf(zone, wallClock(zone, instant) + count * DAY) + rest;
}

/** `addDays("2026-11-27", -6)`. */
export function addDays(day, count) {
  return new Date(Date.parse(`${day}T00:00:00Z`) + count * DAY).toISOString().slice(0, 10);
}

/** A year that is being typed has been one of the first millennium. */
export const FIRST_DAY = "2000-01-01";

export function isDay(text) {
  return /^\d{4}-\d{2}-\d{2}$/.test(text ?? "") && !Number.isNaN(Date.parse(text)) && text >= FIRST_DAY;
}
