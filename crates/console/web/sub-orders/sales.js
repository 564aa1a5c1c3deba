// What the merchants below sold today and within seven days, and at which of them anything was ordered.

import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { now } from "../api.js";
import { useApp, useAsk } from "../ui.js";
import { addDays, dayOf, startOf } from "../zone.js";

const SEE = ["PLATFORM", "OWNER", "CLERK", "AUDITOR"];
const YEAR = 400 * 86_400_000;
/** Figures are asked anew this often, in milliseconds. */
const REFRESH = 60_000;
const NONE = [];
/** They are told of so many merchants, those with the most orders. */
export const MOST_FIGURES = 250;

const FIGURES = `paidAmount { currency } byMerchant(first: ${MOST_FIGURES}) { merchant { id } placedOrders paidOrders paidAmount { amount currency } }`;
const SALES_QUERY = `query ($today: TimeRange!, $week: TimeRange!, $currency: String!, $atLeast: Position) {
  today: dashboard(scope: SUBTREE, range: $today, currency: $currency, atLeast: $atLeast) { ${FIGURES} }
  week: dashboard(scope: SUBTREE, range: $week, currency: $currency, atLeast: $atLeast) { ${FIGURES} } }`;
const SOLD_QUERY = `query ($range: TimeRange!, $currency: String!) {
  dashboard(scope: SUBTREE, range: $range, currency: $currency) { byMerchant(first: ${MOST_FIGURES}) { merchant { id name closed } } } }`;

export function seesFigures({ role }) {
  return SEE.includes(role);
}

/** As `useAsk`, with `data: {today, week}`; nothing for whoever sees no figures. */
export function useSales(currency) {
  const { viewer, zone } = useApp();
  const [moment, setMoment] = useState(now);
  useEffect(() => {
    const timer = setInterval(() => !document.hidden && setMoment(now()), REFRESH);
    return () => clearInterval(timer);
  }, []);
  const given = useMemo(() => {
    const today = dayOf(zone, moment);
    const lt = new Date(moment).toISOString();
    return { today: { gte: startOf(zone, today), lt }, week: { gte: startOf(zone, addDays(today, -6)), lt }, currency };
  }, [zone, moment, currency]);
  return useAsk(seesFigures(viewer) ? SALES_QUERY : null, given);
}

/** `[{merchant}]`: where something was ordered that the caller sees, within the last year or so. The platform sees all merchants anyway. */
export function useSold(currency) {
  const { viewer } = useApp();
  const [range] = useState(() => ({ gte: new Date(now() - YEAR).toISOString(), lt: new Date(now()).toISOString() }));
  const { data } = useAsk(viewer.merchant && seesFigures(viewer) ? SOLD_QUERY : null, { range, currency });
  return data?.dashboard.byMerchant ?? NONE;
}
