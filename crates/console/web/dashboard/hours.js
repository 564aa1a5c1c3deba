// By hour of the day: how much is ordered, and how much of it is refunded.

import { html } from "../html.js";
import { go, Link } from "../router.js";
import { useApp } from "../ui.js";
import { Chart } from "./parts.js";
import { bars, Plot, ticksTo } from "./plot.js";
import { hoursText, shortNumber } from "./words.js";

export function Hours({ hours, look }) {
  const { t, language, format } = useApp();
  const names = hours.map(({ hour }) => String(hour));
  const rate = ({ refundRate }) => (refundRate === null ? null : Number(refundRate));
  const rates = hours.map((one) => rate(one) ?? 0);
  const placed = hours.map(({ placedOrders }) => placedOrders);
  const words = (index) => t("dash.hourReadout", { when: hoursText(index), placed: format.number(placed[index]), refunds: format.percent(hours[index].refundRate) });
  const highest = (values) => values.reduce((best, value, index) => (value > values[best] ? index : best), 0);
  const worst = highest(rates);
  const about = Math.max(...rates) > 0 ? t("dash.refundsMost", { when: hoursText(worst), rate: format.percent(hours[worst].refundRate) }) : t("dash.noRefunds");
  const pick = (metric) => (index) => look({ look: metric, hour: String(index) });
  const table = () => ({
    columns: [{ key: "hour", name: t("dash.hour") }, ...["placedOrders", "paidOrders", "refundedOrders", "refundRate"].map((key) => ({ key, name: t(`dash.${key}`), isNumber: true }))],
    rows: hours.map((one) => ({ key: one.hour, cells: [html`<${Link} to=${pick("PLACED_ORDERS")(one.hour)}>${hoursText(one.hour)}<//>`, format.number(one.placedOrders), format.number(one.paidOrders), format.number(one.refundedOrders), format.percent(one.refundRate)] })),
  });
  const plot = (name, text, values, style, metric, isRate) => html`<h3>${name}</h3>
    <${Plot} name=${name} about=${text} height=${116} count=${24} names=${names} labelWidth=${20} readout=${words} onPick=${(index) => go(pick(metric)(index))}
      ticks=${isRate ? ticksTo(Math.max(...values, 0.01), false) : ticksTo(Math.max(...values, 1))}
      tickText=${isRate ? format.percent : (value) => shortNumber(language, value)} draw=${(space) => bars(values, space, style)} />`;
  const most = highest(placed);
  return html`<${Chart} id="hours" title=${t("dash.hours")} about=${about} table=${table}>
    ${plot(t("dash.placedOrders"), t("dash.most", { when: hoursText(most), value: format.number(placed[most]) }), placed, "bar-now", "PLACED_ORDERS", false)}
    ${plot(t("dash.refundRate"), about, rates, "bar-bad", "REFUNDED_ORDERS", true)}
  <//>`;
}
