// What is to be expected in the week after the range, beside the week before, and how good such a forecast was.

import { useMemo } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Answer, useApp, useAsk } from "../ui.js";
import { Chart, Legend } from "./parts.js";
import { bars, line, Plot, ticksTo } from "./plot.js";
import { FORECAST_QUERY, WEEK_QUERY } from "./queries.js";
import { weekdayText } from "./words.js";

const HOUR = 3_600_000;
const parts = new Map();

/** `[weekday, hour]` of an instant in a zone; 1 is Monday. */
function weekHour(zone, at) {
  if (!parts.has(zone)) parts.set(zone, new Intl.DateTimeFormat("en-u-ca-gregory", { timeZone: zone, hourCycle: "h23", weekday: "short", hour: "numeric" }));
  const named = Object.fromEntries(parts.get(zone).formatToParts(at).map(({ type, value }) => [type, value]));
  return [["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"].indexOf(named.weekday) + 1, Number(named.hour)];
}

export function Forecast({ given }) {
  const { t } = useApp();
  const { before: _, ...rest } = given;
  const forecast = useAsk(FORECAST_QUERY, rest);
  return html`<${Answer} of=${forecast}>${({ now }) => now.forecast.hours.length > 0
    ? html`<${Weeks} forecast=${now.forecast} given=${rest} />`
    : html`<${Chart} id="forecast" title=${t("dash.forecast")} about=${t("dash.noForecast")} />`}<//>`;
}

function Weeks({ forecast, given }) {
  const { t, language, format, zone } = useApp();
  const start = Date.parse(forecast.hours[0].at);
  const variables = useMemo(() => ({ ...given, basis: "COHORT", now: { gte: new Date(start - 168 * HOUR).toISOString(), lt: new Date(start).toISOString() } }), [start, given]);
  const week = useAsk(WEEK_QUERY, variables);
  const known = new Map(week.data?.now.byWeekdayHour.map((cell) => [`${cell.weekday} ${cell.hour}`, cell.placedOrders]));
  const expected = forecast.hours.map((hour) => Number(hour.placedOrders));
  const lately = forecast.hours.map((hour) => known.get(weekHour(zone, new Date(hour.at)).join(" ")) ?? null);
  const sum = expected.reduce((total, value) => total + value, 0);
  const last = lately.reduce((total, value) => total + (value ?? 0), 0);
  const top = expected.indexOf(Math.max(...expected));
  const about = [
    t("dash.forecastSum", { count: format.number(Math.round(sum)), last: format.number(last), when: format.moment(forecast.hours[top].at) }),
    forecast.error === null ? t("dash.noError", { weeks: forecast.weeks })
      : t("dash.error", { weeks: forecast.weeks, error: format.percent(forecast.error), naive: format.percent(forecast.naiveError) }),
  ].join(" ");
  const table = () => ({
    columns: [{ key: "hour", name: t("dash.hour") }, { key: "expected", name: t("dash.expected"), isNumber: true }, { key: "lately", name: t("dash.lastWeek"), isNumber: true }],
    rows: forecast.hours.map((hour, index) => ({ key: hour.at, cells: [format.moment(hour.at), format.number(expected[index]), lately[index] === null ? "–" : format.number(lately[index])] })),
  });
  // A day's name stands below its noon.
  const names = forecast.hours.map((hour) => {
    const [weekday, oclock] = weekHour(zone, new Date(hour.at));
    return oclock === 12 ? weekdayText(language, weekday) : "";
  });
  return html`<${Chart} id="forecast" title=${t("dash.forecast")} about=${about} table=${table}>
    <${Legend} of=${[["key-line", t("dash.expected")], ["key-dim", t("dash.lastWeek")]]} />
    <${Plot} name=${t("dash.forecast")} about=${about} count=${expected.length} labelWidth=${0} names=${names}
      ticks=${ticksTo(Math.max(...expected, ...lately, 1))}
      readout=${(index) => t("dash.forecastReadout", { when: format.moment(forecast.hours[index].at), expected: format.number(expected[index]), last: lately[index] === null ? "–" : format.number(lately[index]) })}
      draw=${(space) => [bars(lately.map((value) => value ?? 0), space, "bar-dim", 0.9), line(expected, space, "line-now")]} />
  <//>`;
}
