// What charts are drawn on: as wide as there is room, a scale with round numbers, and what stands under the pointer in words.

import { useLayoutEffect, useRef, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { useApp } from "../ui.js";

const LEFT = 44;
const RIGHT = 6;
const TOP = 8;
const BOTTOM = 22;

/** Round numbers from 0 to `max` or just above it. */
export function ticksTo(max, isWhole = true) {
  if (!(max > 0)) return [0, 1];
  const rough = max / 4;
  const power = 10 ** Math.floor(Math.log10(rough));
  let step = [1, 2, 5, 10].map((times) => times * power).find((size) => size >= rough);
  if (isWhole) step = Math.max(1, step);
  return Array.from({ length: Math.ceil(max / step - 1e-9) + 1 }, (_, index) => index * step);
}

/** `[ref, width]` of an element; 0 until it is known. */
export function useWidth() {
  const ref = useRef(null);
  const [width, setWidth] = useState(0);
  useLayoutEffect(() => {
    const measure = () => setWidth(Math.floor(ref.current.clientWidth));
    measure();
    const watching = new ResizeObserver(measure);
    watching.observe(ref.current);
    return () => watching.disconnect();
  }, []);
  return [ref, width];
}

/** Slots beside each other over a scale. `draw` gets `{x, y, slot}`: where the middle of a slot lies, how high a value is, and
 * how wide a slot is. `names`: what stands below each slot, as far as there is room. `readout`: a slot in words, while the
 * pointer is on it; `onPick`: when it is clicked. Whoever has no pointer has the table. */
export function Plot({ name, about, height = 200, count, ticks, tickText, names, labelWidth = 52, readout, onPick, draw }) {
  const { format } = useApp();
  const [ref, width] = useWidth();
  const [at, setAt] = useState(null);
  const slot = Math.max(0, width - LEFT - RIGHT) / Math.max(count, 1);
  const floor = height - BOTTOM;
  const top = ticks[ticks.length - 1];
  const x = (index) => LEFT + (index + 0.5) * slot;
  const y = (value) => floor - (value / top) * (floor - TOP);
  const every = Math.max(1, Math.ceil(labelWidth / Math.max(slot, 1)));
  const text = tickText ?? format.number;
  return html`<div class="plot" ref=${ref}>
    <p class="readout" aria-hidden="true">${at === null ? "" : readout(at)}</p>
    ${width > 0 && html`<svg width=${width} height=${height} viewBox="0 0 ${width} ${height}" role="img" aria-label=${about ? `${name}. ${about}` : name}
      onPointerLeave=${() => setAt(null)}>
      ${ticks.map((value) => html`<g key=${value}><line class="rule" x1=${LEFT} x2=${width - RIGHT} y1=${Math.round(y(value)) + 0.5} y2=${Math.round(y(value)) + 0.5} />
        <text class="tick" x=${LEFT - 6} y=${y(value) + 4} text-anchor="end">${text(value)}</text></g>`)}
      ${at !== null && html`<rect class="band" x=${LEFT + at * slot} y=${TOP} width=${slot} height=${floor - TOP} />`}
      ${draw({ x, y, slot, floor })}
      ${names.map((label, index) => index % every === 0 && html`<text key=${index} class="tick" x=${x(index)} y=${height - 6} text-anchor="middle">${label}</text>`)}
      ${names.map((_, index) => html`<rect key=${index} class=${onPick ? "hit pick" : "hit"} x=${LEFT + index * slot} y=${TOP} width=${slot} height=${floor - TOP}
        onPointerEnter=${() => setAt(index)} onClick=${onPick && (() => onPick(index))} />`)}
    </svg>`}
  </div>`;
}

/** Bars from the floor up, of a class. */
export function bars(values, { x, y, slot, floor }, style, share = 0.68) {
  const width = Math.max(1, slot * share);
  return values.map((value, index) => value > 0 && html`<rect key=${index} class=${style} x=${x(index) - width / 2} y=${y(value)} width=${width} height=${Math.max(0, floor - y(value))} rx=${Math.min(2, width / 3)} />`);
}

/** A line through the values; where there is none it is broken. */
export function line(values, { x, y }, style) {
  let path = "";
  let isOn = false;
  values.forEach((value, index) => {
    if (value === null || value === undefined) {
      isOn = false;
      return;
    }
    path += `${isOn ? "L" : "M"}${x(index).toFixed(1)} ${y(value).toFixed(1)}`;
    isOn = true;
  });
  return html`<path class=${style} d=${path} />`;
}
