// One order: its state, now or as of any of its events, what can be done to it, and its whole history.

import { useEffect } from "../vendor/hooks.js";
import { html } from "../html.js";
import { follow } from "../live.js";
import { ActionBar } from "../order/action-bar.js";
import { parcels, payments } from "../order/history.js";
import { BuyerPart, Goods, Notes, Payments, Refunds, Shipments, State } from "../order/parts.js";
import { QUERY, useHistory } from "../order/query.js";
import { Timeline } from "../order/timeline.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { ORDER } from "../texts/order.js";
import { Answer, Chip, Loading, Title, useApp, useAsk, When } from "../ui.js";

addTexts(ORDER);

const EVENTS = `subscription ($after: Position, $merchant: String) { orderEvents(after: $after, merchant: $merchant) { position orderId } }`;

export default function OrderPage({ id }) {
  const { t } = useApp();
  const { rev } = useAddress().params;
  const shown = /^[1-9]\d*$/.test(rev ?? "") ? Number(rev) : null;
  const asked = useAsk(QUERY, { id, asOf: shown ? { revision: shown } : null, isNow: shown === null });
  const told = useHistory(id);
  const again = () => {
    asked.again();
    told.again();
  };
  const merchant = asked.data?.order?.merchant.id;
  useEffect(() => merchant && follow(EVENTS, { merchant }, ({ orderId }) => orderId === id && again(), again), [id, merchant]);
  return html`<${Answer} of=${asked}>${({ order }) => {
    if (!order) return html`<${Title}>${t("order.none")}<//>`;
    if (order.id !== id) return html`<${Loading} />`;
    const { events, revision: last, isWhole } = told.data ?? { events: [], revision: order.revision, isWhole: true };
    const before = events.filter(({ revision }) => shown === null || revision <= shown);
    const asOf = shown === null ? null : before.at(-1)?.recordedAt;
    return html`<${Title} beside=${html`<span class="hint">${order.merchant.name} · <${When} at=${order.placedAt} /></span>`}>${order.number}<//>
      <p class="labels"><${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//></p>
      ${shown !== null
        ? html`<p class="past" role="status">${t("order.past", { revision: shown })} <button class="quiet" onClick=${() => go(address(`/orders/${id}`), true)}>${t("order.now")}</button></p>`
        : order.actions && html`<${ActionBar} order=${order} onDone=${again} />`}
      <div class="two">
        <div>
          <${Notes} events=${before} /><${Goods} order=${order} adjustments=${events[0]?.data?.adjustments} /><${State} ...${{ order, asOf }} /><${BuyerPart} order=${order} /><${Payments} order=${order} payments=${payments(before)} />
          <${Shipments} order=${order} parcels=${parcels(before)} /><${Refunds} ...${{ order, asOf }} />
        </div>
        <${Answer} of=${told}>${() => html`<${Timeline} ...${{ order, events, shown, last, isWhole }} />`}<//>
      </div>`;
  }}<//>`;
}
