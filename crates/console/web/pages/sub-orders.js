// What was ordered at the merchants below: for the agents above them, who see it, and cannot act on it.

import { useMemo, useState } from "../vendor/hooks.js";
import { CurrencyChoice, currencyOf } from "../currency.js";
import { LabelTabs, ListHead, matching, NewerOlder, useOrders } from "../desk/around.js";
import { ExportDialog } from "../desk/export.js";
import { FilterBar } from "../desk/filter-bar.js";
import { filtersOf, whereOf } from "../desk/filters.js";
import { List } from "../desk/list.js";
import { useMissed } from "../desk/missed.js";
import { html } from "../html.js";
import { inOrder, MoreMerchants, useMerchants } from "../merchants.js";
import { address, go, Link, useAddress } from "../router.js";
import { MOST_FIGURES, seesFigures, useSales, useSold } from "../sub-orders/sales.js";
import { movedAway, Tree } from "../sub-orders/tree.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { SUB_ORDERS } from "../texts/sub-orders.js";
import { Answer, Failed, Loading, Title, useApp } from "../ui.js";

addTexts(DESK);
addTexts(SUB_ORDERS);

const EXPORTS = ["PLATFORM", "OWNER", "CLERK", "SUPPORT"];
/** So many merchants a filter may list. */
const MOST_LISTED = 1_000;

export default function SubOrders() {
  const { t, viewer } = useApp();
  const { params } = useAddress();
  const found = useMerchants();
  const { merchants, isCut, why } = found;
  const sold = useSold(currencyOf(params));
  const placed = useMemo(
    // Who is not among the first may be among the rest, rather than elsewhere.
    () => merchants && [...inOrder(merchants, viewer.merchant), ...(isCut ? [] : movedAway(sold, merchants, viewer.merchant))],
    [merchants, isCut, sold, viewer.merchant],
  );
  // The platform stands above all: below are those that are below anybody.
  const isBelow = (merchant) => viewer.merchant !== null || merchant.parent !== null;
  const below = placed?.filter(isBelow);
  return html`<${Title}>${t("page.subOrders")}<//>
    <p class="hint">${t(viewer.merchant ? "sub.about" : "sub.aboutPlatform")}</p>
    <${Failed} why=${why} again=${found.again} />
    ${!placed && !why && html`<${Loading} />`}
    ${below?.length === 0 && html`<p class="empty">${t("sub.none")}</p>`}
    ${below?.length > 0 && html`<${Below} ...${{ placed, below, isBelow, found }} />`}`;
}

function Below({ placed, below, isBelow, found }) {
  const { t, format, viewer, zone } = useApp();
  const { params } = useAddress();
  const { label, after, before } = params;
  const chosen = found.isCut || below.some(({ id }) => id === params.merchant) ? (params.merchant ?? null) : null;
  const filters = filtersOf(params);
  const filterKey = JSON.stringify(filters);
  const [isExporting, setExporting] = useState(false);
  const currency = currencyOf(params);
  const ids = below.map(({ id }) => id).join("\n");
  // Those below cannot be told from all others where a filter takes no such list.
  const isAll = !chosen && (found.isCut || below.length > MOST_LISTED);
  const scope = isAll ? "SUBTREE" : "OWN";
  const [refreshed, setRefreshed] = useState(0);
  const where = useMemo(() => {
    const all = whereOf({ ...params, merchant: null }, zone);
    return isAll ? all : { ...all, merchant: { oneOf: chosen ? [chosen] : ids.split("\n") } };
  }, [filterKey, zone, chosen, isAll, ids, refreshed]);
  const { page, counts } = useOrders({ where, scope, params });
  const sales = useSales(currency);
  const lacksSome = sales.data?.week.byMerchant.length === MOST_FIGURES;
  const refresh = () => {
    setRefreshed((count) => count + 1);
    page.again();
    counts.again();
  };
  const [missed, forget] = useMissed("SUBTREE", !after && !before, refresh);

  const to = (next) => address("/sub-orders", { ...filters, currency: params.currency, ...next });
  const change = (next, instead) => {
    const { currency: kept } = params;
    go(instead ? address("/sub-orders", { ...instead, scope: null, currency: kept })
      : next === null ? address("/sub-orders", { label, merchant: chosen, sort: params.sort, currency: kept }) : to(next));
  };
  return html`<${Failed} why=${sales.why} again=${sales.again} />
    ${seesFigures(viewer) && html`<div class="below-head"><${CurrencyChoice} value=${currency} onChange=${(code) => go(to({ currency: code }))} />
      ${lacksSome && html`<p class="hint">${t("sub.mostFigures", { count: format.number(MOST_FIGURES) })}</p>`}</div>`}
    <${Tree} ...${{ isBelow, chosen }} isCut=${found.isCut} merchants=${placed} sales=${sales.data} to=${(merchant) => to({ merchant })} />
    <${MoreMerchants} of=${found} />
    ${isAll && html`<p class="hint">${t(viewer.merchant ? "sub.ownToo" : "sub.othersToo")}</p>`}
    <${LabelTabs} ...${{ counts, label, to }} />
    <${FilterBar} params=${{ ...params, merchant: undefined }} onChange=${change} without=${viewer.merchant ? ["scope", "merchant", "buyer", "phone"] : ["scope", "merchant"]} />
    <${ListHead} sort=${params.sort} onSort=${(sort) => change({ sort })} missed=${missed} onShow=${() => {
      forget();
      refresh();
      if (after || before) go(to({}));
    }}>
      ${EXPORTS.includes(viewer.role) && html`<button class="quiet" onClick=${() => setExporting(true)}>${t("bulk.export")}</button>`}
      ${seesFigures(viewer) && html`<${Link} class="button quiet" to=${address("/dashboard", { merchant: chosen, scope: chosen ? null : "SUBTREE", currency: params.currency })}>${t("sub.dashboard")}<//>`}
    <//>
    ${isExporting && html`<${ExportDialog} ...${{ where, scope }} count=${matching(counts, params)} onClose=${() => setExporting(false)} />`}
    <${Answer} of=${page}>${({ orders }) => html`
      ${orders.nodes.length === 0 ? html`<p class="empty">${t("sub.noOrders")}</p>` : html`<${List} orders=${orders.nodes} isChosen=${() => false} withMerchant />`}
      <${NewerOlder} info=${orders.pageInfo} onTurn=${(part) => go(to(part))} />`}<//>`;
}
