// The stock of each SKU, with its card secrets: received, counted, marked, imported.

import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { useMerchants } from "../merchants.js";
import { useAll } from "../queues/all.js";
import { isOwn, mayStock, ScopeBar, shownOf } from "../queues/scope.js";
import { address, go, useAddress } from "../router.js";
import { StockDialog } from "../stock/actions.js";
import { ImportDialog } from "../stock/import.js";
import { addTexts } from "../text.js";
import { QUEUES } from "../texts/queues.js";
import { STOCK } from "../texts/stock.js";
import { Answer, Check, Chip, Table, TextField, Title, useApp, useAsk } from "../ui.js";

addTexts(QUEUES);
addTexts(STOCK);

const QUERY = `query ($after: String, $merchant: String, $scope: Scope, $low: Boolean, $atLeast: Position) {
  stock(first: 250, after: $after, merchant: $merchant, scope: $scope, low: $low, atLeast: $atLeast) {
    nodes { merchant { id name } sku counted received free reserved deducted cards low lowAt } pageInfo { hasNextPage endCursor } } }`;
const LOW = "query ($merchant: String, $scope: Scope, $atLeast: Position) { stockCount(merchant: $merchant, scope: $scope, low: true, atLeast: $atLeast) }";
const MOST = 2_000;
const STEP = 100;
/** No subscription tells of stock: it is asked anew after this many milliseconds. */
const REFRESH = 30_000;

/** There was one of it, it is sold, and nobody waits for another or wants to be told of it. */
function isGone({ counted, received, free, reserved, cards, lowAt }) {
  return counted && received <= 1 && free <= 0 && reserved === 0 && cards === 0 && lowAt === 0;
}

export default function Stock() {
  const { t, viewer, format } = useApp();
  const { params } = useAddress();
  const shown = shownOf(params, viewer);
  const asked = useAll({ query: QUERY, variables: { ...shown, low: params.low ? true : null }, field: "stock", most: MOST });
  const low = useAsk(LOW, shown);
  const may = mayStock(viewer);
  const merchants = useMerchants(may && !viewer.merchant).merchants ?? [];
  const [find, setFind] = useState(params.find ?? "");
  const [count, setCount] = useState(STEP);
  // `{action, stock}`; where a link asks for it, as soon as the SKU is there.
  const [acting, setActing] = useState(null);
  useEffect(() => setFind(params.find ?? ""), [params.find]);
  const again = () => {
    asked.again();
    low.again();
  };
  useEffect(() => {
    const timer = setInterval(() => document.hidden || again(), REFRESH);
    return () => clearInterval(timer);
  }, []);
  const to = (next, isSame) => go(address("/stock", { ...params, receive: null, ...next }), isSame);
  useEffect(() => {
    const found = params.receive && may && asked.data?.nodes.find(({ sku, merchant }) => sku === params.receive && isOwn(viewer, merchant.id) && (!params.merchant || params.merchant === merchant.id));
    if (!found) return;
    setActing({ action: "receive", stock: found });
    to({}, true);
  }, [asked.data]);
  const columns = [
    { key: "sku", name: "SKU", isHead: true }, ...["received", "free", "reserved", "deducted", "cards", "lowAt"].map((key) => ({ key, name: t(`stock.${key}`), isNumber: true })),
    { key: "acts", name: "" },
  ];
  const row = (stock) => {
    const number = (key) => format.number(stock[key]);
    const button = (action) => html`<button key=${action} class="small quiet" onClick=${() => setActing({ action, stock })}>${t(`stock.${action}`)}<span class="unseen"> ${stock.sku}</span></button>`;
    return {
      key: `${stock.merchant.id} ${stock.sku}`,
      cells: [
        html`<strong>${stock.sku}</strong> ${stock.low && html`<${Chip} kind="warn">${t("stock.low")}<//>`} ${!stock.counted && html`<${Chip}>${t("stock.unlimited")}<//>`}
          ${shown.scope === "SUBTREE" && html`<div class="hint">${stock.merchant.name}</div>`}`,
        number("received"), html`<span class=${stock.free < 0 ? "due late" : ""}>${number("free")}</span>`, number("reserved"), number("deducted"), number("cards"), number("lowAt"),
        may && isOwn(viewer, stock.merchant.id) && html`<div class="buttons">${[...(stock.cards > 0 ? ["import"] : []), "receive", "count", "mark"].map(button)}</div>`,
      ],
    };
  };
  return html`<${Title} beside=${html`<div class="scope-bar"><${ScopeBar} ...${{ params }} onChange=${(next) => to(next)} />
      ${may && html`<button class="quiet" onClick=${() => setActing({ action: "receive", stock: null })}>${t("stock.receiveNew")}</button>
        <button onClick=${() => setActing({ action: "import", stock: null })}>${t("stock.importNew")}</button>`}</div>`}>${t("page.stock")}<//>
    <form class="scope-bar find" role="search" aria-label=${t("page.stock")} onSubmit=${(event) => {
      event.preventDefault();
      to({ find: find.trim() || null });
    }}>
      <${TextField} name=${t("stock.find")} type="search" value=${find} spellcheck=${false} autocomplete="off" onInput=${(value) => {
        setFind(value);
        to({ find: value.trim() || null }, true);
      }} />
      <${Check} name=${t("stock.onlyLow", { count: low.data ? format.number(low.data.stockCount) : "" })} isChecked=${Boolean(params.low)} onChange=${(on) => to({ low: on ? "1" : null })} />
    </form>
    <${Answer} of=${asked}>${({ nodes, isWhole }) => {
      const wanted = (params.find ?? "").toLowerCase();
      const matching = nodes.filter(({ sku, merchant }) => sku.toLowerCase().includes(wanted) || merchant.name.toLowerCase().includes(wanted));
      const [gone, there] = [matching.filter(isGone), matching.filter((stock) => !isGone(stock))];
      const isFolded = !wanted && !params.gone && gone.length > 0;
      const found = isFolded ? there : [...there, ...gone];
      return html`${!isWhole && html`<p class="hint">${t("stock.notWhole", { count: format.number(MOST) })}</p>`}
        <div class="stock"><${Table} caption=${t("page.stock")} ...${{ columns }} rows=${found.slice(0, count).map(row)} empty=${t(isFolded ? "stock.onlyGone" : wanted || params.low ? "stock.noneFound" : may ? "stock.none" : "stock.noneYet")} /></div>
        ${found.length > count && html`<p class="pages"><button class="quiet" onClick=${() => setCount(count + STEP)}>${t("stock.more", { count: format.number(found.length - count) })}</button></p>`}
        ${!wanted && gone.length > 0 && html`<p class="pages"><button class="plain" aria-expanded=${!isFolded} onClick=${() => to({ gone: isFolded ? "1" : null }, true)}>${t("stock.gone.skus", { count: format.number(gone.length) })}</button></p>`}`;
    }}<//>
    ${acting?.action === "import" && html`<${ImportDialog} stock=${acting.stock} ...${{ merchants }} onClose=${() => setActing(null)} onDone=${again} />`}
    ${acting && acting.action !== "import" && html`<${StockDialog} ...${acting} ...${{ merchants }} onClose=${() => setActing(null)} onDone=${again} />`}`;
}
