// Weekdays, days, hours and short numbers, as the language writes them. Days are no instants: they know no zone.

const made = new Map();

function dateFormat(language, options) {
  const key = `${language} ${JSON.stringify(options)}`;
  if (!made.has(key)) made.set(key, new Intl.DateTimeFormat(language, { timeZone: "UTC", ...options }));
  return made.get(key);
}

/** 1 is Monday; 2026-01-05 was one. */
export function weekdayText(language, weekday, length = "short") {
  return dateFormat(language, { weekday: length }).format(Date.UTC(2026, 0, 4 + weekday));
}

export function dayText(language, day) {
  return dateFormat(language, { month: "short", day: "numeric" }).format(Date.parse(day));
}

export function dayWithWeekday(language, day) {
  return dateFormat(language, { month: "short", day: "numeric", weekday: "short" }).format(Date.parse(day));
}

export function daysText(language, from, to) {
  return from === to ? dayText(language, from) : dateFormat(language, { month: "short", day: "numeric" }).formatRange(Date.parse(from), Date.parse(to));
}

export function hourText(hour) {
  return `${String(hour).padStart(2, "0")}:00`;
}

export function hoursText(hour) {
  return `${hourText(hour)}–${hourText(hour + 1)}`;
}

/** For axes, where there is little room. */
export function shortNumber(language, value) {
  const key = `short ${language}`;
  if (!made.has(key)) made.set(key, new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1 }));
  return made.get(key).format(value);
}
