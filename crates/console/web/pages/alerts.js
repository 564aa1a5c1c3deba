// Alerts: which thresholds are crossed now, and what was raised and cleared.

import { useEffect, useState } from "../vendor/hooks.js";
import { Changes, useAlertChanges } from "../alerts/changes.js";
import { useWatched } from "../alerts/merchants.js";
import { Raised } from "../alerts/raised.js";
import { html } from "../html.js";
import { Link } from "../router.js";
import { addTexts } from "../text.js";
import { ALERTS } from "../texts/alerts.js";
import { QUEUES } from "../texts/queues.js";
import { Failed, Loading, Title, useApp } from "../ui.js";

addTexts(ALERTS);
addTexts(QUEUES);

/** After a change all are read again, this often at most, in milliseconds. */
const PAUSE = 2_000;

export default function Alerts() {
  const { t } = useApp();
  const watched = useWatched();
  const [isStale, setStale] = useState(false);
  const { changes, more, why, again, isLoading } = useAlertChanges(() => setStale(true));
  useEffect(() => {
    // What is being read is read to its end first, or under many changes it would never be.
    if (!isStale || watched.isLoading) return undefined;
    const timer = setTimeout(() => {
      setStale(false);
      watched.again();
    }, PAUSE);
    return () => clearTimeout(timer);
  }, [isStale, watched.isLoading]);
  const { merchants, isWhole } = watched.data ?? { merchants: [], isWhole: false };
  const nameOf = ({ id, name }) => name ?? merchants.find((one) => one.id === id)?.name ?? id;
  return html`<${Title} beside=${html`<${Link} to="/settings">${t("alerts.set")}<//>`}>${t("page.alerts")}<//>
    <h2 class="alerts-part">${t("alerts.now")}</h2>
    <${Failed} why=${watched.why} again=${watched.again} />
    <${Raised} ...${{ merchants, changes, isLoading }} isAll=${isWhole && !watched.why} />
    ${!isWhole && !watched.why && html`<${Loading} />`}
    <h2 class="alerts-part">${t("alerts.changes")}</h2>
    <${Failed} ...${{ why, again }} />
    <${Changes} ...${{ changes, more, isLoading, nameOf }} />`;
}
