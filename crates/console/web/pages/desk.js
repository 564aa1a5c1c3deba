// The order desk: tabs by label with their counts, filters, a page of orders, and what can be done to those that are chosen.

import { useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { LabelTabs, ListHead, matching, NewerOlder, useOrders } from "../desk/around.js";
import { BulkBar } from "../desk/bulk.js";
import { FilterBar } from "../desk/filter-bar.js";
import { filtersOf, numbersOf, scopeOf, whereOf } from "../desk/filters.js";
import { List } from "../desk/list.js";
import { useMissed } from "../desk/missed.js";
import { html } from "../html.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { Check, Failed, Loading, Title, useApp, useScrollUp } from "../ui.js";

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
  const { page, counts } = useOrders({ where, scope, params });
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
  const orders = page.data?.orders.nodes ?? [];
  const info = page.data?.orders.pageInfo;
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
    <${LabelTabs} ...${{ counts, label }} to=${(next) => address("/", { ...filters, ...next })} />
    <${FilterBar} params=${params} onChange=${change} />
    <${ListHead} sort=${params.sort} onSort=${(sort) => change({ sort })} missed=${missed} onShow=${() => {
      forget();
      refresh();
      if (after || before) turn({});
    }} />
    ${canChoose && html`<${BulkBar} ...${{ chosen, isAll, where, scope, matching: matching(counts, params), onAll: () => setAll(true), onDone: () => {
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
    ${info && !page.why && html`<${NewerOlder} info=${info} onTurn=${turn} />`}`;
}
