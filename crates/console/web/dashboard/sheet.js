// What is behind a figure: the events that made it, or the orders, each with the way to its order.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useEntries } from "../audit/entries.js";
import { html } from "../html.js";
import { address, Link } from "../router.js";
import { Answer, Chip, Dialog, Failed, Further, Loading, Table, useApp, useAsk, When } from "../ui.js";
import { METRICS, titleOf } from "./look.js";
import { onDay } from "./range.js";
import { EVENTS_QUERY, METRIC_OF_REASONS, ORDERS_QUERY, REASONS_QUERY, WORK_ENTRY } from "./sheet-queries.js";
import { daysText } from "./words.js";

const PAGE = 25;
/** Of requests for refunds, this many pages are looked through for one reason before the person is asked whether to go on. */
const PAGES_AT_ONCE = 4;

export function Sheet({ params, given, range, merchants, at, onClose }) {
  const { t, viewer, zone, language } = useApp();
  const { look, day, whose } = params;
  const variables = {
    ...given, now: day ? onDay(given.now, zone, day) : given.now, before: undefined,
    ...(whose ? { merchant: whose, scope: "OWN" } : {}),
  };
  const title = titleOf({ params, merchants, t, language });
  const product = look === "product" ? params.of : null;
  const desk = address("/", { range: "custom", from: day ?? range.from, to: day ?? range.to, product, merchant: variables.merchant, scope: variables.scope === "SUBTREE" ? "SUBTREE" : null });
  const Content = { product: Orders, reason: Reasons, actor: Work }[look] ?? Events;
  return html`<${Dialog} title=${title} onClose=${onClose}>
    <p class="hint">${!day && `${daysText(language, range.from, range.to)} · `}${look === "actor"
      ? html`${t("dash.workAbout")} <${Link} to=${address("/audit", { actor: params.of })}>${t("dash.toAudit")}<//>`
      : html`${look in METRICS && `${t(variables.basis === "BOOKED" ? "dash.eventsBooked" : "dash.eventsCohort")} `}${viewer.role !== "ANALYST" && html`<${Link} to=${desk}>${t(product ? "dash.toDeskProduct" : "dash.toDesk")}<//>`}`}</p>
    <${Content} ...${{ params, variables, at }} />
  <//>`;
}

/** A number that leads to its order; of an order that is not shown to the caller, the end of its id. */
function OrderLink({ id, order }) {
  if (!order) return html`<span class="hint" title=${id}>…${id.slice(-8)}</span>`;
  return html`<${Link} to=${`/orders/${order.id}`} class="order-number">${order.number}<//> <span class="hint">${order.merchant.name}</span>`;
}

function useColumns(...keys) {
  const { t } = useApp();
  return keys.map((key) => ({ key, name: t(`dash.${key}`), isNumber: ["contribution", "total", "refund"].includes(key) }));
}

function Pages({ info, params, at }) {
  return html`<${Further} info=${info} onFirst=${params.after && (() => at({ after: null }, true))} onNext=${(after) => at({ after }, true)} />`;
}

function Events({ params, variables, at }) {
  const { t, format } = useApp();
  const { look, weekday, hour, after } = params;
  const number = (text) => (text ? Number(text) : null);
  const asked = useAsk(look in METRICS ? EVENTS_QUERY : null, { ...variables, metric: look, weekday: number(weekday), hour: number(hour), after: after ?? null, first: PAGE });
  const isMoney = look === "PAID_AMOUNT";
  const columns = useColumns("when", "event", "order", "status", isMoney ? "contribution" : "total");
  const row = ({ position, kind, occurredAt, amount, orderId, order }) => ({
    key: `${position} ${orderId}`,
    cells: [
      html`<${When} at=${occurredAt} />`, t(`event.${kind}`), html`<${OrderLink} id=${orderId} order=${order} />`,
      order && html`<${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//>`,
      isMoney ? format.money({ amount, currency: variables.currency }) : order && format.money(order.total),
    ],
  });
  if (!(look in METRICS)) return html`<p class="empty">${t("dash.nothing")}</p>`;
  return html`<${Answer} of=${asked}>${({ dashboardEvents: found }) => html`
      <${Table} caption=${t("dash.behind")} columns=${columns} rows=${found.nodes.map(row)} empty=${t("dash.noEvents")} />
      <${Pages} info=${found.pageInfo} ...${{ params, at }} />`}<//>`;
}

function Orders({ params, variables, at }) {
  const { t, format } = useApp();
  const { gte, lt } = variables.now;
  const asked = useAsk(ORDERS_QUERY, { where: { product: { eq: params.of }, merchant: { eq: params.whose }, placedAt: { gte, lt } }, scope: "OWN", first: PAGE, after: params.after ?? null });
  const columns = useColumns("when", "order", "statusNow", "total");
  const row = (order) => ({
    key: order.id,
    cells: [html`<${When} at=${order.placedAt} />`, html`<${OrderLink} id=${order.id} order=${order} />`, html`<${Chip} kind=${order.label}>${t(`OrderLabel.${order.label}`)}<//>`, format.money(order.total)],
  });
  return html`<${Answer} of=${asked}>${({ orders }) => html`
    <${Table} caption=${t("dash.behind")} columns=${columns} rows=${orders.nodes.map(row)} empty=${t("dash.noEvents")} />
    <${Pages} info=${orders.pageInfo} ...${{ params, at }} />`}<//>`;
}

/** Requests for refunds bear their reasons in the orders' histories: they are looked through until a page of them is found. */
function Reasons({ params, variables }) {
  const { t, format, refusal } = useApp();
  const [found, setFound] = useState({ rows: [], after: null, isAtEnd: false });
  const [why, setWhy] = useState(null);
  const [round, setRound] = useState(0);
  const isWanted = (reason) => (reason ?? "none") === params.of;
  useEffect(() => {
    const stopping = new AbortController();
    const search = async () => {
      let { rows, after, isAtEnd } = found;
      const wanted = rows.length + PAGE;
      for (let page = 0; page < PAGES_AT_ONCE && rows.length < wanted && !isAtEnd; page += 1) {
        const { dashboardEvents: part } = await ask(REASONS_QUERY, { ...variables, basis: "COHORT", metric: METRIC_OF_REASONS, first: 100, after }, stopping.signal);
        const reasonOf = ({ position, order }) => order?.history.nodes.find((event) => event.position === position)?.reason;
        rows = [...rows, ...part.nodes.filter((node) => isWanted(reasonOf(node)))];
        after = part.pageInfo.endCursor;
        isAtEnd = !part.pageInfo.hasNextPage;
      }
      setFound({ rows, after, isAtEnd, round });
    };
    search().catch((error) => error.name !== "AbortError" && setWhy(error));
    return () => stopping.abort();
  }, [round]);
  const columns = useColumns("when", "order", "total", "refund");
  const row = ({ position, occurredAt, order }) => ({
    key: position,
    cells: [html`<${When} at=${occurredAt} />`, html`<${OrderLink} id=${order.id} order=${order} />`, format.money(order.total), order.refunds.length > 0 ? format.money(order.refunds.at(-1).amount) : "–"],
  });
  if (why) return html`<${Failed} why=${why} />`;
  if (found.round === undefined) return html`<${Loading} />`;
  return html`<${Table} caption=${t("dash.behind")} columns=${columns} rows=${found.rows.map(row)} empty=${t("dash.noEvents")} />
    ${!found.isAtEnd && html`<p><button class="quiet" disabled=${found.round !== round} onClick=${() => setRound(round + 1)}>${t("dash.searchOn")}</button></p>`}`;
}

/** What somebody did, from the log: it knows when the ledger learnt of it, not to which period an order belongs. */
function Work({ params, variables, at }) {
  const { t, viewer } = useApp();
  const { gte, lt } = variables.now;
  const where = { actor: { eq: params.of }, time: { gte, lt }, ...(variables.merchant && !viewer.merchant ? { merchant: { eq: variables.merchant } } : {}) };
  const asked = useEntries(WORK_ENTRY, { where, after: params.after ?? null, first: PAGE });
  const columns = useColumns("when", "event", "order");
  const row = ({ name, subject, event }) => ({
    key: event.position,
    cells: [html`<${When} at=${event.recordedAt} />`, t(`event.${event.kind}`), subject === "ORDER" ? html`<${Link} to=${`/orders/${event.stream}`} class="order-number">${name}<//>` : name],
  });
  return html`<${Answer} of=${asked}>${({ nodes, info }) => html`
      ${(nodes.length > 0 || !asked.isLoading) && html`<${Table} caption=${t("dash.behind")} columns=${columns} rows=${nodes.map(row)} empty=${t(info.hasNextPage ? "dash.noWorkYet" : "dash.noWork")} />`}
      ${asked.isLoading ? html`<${Loading} />` : html`<${Pages} ...${{ info, params, at }} />`}`}<//>`;
}
