// Weekday by hour: 168 cells. One of them is in the tab order; arrow keys go from cell to cell.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Link } from "../router.js";
import { useApp } from "../ui.js";
import { Chart, Segments } from "./parts.js";
import { hoursText, hourText, weekdayText } from "./words.js";

const MEASURES = [
  { key: "placedOrders", metric: "PLACED_ORDERS" },
  { key: "paidOrders", metric: "PAID_ORDERS" },
  { key: "refundedOrders", metric: "REFUNDED_ORDERS" },
  { key: "conversionRate", metric: "PAID_ORDERS", isRate: true },
  { key: "refundRate", metric: "REFUNDED_ORDERS", isRate: true },
];
const NARROW = "(max-width: 48rem)";
const STEPS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
/** How much of the accent the fullest cell has: with more, the number in it could not be read. */
const FULLEST = 44;

function useNarrow() {
  const [isNarrow, setNarrow] = useState(() => matchMedia(NARROW).matches);
  useEffect(() => {
    const media = matchMedia(NARROW);
    const look = () => setNarrow(media.matches);
    media.addEventListener("change", look);
    return () => media.removeEventListener("change", look);
  }, []);
  return isNarrow;
}

export function Heat({ cells, measure: wanted, at, look }) {
  const { t, language, format } = useApp();
  const isNarrow = useNarrow();
  const grid = useRef(null);
  const { key, metric, isRate } = MEASURES.find((one) => one.key === wanted) ?? MEASURES[0];
  const valueOf = (cell) => (cell[key] === null ? null : Number(cell[key]));
  const peak = cells.reduce((best, cell) => ((valueOf(cell) ?? -1) > (valueOf(best) ?? -1) ? cell : best), cells[0]);
  const highest = valueOf(peak) ?? 0;
  // One hour of a sale would leave all others pale: what is fullest is told by the peak alone.
  const ranked = cells.map(valueOf).filter((value) => value > 0).sort((one, other) => one - other);
  const full = ranked[Math.floor(ranked.length * 0.97)] ?? 1;
  const [current, setCurrent] = useState(null);
  const [pointed, setPointed] = useState(null);
  // On a phone hours go down, so that nothing is wider than the screen.
  const wide = isNarrow ? 7 : 24;
  const high = isNarrow ? 24 : 7;
  const cellAt = (column, row) => cells[isNarrow ? column * 24 + row : row * 24 + column];
  const tabStop = current ?? cells.indexOf(peak);
  const when = (cell) => `${weekdayText(language, cell.weekday)} ${hoursText(cell.hour)}`;
  const words = (cell) => t("dash.cell", {
    when: when(cell), placed: format.number(cell.placedOrders), paid: format.number(cell.paidOrders), refunded: format.number(cell.refundedOrders),
    conversion: format.percent(cell.conversionRate), refunds: format.percent(cell.refundRate),
  });
  const written = (value) => (value === null ? "–" : isRate ? String(Math.round(value * 100)) : value > 999 ? `${(value / 1_000).toFixed(1)}k` : String(value));
  const keys = (event) => {
    const step = STEPS[event.key];
    const cell = event.target.closest("td");
    if (!cell || (!step && !["Home", "End"].includes(event.key))) return;
    event.preventDefault();
    const row = cell.parentElement.rowIndex - 1;
    const column = cell.cellIndex - 1;
    const [x, y] = step ? [column + step[0], row + step[1]] : [event.key === "Home" ? 0 : wide - 1, row];
    grid.current.rows[Math.min(Math.max(y, 0), high - 1) + 1].cells[Math.min(Math.max(x, 0), wide - 1) + 1].querySelector("a").focus();
  };
  const cellOf = (cell) => {
    const index = cells.indexOf(cell);
    const value = valueOf(cell);
    const isPeak = cell === peak && highest > 0;
    const share = Math.min(1, (value ?? 0) / full);
    const style = isPeak ? {} : { background: `color-mix(in srgb, var(--accent) ${Math.round(share * FULLEST)}%, var(--sheet))` };
    // What is seen in the cell begins its name, so that it can be spoken to.
    const name = `${written(value)} · ${isPeak ? `${t("dash.peak")} · ` : ""}${words(cell)}`;
    return html`<td key=${index} class=${isPeak ? "peak" : value ? null : "none"} style=${style}><${Link} tabindex=${index === tabStop ? 0 : -1}
      to=${look({ look: metric, weekday: String(cell.weekday), hour: String(cell.hour) })} aria-label=${name}
      onFocus=${() => setCurrent(index)} onPointerEnter=${() => setPointed(index)}>${written(value)}<//></td>`;
  };
  const head = (index, isWeekday) => (isWeekday ? weekdayText(language, index + 1) : isNarrow ? hourText(index) : String(index));
  const shown = pointed ?? current;
  const about = highest > 0 ? t("dash.peakAt", { when: when(peak), value: isRate ? format.percent(highest) : t("dash.orders", { count: format.number(highest) }) }) : t("dash.nothing");
  return html`<${Chart} id="heat" isWide title=${t("dash.heat")} about=${about}
    beside=${html`<${Segments} name=${t("dash.measure")} current=${key} to=${(one) => at({ cells: one === "placedOrders" ? null : one })} options=${MEASURES.map((one) => [one.key, t(`dash.${one.key}`)])} />`}>
    <p class="readout" aria-hidden="true">${shown === null ? t("dash.cellHint") : words(cells[shown])}</p>
    <table class="heat" role="grid" aria-label=${`${t("dash.heat")}: ${t(`dash.${key}`)}`} ref=${grid} onKeyDown=${keys} onPointerLeave=${() => setPointed(null)}>
      <thead><tr><th scope="col"><span class="unseen">${t("dash.hour")}</span></th>${Array.from({ length: wide }, (_, index) => html`<th key=${index} scope="col">${head(index, isNarrow)}</th>`)}</tr></thead>
      <tbody>${Array.from({ length: high }, (_, row) => html`<tr key=${row}><th scope="row">${head(row, !isNarrow)}</th>
        ${Array.from({ length: wide }, (_, column) => cellOf(cellAt(column, row)))}</tr>`)}</tbody>
    </table>
  <//>`;
}
