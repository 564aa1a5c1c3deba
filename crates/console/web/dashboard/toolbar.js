// Which period, whose orders, in which money, and what counts where.

import { CurrencyChoice } from "../currency.js";
import { html } from "../html.js";
import { merchantOptions, MoreMerchants } from "../merchants.js";
import { Choice, Failed, TextField, useApp } from "../ui.js";
import { FIRST_DAY, isDay } from "../zone.js";
import { Segments } from "./parts.js";
import { MOST_DAYS, RANGES } from "./range.js";
import { daysText } from "./words.js";

export function Toolbar({ params, range, scope, known, currency, onChange, at, moment, onRefresh }) {
  const { t, viewer, language, format } = useApp();
  const basis = params.basis === "BOOKED" ? "BOOKED" : "COHORT";
  const merchants = known.merchants ?? [];
  const isAll = !viewer.merchant && !params.merchant;
  const hasBelow = merchants.some(({ parent }) => parent && parent === (params.merchant ?? viewer.merchant));
  const others = merchants.filter(({ id }) => id !== viewer.merchant);
  const own = merchants.find(({ id }) => id === viewer.merchant)?.name ?? viewer.merchant;
  const whole = { text: daysText(language, range.from, range.to), before: daysText(language, range.beforeFrom, range.beforeTo) };
  return html`<section class="sheet dash-bar" aria-label=${t("dash.what")}>
    <div class="dash-choices">
      <div class="field"><span class="label" aria-hidden="true">${t("dash.period")}</span>
        <${Segments} name=${t("dash.period")} current=${range.key} options=${RANGES.map((key) => [key, t(`dash.range.${key}`)])}
          to=${(key) => at({ range: key === "7" ? null : key, from: key === "custom" ? range.from : null, to: key === "custom" ? range.to : null })} /></div>
      ${range.key === "custom" && html`
        <${TextField} name=${t("dash.from")} type="date" value=${params.from ?? range.from} min=${FIRST_DAY} max=${params.to} onInput=${(from) => isDay(from) && onChange({ from })} />
        <${TextField} name=${t("dash.to")} type="date" value=${params.to ?? range.to} min=${params.from ?? FIRST_DAY} onInput=${(to) => isDay(to) && onChange({ to })} />`}
      ${others.length > 0 && html`<${Choice} name=${t("dash.merchant")} value=${params.merchant ?? ""} onChange=${(merchant) => onChange({ merchant: merchant || null })}
        options=${[["", viewer.merchant ? own : t("dash.allMerchants")], ...merchantOptions(others, params.merchant)]} />`}
      ${!isAll && (hasBelow || scope === "SUBTREE") && html`<${Choice} name=${t("dash.scope")} value=${scope} onChange=${(one) => onChange({ scope: one === "OWN" ? null : one })}
        options=${["OWN", "SUBTREE"].map((one) => [one, t(`Scope.${one}`)])} />`}
      <${CurrencyChoice} value=${currency} onChange=${(code) => onChange({ currency: code })} />
      <${Choice} name=${t("dash.basis")} value=${basis} onChange=${(one) => onChange({ basis: one === "COHORT" ? null : one })} options=${["COHORT", "BOOKED"].map((one) => [one, t(`dash.basis.${one}`)])} />
    </div>
    <${Failed} why=${known.why} again=${known.again} />
    <${MoreMerchants} of=${known} />
    <p class="hint">${t(`dash.basisAbout.${basis}`)}</p>
    <p class="hint">${t(range.isRunning ? "dash.comparedSoFar" : "dash.compared", { now: whole.text, before: whole.before, time: format.clock(moment) })}${range.isCut && ` ${t("dash.cut", { days: MOST_DAYS })}`}
      ${range.isRunning && html` <button class="plain" type="button" onClick=${onRefresh}>${t("dash.refresh")}</button>`}</p>
  </section>`;
}
