// What stands around a list of orders, on the desk and for those below: tabs by label with their counts, its order, and the way
// to its other pages.

import { useMemo } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Choice, Tabs, useApp, useAsk } from "../ui.js";
import { LABELS } from "./filters.js";
import { COUNTS_QUERY, countedBy, ORDERS_QUERY, partOf, SORTS, sortOf } from "./queries.js";

/** `{page, counts}`: the answers to what the address asks for of those that `where` and `scope` let through. */
export function useOrders({ where, scope, params }) {
  const page = useAsk(ORDERS_QUERY, { where, scope, sortBy: sortOf(params), ...partOf(params) });
  const counted = useMemo(() => countedBy(where, scope), [where, scope]);
  return { page, counts: useAsk(COUNTS_QUERY, counted) };
}

/** How many there are of the label that the address names. */
export function matching({ data }, { label }) {
  return data?.[label ?? "all"];
}

/** `to(next)`: the address with what is new in it. */
export function LabelTabs({ counts, label, to }) {
  const { t } = useApp();
  const tab = (name) => ({ key: name ?? "", text: name ? t(`OrderLabel.${name}`) : t("all"), count: matching(counts, { label: name }), to: to({ label: name }) });
  return html`<${Tabs} name=${t("status")} tabs=${[null, ...LABELS].map(tab)} current=${label ?? ""} />`;
}

/** `missed`: how many events came since; `children`: what else can be done. */
export function ListHead({ sort, onSort, missed, onShow, children }) {
  const { t } = useApp();
  const options = Object.keys(SORTS).map((key) => [key, t(`sort.${key || "placed-desc"}`)]);
  return html`<div class="list-head">
    <${Choice} name=${t("sort")} value=${sort ?? ""} onChange=${onSort} options=${options} />
    ${missed > 0 && html`<button class="quiet" onClick=${onShow}>${t("newEvents", { count: missed })}</button>`}
    ${children}
  </div>`;
}

export function NewerOlder({ info, onTurn }) {
  const { t } = useApp();
  return html`<nav class="pages" aria-label=${t("pages")}>
    <button class="quiet" disabled=${!info.hasPreviousPage} onClick=${() => onTurn({ before: info.startCursor })}>${t("newer")}</button>
    <button class="quiet" disabled=${!info.hasNextPage} onClick=${() => onTurn({ after: info.endCursor })}>${t("older")}</button>
  </nav>`;
}
