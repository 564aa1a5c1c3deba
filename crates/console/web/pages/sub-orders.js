// What was ordered at the merchants below: for the agents above them, who see it, and cannot act on it.

import { useMemo, useState } from "../vendor/hooks.js";
import { now } from "../api.js";
import { useMerchants } from "../dashboard/merchants.js";
import { ExportDialog } from "../desk/export.js";
import { FilterBar } from "../desk/filter-bar.js";
import { filtersOf, LABELS, whereOf } from "../desk/filters.js";
import { List } from "../desk/list.js";
import { useMissed } from "../desk/missed.js";
import { COUNTS_QUERY, countedBy, ORDERS_QUERY, partOf, SORTS, sortOf } from "../desk/queries.js";
import { html } from "../html.js";
import { address, go, Link, useAddress } from "../router.js";
import { inOrder, movedAway, SALES_QUERY, SOLD_QUERY, Tree } from "../sub-orders/tree.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { SUB_ORDERS } from "../texts/sub-orders.js";
import { Answer, Choice, Failed, Loading, Tabs, Title, useApp, useAsk } from "../ui.js";
import { addDays, dayOf, startOf } from "../zone.js";

addTexts(DESK);
addTexts(SUB_ORDERS);

const SEES_FIGURES = ["PLATFORM", "OWNER", "CLERK", "AUDITOR"];
const EXPORTS = ["PLATFORM", "OWNER", "CLERK", "SUPPORT"];
const YEAR = 400 * 86_400_000;

export default function SubOrders() {
  const { t, viewer } = useApp();
  const { params } = useAddress();
  const { merchants, why } = useMerchants();
  const [range] = useState(() => ({ gte: new Date(now() - YEAR).toISOString(), lt: new Date(now()).toISOString() }));
  const hasMoved = viewer.merchant && SEES_FIGURES.includes(viewer.role);
  const sold = useAsk(hasMoved ? SOLD_QUERY : null, { range, currency: params.currency ?? "CNY" });
  const placed = useMemo(
    () => merchants && [...inOrder(merchants, viewer.merchant), ...movedAway(sold.data?.dashboard.byMerchant ?? [], merchants, viewer.merchant)],
    [merchants, sold.data, viewer.merchant],
  );
  // The platform stands above all: below are those that are below anybody.
  const isBelow = (merchant) => viewer.merchant !== null || merchant.parent !== null;
  const below = placed?.filter(isBelow);
  return html`<${Title}>${t("page.subOrders")}<//>
    <p class="hint">${t(viewer.merchant ? "sub.about" : "sub.aboutPlatform")}</p>
    <${Failed} why=${why} />
    ${!placed && !why && html`<${Loading} />`}
    ${below?.length === 0 && html`<p class="empty">${t("sub.none")}</p>`}
    ${below?.length > 0 && html`<${Below} ...${{ placed, below, isBelow }} />`}`;
}

function Below({ placed, below, isBelow }) {
  const { t, viewer, zone } = useApp();
  const { params } = useAddress();
  const { label, after, before } = params;
  const chosen = below.some(({ id }) => id === params.merchant) ? params.merchant : null;
  const filters = filtersOf(params);
  const filterKey = JSON.stringify(filters);
  const [moment, setMoment] = useState(now);
  const [isExporting, setExporting] = useState(false);
  const ids = below.map(({ id }) => id).join("\n");
  const where = useMemo(
    () => ({ ...whereOf({ ...params, merchant: null }, zone), merchant: { oneOf: chosen ? [chosen] : ids.split("\n") } }),
    [filterKey, zone, chosen, ids, moment],
  );
  const page = useAsk(ORDERS_QUERY, { where, scope: "OWN", sortBy: sortOf(params), ...partOf(params) });
  const counted = useMemo(() => countedBy(where, "OWN"), [where]);
  const counts = useAsk(COUNTS_QUERY, counted);
  const sold = useMemo(() => {
    const today = dayOf(zone, moment);
    const until = new Date(moment).toISOString();
    return { today: { gte: startOf(zone, today), lt: until }, week: { gte: startOf(zone, addDays(today, -6)), lt: until }, currency: params.currency ?? "CNY" };
  }, [zone, moment, params.currency]);
  const sales = useAsk(SEES_FIGURES.includes(viewer.role) ? SALES_QUERY : null, sold);
  const refresh = () => {
    setMoment(now());
    page.again();
  };
  const [missed, forget] = useMissed("SUBTREE", !after && !before, refresh);

  const to = (next) => address("/sub-orders", { ...filters, ...next });
  const change = (next, instead) => go(instead ? address("/sub-orders", { ...instead, scope: null }) : next === null ? address("/sub-orders", { label, merchant: chosen, sort: params.sort }) : to(next));
  const tab = (name) => ({ key: name ?? "", text: name ? t(`OrderLabel.${name}`) : t("all"), count: counts.data?.[name ?? "all"], to: to({ label: name }) });
  return html`<${Failed} why=${sales.why} again=${sales.again} />
    <${Tree} ...${{ isBelow, chosen }} merchants=${placed} sales=${sales.data} currency=${sold.currency} to=${(merchant) => to({ merchant })} />
    <${Tabs} name=${t("status")} tabs=${[null, ...LABELS].map(tab)} current=${label ?? ""} />
    <${FilterBar} params=${{ ...params, merchant: undefined }} onChange=${change} without=${viewer.merchant ? ["scope", "merchant", "buyer", "phone"] : ["scope", "merchant"]} />
    <div class="list-head">
      <${Choice} name=${t("sort")} value=${params.sort ?? ""} onChange=${(sort) => change({ sort })} options=${Object.keys(SORTS).map((key) => [key, t(`sort.${key || "placed-desc"}`)])} />
      ${missed > 0 && html`<button class="quiet" onClick=${() => {
        forget();
        refresh();
        if (after || before) go(to({}));
      }}>${t("newEvents", { count: missed })}</button>`}
      ${EXPORTS.includes(viewer.role) && html`<button class="quiet" onClick=${() => setExporting(true)}>${t("bulk.export")}</button>`}
      ${SEES_FIGURES.includes(viewer.role) && html`<${Link} class="button quiet" to=${address("/dashboard", { merchant: chosen, scope: chosen ? null : "SUBTREE" })}>${t("sub.dashboard")}<//>`}
    </div>
    ${isExporting && html`<${ExportDialog} where=${where} scope="OWN" count=${counts.data?.[label ?? "all"]} onClose=${() => setExporting(false)} />`}
    <${Answer} of=${page}>${({ orders }) => html`
      ${orders.nodes.length === 0 ? html`<p class="empty">${t("sub.noOrders")}</p>` : html`<${List} orders=${orders.nodes} isChosen=${() => false} withMerchant />`}
      <nav class="pages" aria-label=${t("pages")}>
        <button class="quiet" disabled=${!orders.pageInfo.hasPreviousPage} onClick=${() => go(to({ before: orders.pageInfo.startCursor }))}>${t("newer")}</button>
        <button class="quiet" disabled=${!orders.pageInfo.hasNextPage} onClick=${() => go(to({ after: orders.pageInfo.endCursor }))}>${t("older")}</button>
      </nav>`}<//>`;
}
