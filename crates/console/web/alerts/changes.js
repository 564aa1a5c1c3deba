// What was raised and cleared: what came before this page was opened, for those who may look it up, and what comes now.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { Link } from "../router.js";
import { Chip, Loading, useApp, When } from "../ui.js";
import { placeOf, says } from "./says.js";

const EVENTS = `subscription ($after: Position, $scope: Scope) { alerts(after: $after, scope: $scope) {
  position raised kind sku measured threshold occurredAt merchant { id name } } }`;
const BEFORE = `{ auditLog(where: { kind: { oneOf: ["alert-raised", "alert-cleared"] } }, first: 100) { nodes { merchant
  event { position kind occurredAt data } } } }`;
const LOOKERS = ["PLATFORM", "OWNER", "AUDITOR"];
const KEPT = 300;

/** `{changes, why, isLoading}`, the newest first. `onChange` is called with each that comes. */
export function useAlertChanges(onChange) {
  const { viewer } = useApp();
  // Null: not known yet.
  const [before, setBefore] = useState(LOOKERS.includes(viewer.role) ? null : []);
  const [since, setSince] = useState([]);
  const [why, setWhy] = useState(null);
  const latest = useRef(null);
  latest.current = onChange;
  useEffect(() => {
    const stopping = new AbortController();
    if (LOOKERS.includes(viewer.role)) {
      ask(BEFORE, {}, stopping.signal).then(({ auditLog }) => setBefore(auditLog.nodes.map(told)), (error) => {
        if (error.name === "AbortError") return;
        setBefore([]);
        setWhy(error);
      });
    }
    const stop = follow(EVENTS, { scope: viewer.merchant ? "OWN" : "SUBTREE" }, (change) => {
      setSince((all) => [change, ...all].slice(0, KEPT));
      latest.current();
    });
    return () => {
      stopping.abort();
      stop();
    };
  }, [viewer]);
  const known = new Set(since.map(({ position }) => position));
  return { changes: [...since, ...(before ?? []).filter(({ position }) => !known.has(position))], why, isLoading: before === null };
}

/** As the subscription tells it. */
function told({ merchant, event: { position, kind, occurredAt, data } }) {
  return { position, raised: kind === "alert-raised", kind: data.alert, sku: data.sku ?? null, measured: data.measured, threshold: data.threshold ?? null, occurredAt,
    merchant: { id: merchant, name: null } };
}

export function Changes({ changes, merchants, isLoading }) {
  const app = useApp();
  const { t, viewer } = app;
  if (isLoading && changes.length === 0) return html`<${Loading} />`;
  if (changes.length === 0) return html`<p class="empty">${t(LOOKERS.includes(viewer.role) ? "alerts.noChanges" : "alerts.fromNow")}</p>`;
  const name = ({ id, name: known }) => known ?? merchants.find((one) => one.id === id)?.name ?? id;
  return html`<div role="log" aria-label=${t("alerts.changes")}><ol class="alert-log">${changes.map((change) => {
    const { position, raised, kind, merchant, occurredAt } = change;
    const [text, to] = placeOf(app, { ...change, merchant: merchant?.id });
    return html`<li key=${position}><span class="when"><${When} at=${occurredAt} /></span>
      <${Chip} kind=${raised ? "bad" : "good"}>${t(raised ? "alerts.isRaised" : "alerts.isCleared")}<//>
      <span>${!viewer.merchant && merchant && html`<strong>${name(merchant)}</strong> `}${says(app, change)}${" "}<${Link} to=${to}>${text}<span class="unseen"> ${t(`AlertKind.${kind}`)}</span><//></span></li>`;
  })}</ol></div>`;
}
