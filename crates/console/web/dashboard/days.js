// The course of the period: by day, or by hour where it is one day, beside the period before.

import { html } from "../html.js";
import { go, Link } from "../router.js";
import { useApp } from "../ui.js";
import { addDays } from "../zone.js";
import { Chart, Legend, Segments } from "./parts.js";
import { bars, line, Plot, ticksTo } from "./plot.js";
import { dayText, dayWithWeekday, hoursText, hourText, shortNumber } from "./words.js";

const MEASURES = ["placedOrders", "paidOrders", "paidAmount", "refundedOrders"];
/** As the API has it: of money a text, which is written to the last digit. */
const figureOf = (figures, measure) => (figures ? (measure === "paidAmount" ? figures.paidAmount.amount : figures[measure]) : null);
/** How high it is drawn. */
const height = (figure) => (figure === null ? null : Number(figure));

export function Days({ now, before, range, currency, measure: wanted, at, look }) {
  const { t, language, format } = useApp();
  const isOneDay = range.days === 1;
  const measures = isOneDay ? MEASURES.filter((one) => one !== "paidAmount") : MEASURES;
  const measure = measures.includes(wanted) ? wanted : "placedOrders";
  const [is, was] = isOneDay ? [now.byHour, before.byHour] : [now.byDay, before.byDay];
  const figures = is.map((one) => figureOf(one, measure));
  // Of a long period the API leaves out days before the first order: what belongs together is told by the date.
  const dated = new Map(isOneDay ? [] : was.map((day) => [day.date, day]));
  const earlier = is.map((one, index) => figureOf(isOneDay ? was[index] : dated.get(addDays(one.date, -range.span)), measure));
  const [values, earlierValues] = [figures.map(height), earlier.map(height)];
  const written = (figure) => figure === null ? "–" : measure === "paidAmount" ? format.money({ amount: figure, currency }) : format.number(figure);
  const label = (index) => isOneDay ? hoursText(is[index].hour) : dayWithWeekday(language, is[index].date);
  const pick = (index) => look({ look: measure === "paidAmount" ? "PAID_AMOUNT" : { placedOrders: "PLACED_ORDERS", paidOrders: "PAID_ORDERS", refundedOrders: "REFUNDED_ORDERS" }[measure],
    ...(isOneDay ? { hour: String(is[index].hour) } : { day: is[index].date }) });
  const top = values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
  const name = t(`dash.${measure}`);
  const about = values[top] > 0 ? t("dash.most", { when: label(top), value: written(figures[top]) }) : t("dash.nothing");
  const table = () => ({
    columns: [{ key: "when", name: t(isOneDay ? "dash.hour" : "dash.day") }, { key: "now", name: t("dash.now"), isNumber: true }, { key: "before", name: t("dash.before"), isNumber: true }],
    rows: is.map((_, index) => ({ key: index, cells: [html`<${Link} to=${pick(index)}>${label(index)}<//>`, written(figures[index]), written(earlier[index])] })),
  });
  const names = is.map((one) => (isOneDay ? hourText(one.hour) : dayText(language, one.date)));
  return html`<${Chart} id="days" title=${t(isOneDay ? "dash.byHourOfDay" : "dash.byDay")} about=${about} table=${table}
    beside=${html`<${Segments} name=${t("dash.measure")} current=${measure} to=${(one) => at({ curve: one === "placedOrders" ? null : one })} options=${measures.map((one) => [one, t(`dash.${one}`)])} />`}>
    <${Legend} of=${[["key-now", t("dash.now")], ["key-before", t("dash.beforeFrom", { from: dayText(language, range.beforeFrom) })]]} />
    <${Plot} name=${name} about=${about} count=${is.length} names=${names} onPick=${(index) => go(pick(index))}
      ticks=${ticksTo(Math.max(...values, ...earlierValues, 1))} tickText=${(value) => shortNumber(language, value)}
      readout=${(index) => t("dash.readout", { when: label(index), now: written(figures[index]), before: written(earlier[index]) })}
      draw=${(space) => [bars(values, space, "bar-now"), line(earlierValues, space, "line-before")]} />
  <//>`;
}
