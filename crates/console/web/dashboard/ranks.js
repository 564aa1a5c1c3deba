// What sells, where, why it comes back, and who works on it: tables, each row with a bar.

import { html } from "../html.js";
import { actorName } from "../order/history.js";
import { Link } from "../router.js";
import { Answer, Table, useApp } from "../ui.js";
import { Bar, Chart } from "./parts.js";

const WATCHERS = ["PLATFORM", "OWNER", "AUDITOR"];

/** To the orders behind a row, for those who may see orders. */
function Behind({ to, children }) {
  const { viewer } = useApp();
  return viewer.role === "ANALYST" ? html`<span>${children}</span>` : html`<${Link} to=${to}>${children}<//>`;
}

function Rank({ id, title, about, columns, rows, share }) {
  const { t } = useApp();
  const most = Math.max(...rows.map(share), 0);
  const shown = rows.map((row) => {
    const [first, ...rest] = row.cells;
    return { key: row.key, cells: [html`${first}<${Bar} share=${most > 0 ? share(row) / most : 0} />`, ...rest] };
  });
  return html`<${Chart} ...${{ id, title, about }}><${Table} caption=${title} columns=${columns} rows=${shown} empty=${t("dash.nothing")} /><//>`;
}

export function Products({ products, withMerchant, look }) {
  const { t, format } = useApp();
  const columns = [{ key: "product", name: t("dash.product") }, ...["orderCount", "units", "refundedOrders", "lineAmount"].map((key) => ({ key, name: t(`dash.${key}`), isNumber: true }))];
  const rows = products.map((one) => ({
    key: `${one.merchant.id} ${one.sku}`, amount: Number(one.paidAmount.amount),
    cells: [
      html`<${Behind} to=${look({ look: "product", of: one.sku, whose: one.merchant.id })}>${one.title}<//>${withMerchant && html` <span class="hint">${one.merchant.name}</span>`}`,
      format.number(one.orders), format.number(one.units), html`${format.number(one.refundedOrders)} <span class="hint">${one.paidOrders > 0 ? format.percent(one.refundedOrders / one.paidOrders) : "–"}</span>`, format.money(one.paidAmount),
    ],
  }));
  return html`<${Rank} id="products" title=${t("dash.products")} about=${t("dash.productsAbout")} ...${{ columns, rows }} share=${({ amount }) => amount} />`;
}

export function Merchants({ merchants, look }) {
  const { t, format } = useApp();
  const columns = [{ key: "merchant", name: t("dash.merchant") }, ...["placedOrders", "paidOrders", "refundRate", "paidAmount"].map((key) => ({ key, name: t(`dash.${key}`), isNumber: true }))];
  const rows = merchants.map((one) => ({
    key: one.merchant.id, placed: one.placedOrders,
    cells: [
      html`<${Link} to=${look({ look: "PLACED_ORDERS", whose: one.merchant.id })}>${one.merchant.name}<//>`,
      format.number(one.placedOrders), format.number(one.paidOrders), one.paidOrders > 0 ? format.percent(one.refundedOrders / one.paidOrders) : "–", format.money(one.paidAmount),
    ],
  }));
  return html`<${Rank} id="merchants" title=${t("dash.merchants")} ...${{ columns, rows }} share=${({ placed }) => placed} />`;
}

export function Reasons({ reasons, look }) {
  const { t, format } = useApp();
  const columns = [{ key: "reason", name: t("dash.reason") }, { key: "requests", name: t("dash.requests"), isNumber: true }, { key: "amount", name: t("dash.amount"), isNumber: true }];
  const rows = reasons.map(({ reason, requests, amount }) => ({
    key: reason ?? "none", requests,
    cells: [html`<${Behind} to=${look({ look: "reason", of: reason ?? "none" })}>${reason ? t(`ReasonCode.${reason}`) : t("dash.noReason")}<//>`, format.number(requests), format.money(amount)],
  }));
  return html`<${Rank} id="reasons" title=${t("dash.reasons")} about=${t("dash.reasonsAbout")} ...${{ columns, rows }} share=${({ requests }) => requests} />`;
}

export function Actors({ of, look }) {
  const { t, format, viewer, people } = useApp();
  const columns = [{ key: "who", name: t("dash.who") }, ...["orderCount", "events", "deliveries", "refundsAnswered", "refundsSettled"].map((key) => ({ key, name: t(`dash.${key}`), isNumber: true }))];
  const row = ({ actor, ...one }) => {
    const name = actorName(t, actor, people);
    return {
      key: `${actor.id} ${actor.name}`, events: one.events,
      cells: [
        WATCHERS.includes(viewer.role) ? html`<${Link} to=${look({ look: "actor", of: actor.name ?? actor.id })}>${name}<//>` : html`<span>${name}</span>`,
        ...[one.orders, one.events, one.deliveries, one.refundsAnswered, one.refundsSettled].map(format.number),
      ],
    };
  };
  if (of.why?.code === "TOO_MUCH_WORK") return html`<${Chart} id="actors" title=${t("dash.actors")} about=${t("dash.actorsTooMany")} />`;
  return html`<${Answer} of=${of}>${({ now }) => html`<${Rank} id="actors" title=${t("dash.actors")} about=${t("dash.actorsAbout")} columns=${columns} rows=${now.byActor.map(row)} share=${({ events }) => events} />`}<//>`;
}
