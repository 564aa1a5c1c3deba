// What was raised and cleared: what came before this page was opened, for those who may look it up, and what comes now.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { useEntries } from "../audit/entries.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { Link } from "../router.js";
import { Chip, Loading, useApp, When } from "../ui.js";
import { placeOf, says } from "./says.js";

const EVENTS = `subscription ($after: Position, $scope: Scope) { alerts(after: $after, scope: $scope) {
  position raised kind sku measured threshold occurredAt merchant { id name } } }`;
const ENTRY = "merchant event { position kind occurredAt data }";
const WHERE = { kind: { oneOf: ["alert-raised", "alert-cleared"] } };
const PAGE = 100;
const LOOKERS = ["PLATFORM", "OWNER", "AUDITOR"];
const KEPT = 300;

/** `{changes, more, why, again, isLoading}`, the newest first. `more`, unless it is null, looks farther back. `onChange` is called with each that comes. */
export function useAlertChanges(onChange) {
  const { viewer } = useApp();
  const mayLook = LOOKERS.includes(viewer.role);
  const [since, setSince] = useState([]);
  // What was found on the pages before this one.
  const [past, setPast] = useState({ nodes: [], after: null });
  const asked = useEntries(ENTRY, mayLook ? { where: WHERE, after: past.after, first: PAGE } : null);
  const { data, why, again } = asked;
  const isLoading = mayLook && asked.isLoading;
  const latest = useRef(null);
  latest.current = onChange;
  useEffect(() => follow(EVENTS, { scope: viewer.merchant ? "OWN" : "SUBTREE" }, (change) => {
    setSince((all) => [change, ...all].slice(0, KEPT));
    latest.current();
  }), [viewer]);
  const looked = [...past.nodes, ...(data?.nodes ?? [])];
  const more = !isLoading && data?.info.hasNextPage ? () => setPast({ nodes: looked, after: data.info.endCursor }) : null;
  // What comes while one looks is told twice.
  const known = new Map([...since, ...looked.map(told)].map((change) => [change.position, change]));
  return { changes: [...known.values()], more, why, again, isLoading };
}

/** As the subscription tells it. */
function told({ merchant, event: { position, kind, occurredAt, data } }) {
  return { position, raised: kind === "alert-raised", kind: data.alert, sku: data.sku ?? null, measured: data.measured, threshold: data.threshold ?? null, occurredAt,
    merchant: { id: merchant, name: null } };
}

export function Changes({ changes, more, isLoading, nameOf }) {
  const app = useApp();
  const { t, viewer } = app;
  const none = more ? "alerts.noneYet" : LOOKERS.includes(viewer.role) ? "alerts.noChanges" : "alerts.fromNow";
  const row = (change) => {
    const { position, raised, kind, merchant, occurredAt } = change;
    const [text, to] = placeOf(app, { ...change, merchant: merchant?.id });
    return html`<li key=${position}><span class="when"><${When} at=${occurredAt} /></span>
      <${Chip} kind=${raised ? "bad" : "good"}>${t(raised ? "alerts.isRaised" : "alerts.isCleared")}<//>
      <span>${!viewer.merchant && merchant && html`<strong>${nameOf(merchant)}</strong> `}${says(app, change)}${" "}<${Link} to=${to}>${text}<span class="unseen"> ${t(`AlertKind.${kind}`)}</span><//></span></li>`;
  };
  return html`${changes.length > 0 ? html`<div role="log" aria-label=${t("alerts.changes")}><ol class="alert-log">${changes.map(row)}</ol></div>`
      : !isLoading && html`<p class="empty">${t(none)}</p>`}
    ${isLoading && html`<${Loading} />`}
    ${more && html`<p><button class="quiet" onClick=${more}>${t("alerts.more")}</button></p>`}`;
}
