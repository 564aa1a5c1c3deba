// The order desk: tabs by label with their counts, and a page of orders. What is looked at stands in the address.

import { h } from "./vendor/preact.js";
import { useEffect, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";
import { ask } from "./api.js";
import { moment, money } from "./text.js";

const html = htm.bind(h);

const LABELS = [
  "AWAITING_PAYMENT", "TO_SHIP", "SHIPPED", "COMPLETED", "AFTER_SALES", "REFUNDED", "CANCELLED", "EXCEPTION",
];
const PAGE = 50;

const QUERY = `query ($where: OrderWhere, $scope: Scope, $first: Int, $after: String, $last: Int, $before: String) {
  orders(where: $where, scope: $scope, first: $first, after: $after, last: $last, before: $before) {
    nodes { id number placedAt label merchant { id name } buyer { account } total { amount currency }
            lines { id title quantity } }
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
  }
}`;
const COUNTS = `query ($scope: Scope) { all: ordersCount(scope: $scope) ${LABELS.map(
  (label) => `${label}: ordersCount(where: {label: {eq: ${label}}}, scope: $scope)`,
).join(" ")} }`;

/** What the address says. The platform has no orders of its own. */
function asked(viewer) {
  const given = new URLSearchParams(location.search);
  const label = LABELS.includes(given.get("label")) ? given.get("label") : null;
  const scope = given.get("scope") === "SUBTREE" || !viewer.merchant ? "SUBTREE" : "OWN";
  return { label, scope, after: given.get("after"), before: given.get("before") };
}

function address(wanted) {
  const pairs = Object.entries(wanted).filter(([name, value]) => value && !(name === "scope" && value === "OWN"));
  const text = new URLSearchParams(pairs).toString();
  return text ? `/?${text}` : "/";
}

export function Desk({ t, language, viewer, onSignedOut }) {
  const [wanted, setWanted] = useState(() => asked(viewer));
  const [counts, setCounts] = useState({});
  const [page, setPage] = useState(null);
  const [why, setWhy] = useState(null);
  const [tries, setTries] = useState(0);
  const { label, scope, after, before } = wanted;
  const go = (change) => {
    const next = { ...wanted, after: null, before: null, ...change };
    history.pushState(null, "", address(next));
    setWanted(next);
  };
  useEffect(() => {
    const back = () => setWanted(asked(viewer));
    addEventListener("popstate", back);
    return () => removeEventListener("popstate", back);
  }, []);
  useEffect(() => {
    const stopping = new AbortController();
    const where = label ? { label: { eq: label } } : null;
    const part = before ? { last: PAGE, before } : { first: PAGE, after };
    setWhy(null);
    ask(QUERY, { where, scope, ...part }, stopping.signal).then(({ orders }) => setPage(orders), (error) => {
      if (error.name === "AbortError") return;
      if (error.status === 401) onSignedOut();
      setWhy(error.message);
    });
    ask(COUNTS, { scope }, stopping.signal).then(setCounts, () => setCounts({}));
    return () => stopping.abort();
  }, [label, scope, after, before, tries]);
  const tab = (name) => html`<a href=${address({ label: name, scope })} aria-current=${label === name ? "page" : null}
    onClick=${(event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      go({ label: name });
    }}>${name ? t(name) : t("all")} <span class="count">${counts[name ?? "all"]?.toLocaleString(language) ?? ""}</span></a>`;
  return html`<h1>${t("orders")}</h1>
    <nav class="tabs" aria-label=${t("status")}>${[null, ...LABELS].map(tab)}</nav>
    ${viewer.merchant && html`<label class="check"><input type="checkbox" checked=${scope === "SUBTREE"}
      onChange=${(event) => go({ scope: event.target.checked ? "SUBTREE" : "OWN" })} /> ${t("subtree")}</label>`}
    ${why && html`<p role="alert">${t("failed", { why })} <button onClick=${() => setTries(tries + 1)}>${t("again")}</button></p>`}
    ${page === null ? !why && html`<p role="status">${t("loading")}</p>` : html`<${List} ...${{ t, language, page }} />
      <nav class="pages" aria-label=${t("orders")}>
        <button disabled=${!page.pageInfo.hasPreviousPage} onClick=${() => go({ before: page.pageInfo.startCursor })}>${t("newer")}</button>
        <button disabled=${!page.pageInfo.hasNextPage} onClick=${() => go({ after: page.pageInfo.endCursor })}>${t("older")}</button>
      </nav>`}`;
}

function List({ t, language, page }) {
  if (page.nodes.length === 0) return html`<p>${t("none")}</p>`;
  const row = (order) => html`<tr key=${order.id}>
    <th scope="row">${order.number}</th>
    <td data-name=${t("placedAt")}><time datetime=${order.placedAt}>${moment(language, order.placedAt)}</time></td>
    <td data-name=${t("goods")}>${order.lines.map((line) => html`<div key=${line.id}>${line.title} × ${line.quantity}</div>`)}</td>
    <td data-name=${t("buyer")}>${order.buyer.account}</td>
    <td data-name=${t("amount")} class="number">${money(language, order.total)}</td>
    <td data-name=${t("status")}><span class=${`label ${order.label}`}>${t(order.label)}</span></td>
    <td data-name=${t("merchant")}>${order.merchant.name}</td>
  </tr>`;
  const names = ["number", "placedAt", "goods", "buyer", "amount", "status", "merchant"];
  return html`<table>
    <thead><tr>${names.map((name) => html`<th key=${name} scope="col">${t(name)}</th>`)}</tr></thead>
    <tbody>${page.nodes.map(row)}</tbody>
  </table>`;
}
