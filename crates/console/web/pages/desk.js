// The order desk: tabs by label with their counts, filters, a page of orders, and what can be done to those that are chosen.

import { useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { BulkBar } from "../desk/bulk.js";
import { FilterBar } from "../desk/filter-bar.js";
import { filtersOf, LABELS, numbersOf, scopeOf, whereOf } from "../desk/filters.js";
import { List } from "../desk/list.js";
import { useMissed } from "../desk/missed.js";
import { COUNTS_QUERY, countedBy, ORDERS_QUERY, partOf, SORTS, sortOf } from "../desk/queries.js";
import { html } from "../html.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { Check, Choice, Failed, Loading, Tabs, Title, useApp, useAsk, useScrollUp } from "../ui.js";

addTexts(DESK);

/** While orders come in, they are counted this often at most, in milliseconds. */
const RECOUNT = 5_000;

export default function Desk() {
  const { t, viewer, zone } = useApp();
  const { params } = useAddress();
  const { label, after, before } = params;
  const scope = scopeOf(params, viewer);
  const filters = filtersOf(params);
  const filterKey = JSON.stringify(filters);
  const [refreshed, setRefreshed] = useState(0);
  const where = useMemo(() => whereOf(params, zone), [filterKey, zone, refreshed]);
  const page = useAsk(ORDERS_QUERY, { where, scope, sortBy: sortOf(params), ...partOf(params) });
  const counted = useMemo(() => countedBy(where, scope), [where, scope]);
  const counts = useAsk(COUNTS_QUERY, counted);
  const [chosen, setChosen] = useState(new Map());
  const [isAll, setAll] = useState(false);
  useEffect(() => {
    setChosen(new Map());
    setAll(false);
  }, [filterKey]);

  const countedAt = useRef(0);
  const recount = () => {
    countedAt.current = performance.now();
    counts.again();
  };
  const refresh = () => {
    setRefreshed((count) => count + 1);
    page.again();
    if (performance.now() - countedAt.current > RECOUNT) recount();
  };
  useScrollUp(`${after}${before}`);
  const isQuiet = chosen.size === 0 && !isAll && !after && !before;
  const [missed, forget] = useMissed(scope, isQuiet, refresh);

  const change = (next, instead) => go(address("/", instead ?? { ...(next === null ? { label, scope: params.scope, sort: params.sort } : { ...filters, ...next }) }));
  const turn = (to) => go(address("/", { ...filters, ...to }));
  const tab = (name) => ({ key: name ?? "", text: name ? t(`OrderLabel.${name}`) : t("all"), count: counts.data?.[name ?? "all"],
    to: address("/", { ...filters, label: name }) });
  const orders = page.data?.orders.nodes ?? [];
  const info = page.data?.orders.pageInfo;
  const matching = counts.data?.[label ?? "all"];
  const choose = (some, isOn) => {
    const next = new Map(chosen);
    for (const order of some) isOn ? next.set(order.id, order) : next.delete(order.id);
    setChosen(next);
    setAll(false);
  };
  const canChoose = viewer.role !== "AUDITOR";
  // Of a list of numbers that is on one page whole.
  const isWhole = info && !info.hasNextPage && !info.hasPreviousPage && !page.isStale && Object.keys(filters).every((name) => ["numbers", "scope", "sort"].includes(name));
  const found = new Set(orders.map(({ number }) => number.toLowerCase()));
  const missing = isWhole ? numbersOf(params.numbers).filter((number) => !found.has(number.toLowerCase())) : [];
  return html`<${Title}>${t("page.orders")}<//>
    <${Tabs} name=${t("status")} tabs=${[null, ...LABELS].map(tab)} current=${label ?? ""} />
    <${FilterBar} params=${params} onChange=${change} />
    <div class="list-head">
      <${Choice} name=${t("sort")} value=${params.sort ?? ""} onChange=${(sort) => change({ sort })}
        options=${Object.keys(SORTS).map((key) => [key, t(`sort.${key || "placed-desc"}`)])} />
      ${missed > 0 && html`<button class="quiet" onClick=${() => {
        forget();
        refresh();
        if (after || before) turn({});
      }}>${t("newEvents", { count: missed })}</button>`}
    </div>
    ${canChoose && html`<${BulkBar} ...${{ chosen, isAll, where, scope, matching, onAll: () => setAll(true), onDone: () => {
        refresh();
        recount();
      },
      onClear: () => {
        setChosen(new Map());
        setAll(false);
      } }} />`}
    ${missing.length > 0 && html`<p role="status" class="hint">${t("notFound", { numbers: missing.join(", ") })}</p>`}
    ${canChoose && orders.length > 0 && html`<div class="on-phone"><${Check} name=${t("choosePage")} isChecked=${orders.every(({ id }) => isAll || chosen.has(id))} onChange=${(isOn) => choose(orders, isOn)} /></div>`}
    <${Failed} why=${page.why} again=${page.again} />
    ${page.data === null && !page.why && html`<${Loading} />`}
    ${page.data && orders.length === 0 && html`<p class="empty">${t("none")}</p>`}
    ${orders.length > 0 && html`<${List} ...${{ orders, canChoose: canChoose && !page.isStale, isStale: page.isStale, withMerchant: scope === "SUBTREE" }}
      isChosen=${({ id }) => isAll || chosen.has(id)} onChoose=${(order, isOn) => choose([order], isOn)} onChooseAll=${(isOn) => choose(orders, isOn)} />`}
    ${info && !page.why && html`<nav class="pages" aria-label=${t("pages")}>
      <button class="quiet" disabled=${!info.hasPreviousPage} onClick=${() => turn({ before: info.startCursor })}>${t("newer")}</button>
      <button class="quiet" disabled=${!info.hasNextPage} onClick=${() => turn({ after: info.endCursor })}>${t("older")}</button>
    </nav>`}`;
}
