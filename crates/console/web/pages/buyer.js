// The buyer's page: an order by its number and contact code, or all of whoever has a token.

import { LookUp } from "../buyer/look-up.js";
import { BuyerOrder } from "../buyer/view.js";
import { html } from "../html.js";
import { QUERY, useHistory } from "../order/query.js";
import { address, go, Link, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { BUYER } from "../texts/buyer.js";
import { ORDER } from "../texts/order.js";
import { Answer, Chip, Further, Table, Title, useApp, useAsk, When } from "../ui.js";

addTexts(BUYER);
addTexts(ORDER);

const LIST = `query ($after: String, $atLeast: Position) { orders(first: 20, after: $after, atLeast: $atLeast) {
  nodes { id number placedAt label total { amount currency } lines { id title quantity } } pageInfo { hasNextPage endCursor } } }`;

export default function Buyer({ onSignedIn }) {
  const { viewer } = useApp();
  const { params } = useAddress();
  if (viewer?.role !== "BUYER") return html`<${LookUp} onDone=${onSignedIn} />`;
  const id = viewer.order ?? params.order;
  return html`<main id="content" class="narrow">${id ? html`<${One} key=${id} id=${id} />` : html`<${All} />`}</main>`;
}

function One({ id }) {
  const { t, viewer } = useApp();
  const asked = useAsk(QUERY, { id, asOf: null, isNow: true });
  const told = useHistory(id);
  const again = () => {
    asked.again();
    told.again();
  };
  return html`${!viewer.order && html`<p><${Link} to="/buyer">${t("buyer.all")}<//></p>`}
    <${Answer} of=${asked}>${({ order }) => (order
      ? html`<${BuyerOrder} order=${order} events=${told.data?.events ?? []} onDone=${again} />`
      : html`<${Title}>${t("order.none")}<//>`)}<//>`;
}

function All() {
  const { t, format } = useApp();
  const { after } = useAddress().params;
  const asked = useAsk(LIST, { after: after ?? null });
  const columns = ["number", "goods", "amount", "status"].map((key) => ({ key, name: t(key), isNumber: key === "amount" }));
  const row = (order) => ({ key: order.id, cells: [
    html`<${Link} to=${address("/buyer", { order: order.id })}>${order.number}<//> <div class="hint"><${When} at=${order.placedAt} /></div>`,
    order.lines.map((line) => html`<div key=${line.id}>${line.title} × ${line.quantity}</div>`), format.money(order.total),
    html`<${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//>`] });
  return html`<${Title}>${t("buyer.all")}<//>
    <${Answer} of=${asked}>${({ orders }) => html`<${Table} caption=${t("buyer.all")} columns=${columns} rows=${orders.nodes.map(row)} empty=${t("none")} />
      <${Further} info=${orders.pageInfo} onFirst=${after && (() => go("/buyer"))} onNext=${(cursor) => go(address("/buyer", { after: cursor }))} />`}<//>`;
}
