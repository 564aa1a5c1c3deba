// What waits for the same reason, the longest first.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { useReasons } from "../queues/reasons.js";
import { address, Link } from "../router.js";
import { Answer, useApp, useAsk, useNow } from "../ui.js";
import { Card, CARD } from "./card.js";

const QUERY = `query ($kind: [ExceptionKind!], $first: Int, $merchant: String, $scope: Scope, $atLeast: Position) {
  exceptions(kind: $kind, first: $first, merchant: $merchant, scope: $scope, atLeast: $atLeast) { nodes { ${CARD} } pageInfo { hasNextPage } } }`;
const STEP = 20;
/** On a phone the lanes stand one below the other: the next one must not be far. */
const STEP_NARROW = 5;
/** What a question may ask for: what can be done is asked of each. */
const MOST = 100;

/** It grows older, as the cards do. */
function Oldest({ since }) {
  const { t, format } = useApp();
  return html`<span class="hint oldest">${t("exceptions.oldest", { span: format.span((useNow() - Date.parse(since)) / 1_000) })}</span>`;
}

/** `changes` counts what came into the lane or went out of it. */
export function Lane({ kind, count, shown, changes, isOnly, onAct }) {
  const { t, format, viewer } = useApp();
  const [first, setFirst] = useState(() => (!isOnly && matchMedia("(max-width: 48rem)").matches ? STEP_NARROW : STEP));
  const asked = useAsk(QUERY, { kind: [kind], first, ...shown });
  const isFirst = useRef(true);
  useEffect(() => {
    if (!isFirst.current) asked.again();
    isFirst.current = false;
  }, [changes]);
  const heading = useRef(null);
  const hadFocus = useRef(false);
  useEffect(() => {
    // The card that was worked on is gone, and the focus with it.
    if (hadFocus.current && document.activeElement === document.body) heading.current.focus({ preventScroll: true });
  }, [asked.data]);
  const cards = asked.data?.exceptions.nodes ?? [];
  const reasonOf = useReasons(cards.map(({ order }) => order));
  const found = ({ order, since }) => reasonOf(order, kind === "REFUND" ? "refund-requested" : "hold-placed", since)?.reason;
  return html`<section class="lane" aria-labelledby=${`lane-${kind}`}
    onFocusIn=${() => (hadFocus.current = true)} onFocusOut=${(event) => (hadFocus.current = !event.relatedTarget || event.relatedTarget.closest("dialog") !== null)}>
    <h2 tabindex="-1" ref=${heading}><span id=${`lane-${kind}`}>${t(`ExceptionKind.${kind}`)}</span> ${count && html`<span class="count">${format.number(count.count)}</span>`}
      ${cards.length > 0 && html`<${Oldest} since=${cards[0].since} />`}</h2>
    <${Answer} of=${asked}>${({ exceptions: { nodes, pageInfo } }) => html`
      ${nodes.length === 0 && html`<p class="empty">${t(`exceptions.none.${kind}`)}</p>`}
      <ul class="cards">${nodes.map((exception) => html`<li key=${`${exception.order.id} ${exception.ticket ?? ""}`}><${Card} ...${{ exception, onAct }}
        reason=${found(exception)} withMerchant=${shown.scope === "SUBTREE"} /></li>`)}</ul>
      ${pageInfo.hasNextPage && (first < MOST
        ? html`<button class="quiet" onClick=${() => setFirst(Math.min(Math.max(2 * first, STEP), MOST))}>${t("exceptions.more")}<span class="unseen"> ${t(`ExceptionKind.${kind}`)}</span></button>`
        : html`<${Link} to=${address("/", { kind, sort: "placed-asc", merchant: shown.merchant, scope: viewer.merchant ? shown.scope : null })}>${t("exceptions.all")}<//>`)}`}<//>
  </section>`;
}
