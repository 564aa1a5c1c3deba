// Alerts: which thresholds are crossed now, and what was raised and cleared.

import { Changes, useAlertChanges } from "../alerts/changes.js";
import { Raised } from "../alerts/raised.js";
import { html } from "../html.js";
import { Link } from "../router.js";
import { addTexts } from "../text.js";
import { ALERTS } from "../texts/alerts.js";
import { QUEUES } from "../texts/queues.js";
import { Answer, Failed, Title, useApp, useAsk } from "../ui.js";

addTexts(ALERTS);
addTexts(QUEUES);

const QUERY = "{ merchants(first: 250) { nodes { id name policy { warnRefundRate warnConversion warnQueueAgeSeconds } alerts { kind sku } } } }";

export default function Alerts() {
  const { t } = useApp();
  const asked = useAsk(QUERY);
  const { changes, why, isLoading } = useAlertChanges(asked.again);
  const merchants = asked.data?.merchants.nodes ?? [];
  return html`<${Title} beside=${html`<${Link} to="/settings">${t("alerts.set")}<//>`}>${t("page.alerts")}<//>
    <h2 class="part">${t("alerts.now")}</h2>
    <${Answer} of=${asked}>${() => html`<${Raised} ...${{ merchants, changes, isLoading }} />`}<//>
    <h2 class="part">${t("alerts.changes")}</h2>
    <${Failed} why=${why} />
    <${Changes} ...${{ changes, merchants, isLoading }} />`;
}
