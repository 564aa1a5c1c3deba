// How long things may take, and what is warned of: what holds for good, and what for some days.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Answer, Check, Field, FormDialog, useApp, useAsk, useCommand, When } from "../ui.js";
import { addDays, startOf } from "../zone.js";

const MINUTE = 60;
const HOUR = 3_600;
const DAY = 86_400;
/** In the unit in which people think of it. */
const TIMES = [
  ["payWithinSeconds", MINUTE], ["remindAfterSeconds", MINUTE], ["shipVirtualWithinSeconds", HOUR], ["collectPhysicalWithinSeconds", HOUR],
  ["answerRefundWithinSeconds", HOUR], ["escalateRefundAfterSeconds", HOUR], ["payRefundWithinSeconds", HOUR], ["observeForSeconds", DAY],
];
const UNITS = new Map([[MINUTE, "minutes"], [HOUR, "hours"], [DAY, "days"]]);
const SWITCHES = ["autoDeliver", "manualReview"];
const RATES = ["warnRefundRate", "warnConversion"];
const NEVER = { warnRefundRate: "1", warnConversion: "0", warnQueueAgeSeconds: 366 * DAY };
const NAMES = [...TIMES.map(([name]) => name), ...SWITCHES, ...RATES, "warnQueueAgeSeconds"];
const QUERY = `query ($merchant: ID!) { merchant(id: $merchant) { id name timeZone policy { ${NAMES.join(" ")} } datedPolicies { validFrom validTo ${NAMES.join(" ")} } } }`;

export function Policies({ merchant }) {
  const { t, viewer } = useApp();
  const asked = useAsk(QUERY, { merchant });
  const [isOpen, setOpen] = useState(false);
  const mayEdit = ["PLATFORM", "OWNER"].includes(viewer.role);
  return html`<${Answer} of=${asked}>${({ merchant: found }) => {
    if (!found) return html`<p class="empty">${t("settings.noMerchant")}</p>`;
    if (!found.policy) return html`<p class="empty">${t("settings.hidden")}</p>`;
    return html`<section class="sheet"><div class="title"><h2>${found.name}</h2>${mayEdit && html`<button onClick=${() => setOpen(true)}>${t("settings.edit")}</button>`}</div>
        <dl class="pairs"><${Pairs} policy=${found.policy} /></dl></section>
      <section class="sheet"><h2>${t("settings.dated")}</h2>${found.datedPolicies.length === 0 ? html`<p class="hint">${t("settings.noDated")}</p>` : html`<ul class="stack">${found.datedPolicies.map(
        (dated, index) => html`<li key=${index}><div><${When} at=${dated.validFrom} /> – ${dated.validTo ? html`<${When} at=${dated.validTo} />` : t("settings.forGood")}</div>
          <dl class="pairs"><${Pairs} policy=${dated} /></dl></li>`)}</ul>`}</section>
      ${isOpen && html`<${PolicyForm} policy=${found.policy} zone=${found.timeZone} merchant=${merchant} onDone=${asked.again} onClose=${() => setOpen(false)} />`}`;
  }}<//>`;
}

/** What a policy sets, in words. */
function Pairs({ policy }) {
  const { t, format } = useApp();
  const text = (name) => {
    const value = policy[name];
    if (name === "warnQueueAgeSeconds" || TIMES.some(([one]) => one === name)) return format.span(value);
    return typeof value === "boolean" ? t(value ? "settings.yes" : "settings.no") : format.percent(value);
  };
  return NAMES.filter((name) => policy[name] !== null).map((name) => html`<dt key=${name}>${t(`policy.${name}`)}</dt><dd>${text(name)}</dd>`);
}

function PolicyForm({ policy, zone, merchant, onDone, onClose }) {
  const { t, say } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [flags, setFlags] = useState(() => Object.fromEntries(SWITCHES.map((name) => [name, policy[name]])));
  const [isDated, setDated] = useState(false);
  const times = [...TIMES, ["warnQueueAgeSeconds", HOUR]];
  const send = async (form) => {
    const input = { merchant };
    const changed = (name, value) => {
      if (value !== null && Number(value) !== Number(policy[name])) input[name] = value;
    };
    const given = (name) => (form.get(name) === "" ? null : Number(form.get(name)));
    // What is left empty warns no more.
    const never = (name) => (policy[name] === null ? null : NEVER[name]);
    for (const [name, unit] of times) changed(name, given(name) === null ? (never(name) ?? null) : Math.round(given(name) * unit));
    for (const name of RATES) changed(name, given(name) === null ? never(name) : String(Number((given(name) / 100).toFixed(6))));
    for (const name of SWITCHES) if (flags[name] !== policy[name]) input[name] = flags[name];
    if (isDated) {
      if (form.get("validFrom")) input.validFrom = startOf(zone, form.get("validFrom"));
      // The last day counts in full.
      if (form.get("validTo")) input.validTo = startOf(zone, addDays(form.get("validTo"), 1));
    }
    const payload = await carryOut("setPolicy", input);
    if (payload) {
      say(t("settings.saved"));
      onDone();
    }
    return payload !== null;
  };
  const number = (name, label, value) => html`<${Field} key=${name} name=${label}>${(given) => html`<input type="number" ...${given} name=${name} min="0" step="any" required=${!(name in NEVER)} defaultValue=${value} />`}<//>`;
  return html`<${FormDialog} title=${t("settings.edit")} submit=${t("settings.save")} ...${{ isBusy, onClose }} onSubmit=${send}>
    ${times.map(([name, unit]) => number(name, `${t(`policy.${name}`)} (${t(`unit.${UNITS.get(unit)}`)})`, policy[name] === null ? "" : policy[name] / unit))}
    ${RATES.map((name) => number(name, `${t(`policy.${name}`)} (%)`, policy[name] === null ? "" : Number((policy[name] * 100).toFixed(4))))}
    <div class="wide">${SWITCHES.map((name) => html`<div key=${name}><${Check} name=${t(`policy.${name}`)} isChecked=${flags[name]} onChange=${(on) => setFlags({ ...flags, [name]: on })} /></div>`)}
      <${Check} name=${t("settings.forSomeDays")} isChecked=${isDated} onChange=${setDated} /></div>
    ${isDated && ["validFrom", "validTo"].map((name) => html`<${Field} key=${name} name=${`${t(`settings.${name}`)} (${zone})`}>${(given) => html`<input type="date" ...${given} name=${name} />`}<//>`)}
  <//>`;
}
