// Stock is received, counted, or given a mark below which it is low.

import { html } from "../html.js";
import { Field, FormDialog, useApp, useCommand } from "../ui.js";
import { MerchantField, SkuField, useChoice } from "./fields.js";

const ACTIONS = {
  receive: { mutation: "receiveStock", number: "quantity", least: 1 },
  count: { mutation: "countStock", number: "counted", least: 0 },
  mark: { mutation: "setStockMark", number: "lowAt", least: 0 },
};

/** `stock`: null for a SKU that is to be named. */
export function StockDialog({ action, stock, merchants, onClose, onDone }) {
  const { t, say, format } = useApp();
  const choice = useChoice({ stock, merchants });
  const [isBusy, carryOut] = useCommand();
  const { mutation, number, least } = ACTIONS[action];
  const now = action === "mark" ? (stock?.lowAt ?? "") : "";
  // To type it is to have counted: what the books say is only told.
  const hint = action === "count" && stock && t("stock.books", { count: format.number(stock.free + stock.reserved) });
  const send = async (form) => {
    const sku = stock?.sku ?? form.get("sku").trim();
    const reference = form.get("reference")?.trim();
    const payload = await carryOut(mutation, {
      merchant: choice.merchant, sku, [number]: Number(form.get("number")), ...(reference ? { reference } : {}),
    }, "stock { free }");
    if (!payload) return false;
    say(t(`stock.done.${action}`, { sku, free: format.number(payload.stock?.free ?? 0) }));
    onDone();
    return true;
  };
  return html`<${FormDialog} title=${`${t(`stock.${action}`)}${stock ? ` · ${stock.sku}` : ""}`} submit=${t(`stock.${action}`)} ...${{ isBusy, onClose }} onSubmit=${send}>
    <p class="wide hint">${t(`stock.about.${action}`)}</p>
    <${MerchantField} ...${{ stock, merchants, choice }} /><${SkuField} ...${{ stock, choice }} />
    <${Field} name=${t(`stock.field.${number}`)} hint=${hint}>${(given) => html`<input ...${given} type="number" name="number" min=${least} max="2000000000" step="1" required defaultValue=${now} />`}<//>
    ${action === "receive" && html`<${Field} name=${t("stock.field.reference")} hint=${t("stock.referenceHint")}>${(given) => html`<input type="text" ...${given} name="reference" maxlength="200" autocomplete="off" />`}<//>`}
  <//>`;
}
