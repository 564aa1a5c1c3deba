// Deadlines: how often each was missed, and how many refunds were answered in time.

import { html } from "../html.js";
import { Link } from "../router.js";
import { Table, useApp } from "../ui.js";
import { Change } from "./figures.js";
import { Bar, Chart } from "./parts.js";

export function Clocks({ now, before, look }) {
  const { t, format } = useApp();
  const most = Math.max(...now.breaches.map(({ count }) => count), 1);
  const sum = now.breaches.reduce((total, { count }) => total + count, 0);
  const about = [
    sum === 0 ? t("dash.allKept") : t("dash.missedSum", { count: format.number(sum) }),
    now.answeredInTimeShare !== null && t("dash.answered", { share: format.percent(now.answeredInTimeShare) }),
  ].filter(Boolean).join(" ");
  const columns = [{ key: "clock", name: t("dash.clock") }, { key: "missed", name: t("dash.missed"), isNumber: true }, { key: "change", name: t("dash.change") }];
  const row = ({ clock, count }) => ({
    key: clock,
    cells: [
      html`<${Link} to=${look({ look: `${clock}_BREACHES` })}>${t(`Clock.${clock}`)}<//><${Bar} share=${count / most} style="bad" />`,
      format.number(count),
      html`<${Change} kind="number" good=${-1} now=${count} before=${before.breaches.find((one) => one.clock === clock)?.count} />`,
    ],
  });
  return html`<${Chart} id="clocks" title=${t("dash.clocks")} about=${about}>
    <${Table} caption=${t("dash.clocks")} ...${{ columns }} rows=${now.breaches.map(row)} empty=${t("dash.nothing")} /><//>`;
}
