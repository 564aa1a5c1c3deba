// How far an order has come: placed, paid, sent, received.

import { html } from "../html.js";
import { useApp, When } from "../ui.js";

/** Which events begin a step. */
const STEPS = [
  ["placed", ["order-placed"]],
  ["paid", ["payment-captured"]],
  ["sent", ["shipment-confirmed", "cards-assigned", "top-up-succeeded"]],
  ["received", ["delivered"]],
];

export function Steps({ order, events }) {
  const { t } = useApp();
  const isPaid = !["UNPAID", "PARTIAL"].includes(order.axes.payment);
  const reached = { placed: true, paid: isPaid, sent: order.axes.fulfilment !== "NONE", received: order.axes.fulfilment === "DELIVERED" };
  return html`<ol class="steps">${STEPS.map(([name, kinds]) => {
    const event = reached[name] && events.findLast(({ kind }) => kinds.includes(kind));
    return html`<li key=${name} class=${reached[name] ? "reached" : null}><strong>${t(`step.${name}`)}</strong>
      <span class="hint">${event ? html`<${When} at=${event.occurredAt} />` : t(reached[name] ? "step.done" : "step.open")}</span></li>`;
  })}</ol>`;
}
