// The audit log: who did what, to what, when and why.

import { useEffect, useMemo, useRef } from "../vendor/hooks.js";
import { useActors } from "../audit/actors.js";
import { useEntries } from "../audit/entries.js";
import { Filters, whereOf } from "../audit/filters.js";
import { Entries } from "../audit/list.js";
import { html } from "../html.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { AUDIT } from "../texts/audit.js";
import { Answer, Further, Title, useApp } from "../ui.js";

addTexts(AUDIT);

const ENTRY = `subject name merchant event { position stream revision kind occurredAt recordedAt origin reason commandId correlation
  actor { id role name } changes { field before after } data }`;
const PAGE = 50;

export default function Audit() {
  const { t, zone } = useApp();
  const { after, ...params } = useAddress().params;
  const where = useMemo(() => whereOf(params, zone), [JSON.stringify(params), zone]);
  const actors = useActors();
  const asked = useEntries(ENTRY, { where, after: after ?? null, first: PAGE });
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [after]);
  const change = (next) => go(address("/audit", next === null ? {} : { ...params, ...next }));
  return html`<${Title} beside=${html`<button class="quiet" disabled=${asked.isLoading} onClick=${() => (after ? change({}) : asked.again())}>${t(after ? "toFirst" : "audit.refresh")}</button>`}>${t("page.audit")}<//>
    <${Filters} ...${{ params, actors }} onChange=${change} />
    <${Answer} of=${asked}>${({ nodes, info }) => html`
      <p class="hint looking" role="status">${asked.isLoading && t("audit.looking")}</p>
      <div class="found" aria-busy=${asked.isStale}>${nodes.length > 0 ? html`<${Entries} ...${{ nodes, actors }} onActor=${(actor) => change({ actor })} />`
        : !asked.isLoading && html`<p class="empty">${t(info.hasNextPage ? "audit.noneYet" : "audit.none")}</p>`}</div>
      ${!asked.isLoading && html`<${Further} ...${{ info }} onFirst=${after && (() => change({}))} onNext=${(cursor) => go(address("/audit", { ...params, after: cursor }))} />`}`}<//>`;
}
