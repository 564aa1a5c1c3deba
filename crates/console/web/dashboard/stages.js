// How long each stage of an order takes, and which one holds it up most.

import { html } from "../html.js";
import { Chip, useApp } from "../ui.js";
import { Chart } from "./parts.js";
import { useWidth } from "./plot.js";

const WAYS = [
  { key: "way.order", stages: ["PLACED_TO_PAID", "PAID_TO_SHIPPED", "SHIPPED_TO_DELIVERED"] },
  { key: "way.refund", stages: ["REFUND_REQUESTED_TO_APPROVED", "REFUND_APPROVED_TO_SETTLED"] },
];
/** Seconds: durations lie between seconds and weeks, so the scale is one of powers. */
const MARKS = [1, 60, 3_600, 86_400, 864_000];
const place = (seconds) => Math.min(1, Math.log(Math.max(seconds, 1)) / Math.log(MARKS[MARKS.length - 1]));

/** `{stage, share}` of the stage whose median is the largest part of its way; null where nothing is known. */
function bottleneck(stages) {
  const sum = stages.reduce((total, { medianSeconds }) => total + (medianSeconds ?? 0), 0);
  if (sum === 0) return null;
  const slowest = stages.reduce((worst, stage) => ((stage.medianSeconds ?? 0) > (worst.medianSeconds ?? 0) ? stage : worst));
  return { ...slowest, share: slowest.medianSeconds / sum };
}

export function Stages({ stages }) {
  const { t, format } = useApp();
  const span = (seconds) => (seconds === null ? "–" : format.span(seconds));
  const ways = WAYS.map(({ key, stages: names }) => {
    const found = names.map((name) => stages.find(({ stage }) => stage === name));
    return { key, stages: found, slowest: bottleneck(found) };
  });
  const about = ways.filter(({ slowest }) => slowest).map(({ key, slowest }) => t("dash.bottleneck", {
    way: t(`dash.${key}`), stage: t(`Stage.${slowest.stage}`), share: format.percent(slowest.share), median: span(slowest.medianSeconds) })).join(" ");
  const table = () => ({
    columns: [{ key: "stage", name: t("dash.stage") }, ...["count", "median", "p90", "max", "negative"].map((key) => ({ key, name: t(`dash.${key}`), isNumber: true }))],
    rows: stages.map((one) => ({ key: one.stage, cells: [t(`Stage.${one.stage}`), format.number(one.count), span(one.medianSeconds), span(one.p90Seconds), span(one.maxSeconds), format.number(one.negative)] })),
  });
  return html`<${Chart} id="stages" title=${t("dash.stages")} about=${about || t("dash.nothing")} table=${table}>
    ${ways.map(({ key, stages: found, slowest }) => html`<h3>${t(`dash.${key}`)}</h3>
      <ul class="stages">${found.map((stage) => html`<li key=${stage.stage}>
        <p><span>${t(`Stage.${stage.stage}`)}${stage.stage === slowest?.stage && html` <${Chip} kind="warn">${t("dash.slowest", { share: format.percent(slowest.share) })}<//>`}</span>
          <span class="number">${t("dash.durations", { median: span(stage.medianSeconds), p90: span(stage.p90Seconds), max: span(stage.maxSeconds) })}</span></p>
        <${Reach} stage=${stage} isSlowest=${stage.stage === slowest?.stage} name=${t(`Stage.${stage.stage}`)} />
      </li>`)}</ul>`)}
    <${Scale} />
  <//>`;
}

/** From the median (the dot) to where nine in ten are done (the bar), and on to the longest (the line). */
function Reach({ stage, name, isSlowest }) {
  const { t, format } = useApp();
  const [ref, width] = useWidth();
  if (stage.medianSeconds === null) return html`<div ref=${ref} class="reach"></div>`;
  const x = (seconds) => 6 + place(seconds) * (width - 12);
  const [median, most, longest] = [stage.medianSeconds, stage.p90Seconds, stage.maxSeconds].map(x);
  const words = t("dash.durations", { median: format.span(stage.medianSeconds), p90: format.span(stage.p90Seconds), max: format.span(stage.maxSeconds) });
  return html`<div ref=${ref} class="reach">${width > 0 && html`<svg width=${width} height="14" viewBox="0 0 ${width} 14" role="img" aria-label=${`${name}: ${words}`}>
    ${MARKS.map((mark) => html`<line key=${mark} class="rule" x1=${x(mark)} x2=${x(mark)} y1="0" y2="14" />`)}
    <line class="whisker" x1=${most} x2=${longest} y1="7" y2="7" /><line class="whisker" x1=${longest} x2=${longest} y1="3" y2="11" />
    <rect class=${isSlowest ? "span-slow" : "span-now"} x=${median} y="4" width=${Math.max(2, most - median)} height="6" rx="3" />
    <circle class=${isSlowest ? "dot-slow" : "dot-now"} cx=${median} cy="7" r="5" />
  </svg>`}</div>`;
}

function Scale() {
  const { t, format } = useApp();
  const [ref, width] = useWidth();
  // On a phone the last two would lie upon each other.
  const shown = MARKS.slice(0, width < 340 ? -1 : undefined);
  return html`<div ref=${ref} class="reach" aria-hidden="true">${width > 0 && html`<svg width=${width} height="18" viewBox="0 0 ${width} 18">
    ${shown.map((mark, index) => html`<text key=${mark} class="tick" y="13" x=${6 + place(mark) * (width - 12)}
      text-anchor=${index === 0 ? "start" : index === MARKS.length - 1 ? "end" : "middle"}>${format.span(mark)}</text>`)}
  </svg>`}</div><p class="hint">${t("dash.stageLegend")}</p>`;
}
