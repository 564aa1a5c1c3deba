// After-sales: refunds that wait for an answer, for being paid out, or for the platform, and disputes.

import { useState } from "../vendor/hooks.js";
import { Disputes, useDisputes } from "../after-sales/disputes.js";
import { Refunds } from "../after-sales/refunds.js";
import { stateOf, STATES, ticketsOf, useTickets } from "../after-sales/tickets.js";
import { html } from "../html.js";
import { useChanges } from "../queues/changes.js";
import { OfferDialog } from "../queues/dialog.js";
import { ScopeBar, shownOf } from "../queues/scope.js";
import { address, go, useAddress } from "../router.js";
import { addTexts } from "../text.js";
import { AFTER_SALES } from "../texts/after-sales.js";
import { DESK } from "../texts/desk.js";
import { Answer, Tabs, Title, useApp } from "../ui.js";

addTexts(DESK);
addTexts(AFTER_SALES);

const TABS = [...STATES, "disputes"];

export default function AfterSales() {
  const { t, viewer } = useApp();
  const { params } = useAddress();
  const shown = shownOf(params, viewer);
  const tab = TABS.includes(params.tab) ? params.tab : TABS[0];
  const asked = useTickets(shown);
  const disputes = useDisputes(shown, params.after);
  const [acting, setActing] = useState(null);
  const refresh = () => {
    asked.again();
    disputes.again();
  };
  useChanges(shown, (kinds) => kinds.includes("REFUND") && refresh());
  const tickets = asked.data && ticketsOf(asked.data);
  const of = (state) => tickets?.filter(({ ticket }) => stateOf(ticket) === state);
  const count = (key) => {
    if (key !== "disputes") return of(key)?.length;
    const found = disputes.data?.orders;
    return found && !found.pageInfo.hasNextPage && !params.after ? found.nodes.length : null;
  };
  const to = (next) => address("/after-sales", { tab, scope: params.scope, merchant: params.merchant, ...next });
  const tabs = TABS.map((key) => ({ key, text: t(`afterSales.${key}`), count: count(key), to: to({ tab: key }) }));
  const withMerchant = shown.scope === "SUBTREE";
  return html`<${Title} beside=${html`<${ScopeBar} ...${{ params }} onChange=${(next) => go(to(next))} />`}>${t("page.afterSales")}<//>
    <${Tabs} name=${t("page.afterSales")} tabs=${tabs} current=${tab} />
    ${tab === "disputes"
      ? html`<${Disputes} asked=${disputes} ...${{ withMerchant }} onAct=${setActing} onFirst=${params.after && (() => go(to({})))} onNext=${(after) => go(to({ after }))} />`
      : html`<${Answer} of=${asked}>${({ isWhole }) => html`${!isWhole && html`<p class="hint">${t("afterSales.notWhole")}</p>`}
          <${Refunds} key=${tab} tickets=${of(tab)} state=${tab} ...${{ withMerchant }} onAct=${setActing} onDone=${refresh} />`}<//>`}
    ${acting && html`<${OfferDialog} what=${acting} onClose=${() => setActing(null)} onChange=${refresh} />`}`;
}
