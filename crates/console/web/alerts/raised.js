// The thresholds that are crossed now. What is low is one line a merchant: there may be many of it.

import { html } from "../html.js";
import { address, Link } from "../router.js";
import { Chip, Table, useApp, When } from "../ui.js";
import { placeOf, says } from "./says.js";

const SHOWN = 12;

/** Until a change tells what was measured, the policy tells the threshold. */
function threshold({ policy }, kind) {
  if (kind === "QUEUE_AGE") return policy?.warnQueueAgeSeconds;
  const rate = { REFUND_RATE: policy?.warnRefundRate, CONVERSION: policy?.warnConversion }[kind];
  return rate ? Math.round(Number(rate) * 1_000_000) : null;
}

/** `isAll`: these are all merchants; of fewer nobody can say that nothing is raised. `isLoading`: whether changes from before are
 * still to come. */
export function Raised({ merchants, changes, isAll, isLoading }) {
  const app = useApp();
  const { t, viewer, format } = app;
  const latest = (merchant, { kind, sku }) => changes.find((one) => one.raised && one.merchant?.id === merchant.id && one.kind === kind && (one.sku ?? null) === (sku ?? null));
  const columns = [
    { key: "kind", name: t("alerts.what"), isHead: true }, ...(viewer.merchant ? [] : [{ key: "merchant", name: t("queue.merchant") }]),
    { key: "says", name: t("alerts.measured") }, { key: "since", name: t("alerts.since") }, { key: "go", name: t("alerts.look") },
  ];
  const since = (found) => (found ? html`<${When} at=${found.occurredAt} />` : html`<span class="hint">${t(isLoading ? "loading" : "alerts.sinceUnknown")}</span>`);
  const settings = (merchant) => html`<${Link} to=${address("/settings", viewer.merchant ? {} : { merchant: merchant.id })}>${t("alerts.set")}<//>`;
  const row = (merchant, alert) => {
    const found = latest(merchant, alert);
    const [text, to] = placeOf(app, { ...alert, merchant: merchant.id });
    return { key: `${merchant.id} ${alert.kind}`, cells: [
      html`<${Chip} kind="bad">${t(`AlertKind.${alert.kind}`)}<//>`, ...(viewer.merchant ? [] : [html`<span class="alerts-merchant">${merchant.name}</span>`]),
      says(app, found ?? { ...alert, raised: true, threshold: threshold(merchant, alert.kind) }),
      since(found), html`<${Link} to=${to}>${text}<//> · ${settings(merchant)}`,
    ] };
  };
  const low = (merchant, alerts) => ({ key: `${merchant.id} LOW_STOCK`, cells: [
    html`<${Chip} kind="warn">${t("AlertKind.LOW_STOCK")}<//>`, ...(viewer.merchant ? [] : [html`<span class="alerts-merchant">${merchant.name}</span>`]),
    html`${t("alerts.lows", { count: format.number(alerts.length) })}<div class="skus">${alerts.slice(0, SHOWN).map(({ sku }) =>
      html`<${Link} key=${sku} to=${placeOf(app, { kind: "LOW_STOCK", sku, merchant: merchant.id })[1]}>${sku}<//>`)}${alerts.length > SHOWN && html`<span class="hint">…</span>`}</div>`,
    alerts.length > 1 ? html`<span class="hint">${t("alerts.sinceEach")}</span>` : since(latest(merchant, alerts[0])), html`<${Link} to=${address("/stock", { low: "1", merchant: viewer.merchant ? null : merchant.id })}>${t("page.stock")}<//>`,
  ] });
  const rows = merchants.flatMap((merchant) => {
    const others = merchant.alerts.filter(({ kind }) => kind !== "LOW_STOCK");
    const lows = merchant.alerts.filter(({ kind }) => kind === "LOW_STOCK");
    return [...others.map((alert) => row(merchant, alert)), ...(lows.length > 0 ? [low(merchant, lows)] : [])];
  });
  // What is low weighs least.
  rows.sort((one, other) => one.key.endsWith("LOW_STOCK") - other.key.endsWith("LOW_STOCK"));
  if (rows.length === 0 && !isAll) return null;
  return html`<${Table} caption=${t("alerts.now")} ...${{ columns, rows }} empty=${t("alerts.none")} />`;
}
