// The exception queue: what a person must look at, by reason, the longest first, with what ends it.

import { useState } from "../vendor/hooks.js";
import { Lane } from "../exceptions/lane.js";
import { html } from "../html.js";
import { useChanges } from "../queues/changes.js";
import { OfferDialog } from "../queues/dialog.js";
import { ScopeBar, shownOf } from "../queues/scope.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { EXCEPTIONS } from "../texts/exceptions.js";
import { Failed, Tabs, Title, useApp, useAsk } from "../ui.js";

addTexts(EXCEPTIONS);

/** Side by side; risks are looked at as payments are. */
const COLUMNS = [["STOCK"], ["ADDRESS"], ["RISK", "PAYMENT"], ["REFUND"]];
const KINDS = ["STOCK", "ADDRESS", "PAYMENT", "RISK", "REFUND"];
const COUNTS = `query ($merchant: String, $scope: Scope, $atLeast: Position) {
  exceptionsCount(merchant: $merchant, scope: $scope, atLeast: $atLeast) { kind count } }`;
const NONE = Object.fromEntries(KINDS.map((kind) => [kind, 0]));

export default function Exceptions() {
  const { t, viewer } = useApp();
  const { params } = useAddress();
  const shown = shownOf(params, viewer);
  const only = KINDS.includes(params.kind) ? params.kind : null;
  const counts = useAsk(COUNTS, shown);
  const [changes, setChanges] = useState(NONE);
  const [acting, setActing] = useState(null);
  const changed = (kinds) => {
    setChanges((was) => ({ ...was, ...Object.fromEntries(kinds.map((kind) => [kind, was[kind] + 1])) }));
    counts.again();
  };
  useChanges(shown, changed);
  const count = (kind) => counts.data?.exceptionsCount.find((one) => one.kind === kind);
  const tab = (kind) => ({ key: kind ?? "", text: t(kind ? `ExceptionKind.${kind}` : "all"),
    count: counts.data && (kind ? count(kind).count : counts.data.exceptionsCount.reduce((sum, one) => sum + one.count, 0)),
    to: address("/exceptions", { ...params, kind }) });
  const lane = (kind) => html`<${Lane} key=${`${kind} ${only} ${JSON.stringify(shown)}`} ...${{ kind, shown }} isOnly=${only !== null} count=${count(kind)} changes=${changes[kind]} onAct=${setActing} />`;
  const columns = only ? [[only]] : COLUMNS.map((kinds) => kinds.filter((kind) => kind !== "RISK" || count(kind)?.count > 0));
  return html`<${Title} beside=${html`<${ScopeBar} ...${{ params }} onChange=${(next) => go(address("/exceptions", { ...params, ...next }))} />`}>${t("page.exceptions")}<//>
    <${Tabs} name=${t("exceptions.kinds")} tabs=${[null, ...KINDS].map(tab)} current=${only ?? ""} />
    <${Failed} why=${counts.why} again=${counts.again} />
    <div class=${only ? "lanes single" : "lanes"}>${columns.map((kinds) => html`<div key=${kinds.at(-1)} class="column">${kinds.map(lane)}</div>`)}</div>
    ${acting && html`<${OfferDialog} what=${acting} onClose=${() => setActing(null)} onChange=${() => changed(KINDS)} />`}`;
}
