// Who may come in: tokens are issued, shown once, and revoked.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Answer, Chip, Dialog, Field, FormDialog, Further, Table, useApp, useAsk, useCommand, When } from "../ui.js";
import { addDays, startOf } from "../zone.js";

const ROLES = ["OWNER", "CLERK", "SUPPORT", "AUDITOR", "ANALYST", "BUYER", "WEBHOOK"];
const QUERY = `query ($after: String, $atLeast: Position) { tokens(first: 100, after: $after, atLeast: $atLeast) {
  nodes { id role merchant label createdAt expiresAt revokedAt lastUsedAt } pageInfo { hasNextPage endCursor } } }`;

export function Tokens() {
  const { t, viewer, say } = useApp();
  const [after, setAfter] = useState(null);
  const [isOpen, setOpen] = useState(false);
  const [secret, setSecret] = useState(null);
  const [leaving, setLeaving] = useState(null);
  const [isBusy, carryOut] = useCommand();
  const asked = useAsk(QUERY, { after });
  const revoke = async () => {
    const payload = await carryOut("revokeToken", { token: leaving.id });
    if (payload) {
      say(t("settings.revoked"));
      asked.again();
    }
    return payload !== null;
  };
  const columns = [{ key: "label", name: t("settings.label") }, { key: "role", name: t("settings.role") }, { key: "merchant", name: t("settings.merchant") },
    { key: "created", name: t("settings.created") }, { key: "expires", name: t("settings.expires") }, { key: "used", name: t("settings.lastUsed") }, { key: "revoke", name: "" }];
  const row = (token) => ({ key: token.id, cells: [
    html`${token.label || "–"} <div class="hint"><code>${token.id.slice(-12)}</code></div>`, t(`Role.${token.role}`), token.merchant ?? "–",
    html`<${When} at=${token.createdAt} />`, token.expiresAt ? html`<${When} at=${token.expiresAt} />` : t("settings.never"), html`<${When} at=${token.lastUsedAt} />`,
    token.revokedAt ? html`<${Chip} kind="bad">${t("settings.isRevoked")}<//>`
      : token.id === viewer.id ? html`<span class="hint">${t("settings.yourOwn")}</span>`
        : html`<button class="quiet" aria-label=${`${t("settings.revoke")} ${token.label || token.id.slice(-12)}`} onClick=${() => setLeaving(token)}>${t("settings.revoke")}</button>`] });
  return html`<div class="title"><p class="hint">${t("settings.tokensAbout")}</p><button onClick=${() => setOpen(true)}>${t("settings.issue")}</button></div>
    <${Answer} of=${asked}>${({ tokens }) => html`<${Table} caption=${t("settings.tokens")} columns=${columns} rows=${tokens.nodes.map(row)} empty=${t("settings.noTokens")} />
      <${Further} info=${tokens.pageInfo} onFirst=${after && (() => setAfter(null))} onNext=${setAfter} />`}<//>
    ${isOpen && html`<${IssueForm} onClose=${() => setOpen(false)} onIssued=${(shown) => {
      setSecret(shown);
      asked.again();
    }} />`}
    ${leaving && html`<${FormDialog} title=${t("settings.revoke")} submit=${t("settings.revoke")} isDangerous isBusy=${isBusy} onSubmit=${revoke} onClose=${() => setLeaving(null)}>
      <p class="wide">${t("settings.revokeAbout", { name: `${t(`Role.${leaving.role}`)} ${leaving.label || leaving.id.slice(-12)}` })}</p><//>`}
    ${secret && html`<${Dialog} title=${t("settings.issued")} onClose=${() => setSecret(null)}><p>${t("settings.secretAbout")}</p>
      <p class="secrets"><code>${secret}</code></p><button onClick=${() => navigator.clipboard?.writeText(secret).then(() => say(t("settings.copied")))}>${t("settings.copy")}</button><//>`}`;
}

function IssueForm({ onIssued, onClose }) {
  const { t, viewer, zone } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [role, setRole] = useState("CLERK");
  const roles = viewer.role === "PLATFORM" ? ["PLATFORM", ...ROLES] : ROLES;
  const send = async (form) => {
    const text = (name) => form.get(name)?.trim() || undefined;
    // Good for the whole of its last day.
    const expiresAt = text("expires") && startOf(zone, addDays(text("expires"), 1));
    const payload = await carryOut("issueToken", { role, merchant: text("merchant"), buyer: text("buyer"), label: text("label"), expiresAt }, "secret");
    if (payload) onIssued(payload.secret);
    return payload !== null;
  };
  const field = (name, rest = {}) => html`<${Field} name=${t(`settings.${name}`)}>${(given) => html`<input type="text" ...${given} name=${name} ...${rest} />`}<//>`;
  return html`<${FormDialog} title=${t("settings.issue")} submit=${t("settings.issue")} ...${{ isBusy, onClose }} onSubmit=${send}>
    <${Field} name=${t("settings.role")} hint=${t(`roleAbout.${role}`)}>${(given) => html`<select ...${given} value=${role} onChange=${(event) => setRole(event.currentTarget.value)}>
      ${roles.map((one) => html`<option key=${one} value=${one} selected=${one === role}>${t(`Role.${one}`)}</option>`)}</select>`}<//>
    ${field("label")}
    ${viewer.role === "PLATFORM" && role !== "PLATFORM" && field("merchant", { required: !["AUDITOR", "ANALYST"].includes(role) })}
    ${role === "BUYER" && field("buyer", { required: true })}
    ${field("expires", { type: "date" })}
  <//>`;
}
