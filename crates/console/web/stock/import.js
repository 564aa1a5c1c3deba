// Card secrets are imported: chosen, looked over, sent in parts. They stand nowhere but in this dialog, and not there once they are sent.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { command, newId } from "../api.js";
import { html } from "../html.js";
import { Check, Dialog, Field, Progress, useApp } from "../ui.js";
import { MerchantField, SkuField, useChoice } from "./fields.js";
import { masked, partsOf, ranges, readSecrets } from "./secrets.js";
import { readText } from "./text.js";

export function ImportDialog({ stock, merchants, onClose, onDone }) {
  const { t } = useApp();
  const choice = useChoice({ stock, merchants });
  // `{merchant, sku, cards, left, isTable, encoding}` once something is chosen.
  const [chosen, setChosen] = useState(null);
  const [sending, setSending] = useState(null);
  const isGone = useRef(false);
  useEffect(() => () => (isGone.current = true), []);
  const title = `${t("stock.import")}${chosen || stock ? ` · ${(chosen ?? stock).sku}` : ""}`;
  const send = async (state) => {
    let at = state;
    const show = (more) => {
      at = { ...at, ...more };
      if (!isGone.current) setSending(at);
    };
    show({ why: null, isBusy: true });
    while (at.parts.length > 0 && !isGone.current) {
      const [{ cards, commandId }, ...rest] = at.parts;
      try {
        const { imported, known } = await sendPart(chosen, cards, commandId);
        show({ parts: rest, sent: at.sent + cards.length, imported: at.imported + imported, known: [...at.known, ...known] });
      } catch (error) {
        show({ why: error, isBusy: false });
        break;
      }
    }
    if (at.parts.length === 0) show({ isBusy: false });
    onDone();
  };
  const begin = () => {
    const { cards } = chosen;
    const parts = partsOf(cards).map((some) => ({ cards: some, commandId: newId() }));
    // From here on the parts alone hold the secrets, each until it is sent.
    setChosen({ ...chosen, cards: [] });
    send({ parts, total: cards.length, sent: 0, imported: 0, known: [] });
  };
  let content;
  if (sending) content = html`<${Sending} state=${sending} onMore=${() => send(sending)} />`;
  else if (chosen) content = html`<${Look} ...${{ chosen, begin, choice }} isKnown=${stock !== null} onBack=${() => setChosen(null)} />`;
  else content = html`<${Choose} ...${{ stock, merchants, choice }} onChosen=${setChosen} />`;
  return html`<${Dialog} ...${{ title, onClose }}>${content}<//>`;
}

/** Those that are known already are no failure: so a file can be imported again. */
async function sendPart({ merchant, sku }, cards, commandId) {
  try {
    const { imported, duplicates } = await command("importCards", { commandId, merchant, sku, secrets: cards.map(({ secret }) => secret) },
      "imported duplicates { line }");
    return { imported, known: duplicates.map(({ line }) => cards[line - 1].line) };
  } catch (error) {
    if (error.code !== "CARDS_KNOWN") throw error;
    return { imported: 0, known: cards.map(({ line }) => line) };
  }
}

function Choose({ stock, merchants, choice, onChosen }) {
  const { t } = useApp();
  const [problem, setProblem] = useState(null);
  const take = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const file = form.get("file");
    const read = file?.size > 0 ? await readText(file) : { text: form.get("text") };
    if (!read) return setProblem("stock.unreadable");
    const found = readSecrets(read.text);
    if (found.cards.length + found.left.length === 0) return setProblem("stock.nothing");
    return onChosen({ merchant: choice.merchant, sku: stock?.sku ?? form.get("sku").trim(), encoding: read.encoding, ...found });
  };
  return html`<form onSubmit=${take} autocomplete="off">
    <div class="fields">
      <${MerchantField} ...${{ stock, merchants, choice }} /><${SkuField} ...${{ stock, choice }} />
      <${Field} name=${t("stock.file")} isWide>${(given) => html`<input ...${given} type="file" name="file" accept=".txt,.csv,text/plain" />`}<//>
      <${Field} name=${t("stock.paste")} hint=${t("stock.lines")} isWide>${(given) => html`<textarea ...${given} name="text" class="secrets-text" spellcheck=${false}
        autocomplete="off" autocapitalize="off"></textarea>`}<//>
    </div>
    <p role="alert">${problem && t(problem)}</p>
    <div class="buttons"><button>${t("stock.look")}</button></div>
  </form>`;
}

/** `isKnown`: the SKU was not typed. A slip in one that was makes cards of goods that nobody sells. */
function Look({ chosen, begin, choice: { skus, isLoading }, isKnown, onBack }) {
  const { t, format } = useApp();
  const { sku, cards, left, isTable, encoding } = chosen;
  const [isSure, setSure] = useState(false);
  const [isMeant, setMeant] = useState(false);
  const isNew = !isKnown && !skus?.includes(sku);
  const alike = isNew && skus?.find((one) => one.toLowerCase() === sku.toLowerCase());
  const of = (why) => left.filter((one) => one.why === why).map(({ line }) => line);
  return html`<p><strong>${t("stock.found", { count: format.number(cards.length) })}</strong></p>
    ${cards.length > 0 && html`<p class="hint">${encoding && encoding !== "utf-8" && t("stock.readAs", { encoding: encoding.toUpperCase() })} ${t("stock.first")}</p>
      <ol class="masked">${masked(cards).map(({ line, text, length }) => html`<li key=${line}><code>${text}</code> <span class="hint">${t("stock.length", { length })}</span></li>`)}</ol>`}
    ${["head", "long", "unseen", "broken"].filter((why) => of(why).length > 0).map((why) => html`<p key=${why} class="hint">${t(`stock.left.${why}`, { lines: ranges(of(why)) })}</p>`)}
    ${isTable && html`<p class="past">${t("stock.table")}</p><${Check} name=${t("stock.asTheyStand")} isChecked=${isSure} onChange=${setSure} />`}
    ${isNew && !isLoading && html`${alike && html`<p class="past">${t("stock.alike", { sku: alike })}</p>`}<${Check} name=${t("stock.newSku", { sku })} isChecked=${isMeant} onChange=${setMeant} />`}
    <div class="buttons"><button disabled=${cards.length === 0 || (isTable && !isSure) || (isNew && !isMeant)} onClick=${begin}>${t("stock.send", { count: format.number(cards.length) })}</button>
      <button class="quiet" onClick=${onBack}>${t("stock.back")}</button></div>`;
}

function Sending({ state, onMore }) {
  const { t, format, refusal } = useApp();
  const { sent, total, imported, known, why, isBusy } = state;
  const isOver = sent === total;
  return html`<${Progress} name=${t("stock.import")} done=${sent} total=${total} />
    <p role="status">${isOver ? html`<strong>${t("stock.imported", { count: format.number(imported) })}</strong>` : isBusy && t("stock.sending")}</p>
    ${known.length > 0 && html`<p>${t("stock.known", { count: format.number(known.length) })}</p><p class="hint known">${t("stock.knownLines", { lines: ranges(known) })}</p>`}
    ${isOver && html`<p class="hint">${t("stock.gone")}</p>`}
    ${why && html`<p role="alert">${refusal(why)} ${t("stock.stopped", { sent: format.number(sent), total: format.number(total) })}</p>
      <div class="buttons"><button onClick=${onMore}>${t("stock.goOn")}</button></div>`}`;
}
