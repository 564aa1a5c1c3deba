// One order: its state, now or as of any of its events, what can be done to it, and its whole history.

import { useEffect } from "../vendor/hooks.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { ActionBar } from "../order/action-bar.js";
import { parcels, payments } from "../order/history.js";
import { BuyerPart, Goods, Payments, Refunds, Shipments, State } from "../order/parts.js";
import { Timeline } from "../order/timeline.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { DESK } from "../texts/desk.js";
import { ORDER } from "../texts/order.js";
import { Answer, Chip, Title, useApp, useAsk, When } from "../ui.js";

addTexts(DESK);
addTexts(ORDER);

const MONEY = "{ amount currency }";
const QUERY = `query ($id: ID!, $asOf: AsOf, $isNow: Boolean!) {
  order(by: { id: $id }, asOf: $asOf) {
    id number revision placedAt label merchant { id name } buyer { account } tags cards disputedSince
    axes { lifecycle payment fulfilment afterSales holds } holds { hold since }
    lines { id number sku title kind quantity shipped cancelled unitPrice ${MONEY} }
    total ${MONEY} due ${MONEY} captured ${MONEY} refunded ${MONEY}
    refunds { number kind state requestedAt answerBy escalateAt payBy amount ${MONEY} }
    shipments { number status delivered } clocks { kind dueAt ticket missed } breaches { kind ticket }
    pendingAddressChange { number requestedBy } delivery { contact inputs { line inputs } }
    actions @include(if: $isNow) { name refusal { code message } }
  }
}`;
const HISTORY = `query ($id: ID!) { order(by: { id: $id }) { revision history(first: 250) {
  nodes { position revision kind occurredAt recordedAt origin reason actor { id role name } changes { field before after } data }
  pageInfo { hasNextPage } } } }`;
const EVENTS = `subscription ($after: Position) { orderEvents(after: $after, scope: SUBTREE) { position orderId } }`;

export default function OrderPage({ id }) {
  const { t } = useApp();
  const { rev } = useAddress().params;
  const shown = /^[1-9]\d*$/.test(rev ?? "") ? Number(rev) : null;
  const asked = useAsk(QUERY, { id, asOf: shown ? { revision: shown } : null, isNow: shown === null });
  const told = useAsk(HISTORY, { id });
  const again = () => {
    asked.again();
    told.again();
  };
  useEffect(() => follow(EVENTS, {}, ({ orderId }) => orderId === id && again()), [id]);
  return html`<${Answer} of=${asked}>${({ order }) => {
    if (!order) return html`<${Title}>${t("order.none")}<//>`;
    const events = told.data?.order?.history.nodes ?? [];
    const last = told.data?.order?.revision ?? order.revision;
    const before = events.filter(({ revision }) => shown === null || revision <= shown);
    return html`<${Title} beside=${html`<span class="hint">${order.merchant.name} · <${When} at=${order.placedAt} /></span>`}>${order.number}<//>
      <p class="labels"><${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//></p>
      ${shown !== null
        ? html`<p class="past" role="status">${t("order.past", { revision: shown })} <button class="quiet" onClick=${() => go(address(`/orders/${id}`), true)}>${t("order.now")}</button></p>`
        : html`<${ActionBar} order=${order} onDone=${again} />`}
      <div class="two">
        <div>
          <${Goods} order=${order} /><${State} order=${order} /><${BuyerPart} order=${order} /><${Payments} order=${order} payments=${payments(before)} />
          <${Shipments} order=${order} parcels=${parcels(before)} /><${Refunds} order=${order} />
        </div>
        <${Answer} of=${told}>${() => html`<${Timeline} ...${{ order, events, shown, last }} />`}<//>
      </div>`;
  }}<//>`;
}
