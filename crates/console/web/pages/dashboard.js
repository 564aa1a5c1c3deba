// The figures of a period, how they changed, and what is behind them.

import { useEffect, useMemo, useState } from "../vendor/hooks.js";
import { now } from "../api.js";
import { currencyOf } from "../currency.js";
import { Clocks } from "../dashboard/clocks.js";
import { Days } from "../dashboard/days.js";
import { Figures } from "../dashboard/figures.js";
import { Forecast } from "../dashboard/forecast.js";
import { Heat } from "../dashboard/heat.js";
import { Hours } from "../dashboard/hours.js";
import { NO_LOOK } from "../dashboard/look.js";
import { ACTORS_QUERY, COURSE_QUERY, FIGURES_QUERY, RANKS_QUERY, REPEAT_QUERY } from "../dashboard/queries.js";
import { rangeOf } from "../dashboard/range.js";
import { Actors, Merchants, Products, Reasons } from "../dashboard/ranks.js";
import { Sheet } from "../dashboard/sheet.js";
import { Stages } from "../dashboard/stages.js";
import { Toolbar } from "../dashboard/toolbar.js";
import { html } from "../html.js";
import { useMerchants } from "../merchants.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { DASHBOARD } from "../texts/dashboard.js";
import { Answer, Title, useApp, useAsk } from "../ui.js";

addTexts(DASHBOARD);

/** A period that is not over is asked anew this often, in milliseconds. */
const REFRESH = 60_000;

export default function Dashboard() {
  const { t, viewer, zone } = useApp();
  const { params } = useAddress();
  const [moment, setMoment] = useState(now);
  const [refreshed, setRefreshed] = useState(0);
  const { range: key, from, to, merchant, basis, look } = params;
  const currency = currencyOf(params);
  const scope = params.scope === "SUBTREE" || (!viewer.merchant && !merchant) ? "SUBTREE" : "OWN";
  const range = useMemo(() => rangeOf({ range: key, from, to }, zone, moment), [key, from, to, zone, moment]);
  const given = useMemo(
    () => ({ merchant: merchant ?? null, scope, zone, currency, basis: basis === "BOOKED" ? "BOOKED" : "COHORT", now: range.now, before: range.before }),
    [merchant, scope, zone, currency, basis, range],
  );
  const { before: _, ...alone } = given;
  const figures = useAsk(FIGURES_QUERY, given);
  const course = useAsk(COURSE_QUERY, given);
  const repeat = useAsk(REPEAT_QUERY, given);
  const ranks = useAsk(RANKS_QUERY, alone);
  // It looks at each order: not every minute, but when it is asked for.
  const workOf = useMemo(() => alone, [merchant, scope, zone, currency, basis, key, from, to, refreshed]);
  const actors = useAsk(ACTORS_QUERY, workOf);
  const known = useMerchants();
  const merchants = known.merchants ?? [];
  const isLooking = look !== undefined;
  useEffect(() => {
    if (!range.isRunning || isLooking) return undefined;
    const timer = setInterval(() => !document.hidden && setMoment(now()), REFRESH);
    return () => clearInterval(timer);
  }, [range.isRunning, isLooking]);

  const refresh = () => {
    setMoment(now());
    setRefreshed((count) => count + 1);
  };
  const at = (next) => address("/dashboard", { ...params, ...NO_LOOK, ...next });
  const turn = (next, isSame) => go(address("/dashboard", { ...params, ...next }), isSame);
  const isLoading = figures.isLoading || course.isLoading;
  // What is wrong with the question is said once, with the figures.
  const hasCharts = figures.data || !figures.why;
  const shown = { look: at, at };
  return html`<${Title}>${t("page.dashboard")}<//>
    <${Toolbar} ...${{ params, range, scope, currency, at, moment, known }} onChange=${(next) => go(at(next))} onRefresh=${refresh} />
    <div class="dash" aria-busy=${isLoading ? "true" : null}>
      <${Answer} of=${figures}>${(data) => html`<${Figures} ...${{ now: data.now, before: data.before, repeat, ...shown }} />`}<//>
      ${hasCharts && html`<div class="charts">
        <div class="charts-column">
          <${Answer} of=${course}>${(data) => html`
            <${Days} ...${{ now: data.now, before: data.before, range, currency, measure: params.curve, ...shown }} />
            <${Heat} cells=${data.now.byWeekdayHour} measure=${params.cells} ...${shown} />`}<//>
          <${Forecast} given=${given} />
          <${Answer} of=${ranks}>${(data) => html`
            <${Products} products=${data.now.byProduct} withMerchant=${scope === "SUBTREE"} ...${shown} />
            ${data.now.byMerchant.length > 1 && html`<${Merchants} merchants=${data.now.byMerchant} ...${shown} />`}`}<//>
        </div>
        <div class="charts-column">
          ${figures.data && html`<${Stages} stages=${figures.data.now.stages} />`}
          ${course.data && html`<${Hours} hours=${course.data.now.byHour} ...${shown} />`}
          ${figures.data && html`<${Clocks} ...${{ now: figures.data.now, before: figures.data.before, ...shown }} />`}
          ${ranks.data && html`<${Reasons} reasons=${ranks.data.now.byRefundReason} ...${shown} />`}
          <${Actors} of=${actors} ...${shown} />
        </div>
      </div>`}
    </div>
    ${isLooking && html`<${Sheet} key=${JSON.stringify([look, params.of, params.whose, params.day, params.weekday, params.hour])} ...${{ params, given, range, merchants }} at=${turn} onClose=${() => go(at({}), true)} />`}`;
}
