// What of the page is looked at more closely: it stands in the address, and is told in words.

import { actorName } from "../order/history.js";
import { dayText, hoursText, weekdayText } from "./words.js";

/** Each metric's text. */
export const METRICS = Object.fromEntries([
  "PLACED_ORDERS", "PAID_ORDERS", "REFUNDED_ORDERS", "PAID_AMOUNT", "DELIVERED_ORDERS", "UNATTENDED_ORDERS", "EXCEPTION_ORDERS", "REFUND_REQUESTS",
  "ANSWERED_REFUNDS", "REFUNDS_ANSWERED_IN_TIME", "SHIP_VIRTUAL_BREACHES", "COLLECT_BREACHES", "ANSWER_REFUND_BREACHES", "ESCALATE_REFUND_BREACHES", "PAY_REFUND_BREACHES",
].map((metric) => [metric, `Metric.${metric}`]));

/** In the address, beside what the page itself has there. */
const LOOK = ["look", "of", "whose", "day", "weekday", "hour", "after"];
export const NO_LOOK = Object.fromEntries(LOOK.map((name) => [name, null]));

export function titleOf({ params, merchants, t, language }) {
  const { look, of, whose, day, weekday, hour } = params;
  const parts = [];
  if (look === "product") parts.push(t("dash.ordersWith", { product: of }));
  else if (look === "reason") parts.push(t("Metric.REFUND_REQUESTS"), of === "none" ? t("dash.noReason") : t(`ReasonCode.${of}`));
  else if (look === "actor") parts.push(t("dash.workOf", { who: of.startsWith("system:") ? actorName(t, { name: of }) : of.slice(-6) }));
  else parts.push(t(METRICS[look] ?? "dash.nothing"));
  if (whose) parts.push(merchants.find(({ id }) => id === whose)?.name ?? whose);
  if (day) parts.push(dayText(language, day));
  if (weekday) parts.push(weekdayText(language, Number(weekday), "long"));
  if (hour) parts.push(hoursText(Number(hour)));
  return parts.join(" · ");
}
