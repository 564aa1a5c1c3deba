// One order: its state, now or as of any of its events, what can be done to it, and its whole history.

import { useEffect } from "../vendor/hooks.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { ActionBar } from "../order/action-bar.js";
import { parcels, payments } from "../order/history.js";
import { BuyerPart, Goods, Payments, Refunds, Shipments, State } from "../order/parts.js";
import { HISTORY, QUERY } from "../order/query.js";
import { Timeline } from "../order/timeline.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { ORDER } from "../texts/order.js";
import { Answer, Chip, Title, useApp, useAsk, When } from "../ui.js";

addTexts(ORDER);

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
