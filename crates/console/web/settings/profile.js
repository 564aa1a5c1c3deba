// A merchant's time zone, and where its buyers pay.

import { html } from "../html.js";
import { Answer, Field, useApp, useAsk, useCommand } from "../ui.js";

const QUERY = "query ($merchant: ID!) { merchant(id: $merchant) { id name timeZone payUrl } }";

export function Profile({ merchant }) {
  const { t, viewer, say, look } = useApp();
  const asked = useAsk(QUERY, { merchant });
  const [isBusy, carryOut] = useCommand();
  const mayEdit = ["PLATFORM", "OWNER"].includes(viewer.role);
  const save = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    if (await carryOut("setProfile", { merchant, timeZone: form.get("timeZone"), payUrl: form.get("payUrl").trim() })) {
      say(t("settings.saved"));
      asked.again();
      look();
    }
  };
  return html`<${Answer} of=${asked}>${({ merchant: found }) => {
    if (!found) return html`<p class="empty">${t("settings.noMerchant")}</p>`;
    const zones = [...new Set([found.timeZone, "UTC", ...Intl.supportedValuesOf("timeZone")])];
    return html`<form class="sheet" onSubmit=${save}><h2>${found.name}</h2><div class="fields">
      <${Field} name=${t("settings.timeZone")} hint=${t("settings.timeZoneHint")}>${(given) => html`<select ...${given} name="timeZone" disabled=${!mayEdit}>
        ${zones.map((zone) => html`<option key=${zone} value=${zone} selected=${zone === found.timeZone}>${zone}</option>`)}</select>`}<//>
      <${Field} name=${t("settings.payUrl")} hint=${t("settings.payUrlHint")} isWide>${(given) => html`<input type="url" ...${given} name="payUrl" readonly=${!mayEdit}
        defaultValue=${found.payUrl ?? ""} placeholder="https://pay.example.com/?order={number}" />`}<//>
    </div>${mayEdit && html`<button disabled=${isBusy}>${t("settings.save")}</button>`}</form>`;
  }}<//>`;
}
