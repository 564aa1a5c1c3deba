// What an alert says, in words, and where one goes from there.

import { address } from "../router.js";

function isKnown(value) {
  return value !== null && value !== undefined;
}

/** In the threshold's unit: millionths of a rate, seconds, or pieces. */
function told({ format }, kind, value) {
  if (!isKnown(value)) return "–";
  if (kind === "QUEUE_AGE") return format.span(value);
  return kind === "LOW_STOCK" ? format.number(value) : format.percent(value / 1_000_000);
}

/** `change`: `{raised, kind, sku, measured, threshold}`; of what nobody here knows the measure of, the threshold says something. */
export function says(app, { raised, kind, sku, measured, threshold }) {
  if (!isKnown(measured)) return app.t(isKnown(threshold) ? `alerts.beyond.${kind}` : "alerts.unmeasured", { threshold: told(app, kind, threshold) });
  const values = { sku, measured: told(app, kind, measured), threshold: told(app, kind, threshold) };
  return raised ? app.t(`alerts.raised.${kind}`, values) : app.t(`alerts.cleared.${kind}`, values);
}

/** Where what is measured can be looked at: `[text, address]`. */
export function placeOf({ t, viewer }, { kind, sku, merchant }) {
  const of = viewer.merchant ? {} : { merchant };
  if (kind === "LOW_STOCK") return [t("page.stock"), address("/stock", { ...of, find: sku })];
  if (kind === "QUEUE_AGE") return [t("page.exceptions"), address("/exceptions", of)];
  return [t("page.dashboard"), address("/dashboard", of)];
}
