// Settings: what holds for a merchant's orders, who may come in, and who stands below.

import { html } from "../html.js";
import { address, go, useAddress } from "../router.js";
import { Merchants } from "../settings/merchants.js";
import { Policies } from "../settings/policies.js";
import { Profile } from "../settings/profile.js";
import { Tokens } from "../settings/tokens.js";
import { addTexts } from "../text.js";
import { SETTINGS } from "../texts/settings.js";
import { Field, Tabs, Title, useApp } from "../ui.js";

addTexts(SETTINGS);

const PARTS = [
  { key: "policies", Part: Policies, ofMerchant: true },
  { key: "profile", Part: Profile, ofMerchant: true },
  { key: "tokens", Part: Tokens, roles: ["PLATFORM", "OWNER"] },
  { key: "merchants", Part: Merchants },
];

export default function Settings() {
  const { t, viewer } = useApp();
  const { params } = useAddress();
  const parts = PARTS.filter(({ roles }) => !roles || roles.includes(viewer.role));
  const { key, Part, ofMerchant } = parts.find((one) => one.key === params.part) ?? parts[0];
  const merchant = viewer.merchant ?? params.merchant ?? "";
  const tabs = parts.map((one) => ({ key: one.key, text: t(`settings.${one.key}`), to: address("/settings", { part: one.key, merchant: params.merchant }) }));
  const choose = (event) => {
    event.preventDefault();
    go(address("/settings", { part: key, merchant: new FormData(event.currentTarget).get("merchant").trim() }));
  };
  return html`<${Title}>${t("page.settings")}<//>
    <${Tabs} name=${t("page.settings")} tabs=${tabs} current=${key} />
    ${ofMerchant && !viewer.merchant && html`<form class="sheet buttons" onSubmit=${choose}>
      <${Field} name=${t("settings.merchant")}>${(given) => html`<input type="text" ...${given} name="merchant" defaultValue=${merchant} required spellcheck=${false} />`}<//>
      <button class="quiet">${t("settings.show")}</button></form>`}
    ${ofMerchant && !merchant ? html`<p class="empty">${t("settings.chooseMerchant")}</p>` : html`<${Part} key=${merchant} merchant=${merchant} />`}`;
}
