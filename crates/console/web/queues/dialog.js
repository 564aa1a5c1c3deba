// The form for what is done to one of the orders that wait.

import { html } from "../html.js";
import { ActionDialog } from "../order/action-bar.js";
import { useApp } from "../ui.js";

/** `what`: `{name, order, ticket, hold, likely}`. `onChange` is called once it is carried out or refused: then it may have become another
 * order meanwhile. */
export function OfferDialog({ what, onClose, onChange }) {
  const { format } = useApp();
  const { order, ticket } = what;
  const goods = order.lines.map(({ title, quantity }) => `${title} × ${format.number(quantity)}`).join(", ");
  const about = html`<p>${goods} · <strong>${format.money(ticket?.amount ?? order.total)}</strong></p>`;
  return html`<${ActionDialog} key=${order.id} ...${what} ...${{ about, onClose }} onDone=${onChange} onRefused=${onChange} />`;
}
