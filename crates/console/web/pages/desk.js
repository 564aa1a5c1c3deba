// The order desk: tabs by label with their counts, filters, a page of orders, and what can be done to those that are chosen.

import { useEffect, useMemo, useRef, useState } from "../vendor/hooks.js";
import { BulkBar } from "../desk/bulk.js";
import { FilterBar } from "../desk/filter-bar.js";
import { filtersOf, LABELS, scopeOf, whereOf } from "../desk/filters.js";
import { List, ROW } from "../desk/list.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { Choice, Failed, Loading, Tabs, Title, useApp, useAsk } from "../ui.js";

addTexts(DESK);

const PAGE = 50;
const QUERY = `query ($where: OrderWhere, $scope: Scope, $sortBy: OrderSort, $first: Int, $after: String, $last: Int, $before: String, $atLeast: Position) {
  orders(where: $where, scope: $scope, sortBy: $sortBy, first: $first, after: $after, last: $last, before: $before, atLeast: $atLeast) {
    nodes { ${ROW} } pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const COUNTS = `query ($all: OrderWhere, ${LABELS.map((label) => `$${label}: OrderWhere`).join(", ")}, $scope: Scope, $atLeast: Position) {
  ${["all", ...LABELS].map((name) => `${name}: ordersCount(where: $${name}, scope: $scope, atLeast: $atLeast)`).join("\n")} }`;
const EVENTS = `subscription ($after: Position, $scope: Scope) { orderEvents(after: $after, scope: $scope) { position kind } }`;
const SORTS = { "": null, "placed-asc": ["PLACED_AT", "ASC"], "amount-desc": ["AMOUNT", "DESC"], "amount-asc": ["AMOUNT", "ASC"] };
/** The page is asked anew this often at most, in milliseconds. */
const REFRESH = 2_000;

export default function Desk() {
  const { t, viewer, zone } = useApp();
  const { params } = useAddress();
  const { label, after, before } = params;
  const scope = scopeOf(params, viewer);
  const filters = filtersOf(params);
  const filterKey = JSON.stringify(filters);
  const [refreshed, setRefreshed] = useState(0);
  const where = useMemo(() => whereOf(params, zone), [filterKey, zone, refreshed]);
  const [field, direction] = SORTS[params.sort] ?? [];
  const sortBy = field ? { field, direction } : null;
  const part = before ? { last: PAGE, before } : { first: PAGE, after: after ?? null };
  const page = useAsk(QUERY, { where, scope, sortBy, ...part });
  const counted = useMemo(() => {
    const { label: _, ...rest } = where ?? {};
    return { all: rest, scope, ...Object.fromEntries(LABELS.map((name) => [name, { ...rest, label: { eq: name } }])) };
  }, [where, scope]);
  const counts = useAsk(COUNTS, counted);
  const [chosen, setChosen] = useState(new Map());
  const [isAll, setAll] = useState(false);
  useEffect(() => {
    setChosen(new Map());
    setAll(false);
  }, [filterKey]);

  const refresh = () => {
    setRefreshed((count) => count + 1);
    page.again();
    counts.again();
  };
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
    ${canChoose && html`<${BulkBar} ...${{ chosen, isAll, where, scope, matching, onAll: () => setAll(true), onDone: refresh,
      onClear: () => {
        setChosen(new Map());
        setAll(false);
      } }} />`}
    <${Failed} why=${page.why} again=${page.again} />
    ${page.data === null && !page.why && html`<${Loading} />`}
    ${page.data && orders.length === 0 && html`<p class="empty">${t("none")}</p>`}
    ${orders.length > 0 && html`<${List} ...${{ orders, canChoose, withMerchant: scope === "SUBTREE" }}
      isChosen=${({ id }) => isAll || chosen.has(id)} onChoose=${(order, isOn) => choose([order], isOn)} onChooseAll=${(isOn) => choose(orders, isOn)} />`}
    ${info && html`<nav class="pages" aria-label=${t("pages")}>
      <button class="quiet" disabled=${!info.hasPreviousPage} onClick=${() => turn({ before: info.startCursor })}>${t("newer")}</button>
      <button class="quiet" disabled=${!info.hasNextPage} onClick=${() => turn({ after: info.endCursor })}>${t("older")}</button>
    </nav>`}`;
}

/** `[count, forget]`: how many events came since the page was asked. While nobody is at work on it, it is asked anew instead. */
function useMissed(scope, isQuiet, refresh) {
  const [missed, setMissed] = useState(0);
  const latest = useRef(null);
  latest.current = { isQuiet, refresh };
  const waiting = useRef(0);
  const forget = () => {
    waiting.current = 0;
    setMissed(0);
  };
  useEffect(() => {
    let timer = null;
    const look = () => {
      timer = null;
      if (latest.current.isQuiet && !document.hidden) {
        waiting.current = 0;
        latest.current.refresh();
      }
      setMissed(waiting.current);
    };
    const stop = follow(EVENTS, { scope }, () => {
      waiting.current += 1;
      timer ??= setTimeout(look, REFRESH);
    });
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [scope]);
  return [missed, forget];
}
