// A buyer comes with an order's number and its contact code.

import { useState } from "../vendor/hooks.js";
import { lookUp } from "../api.js";
import { html } from "../html.js";
import { useAddress } from "../router.js";
import { Field, Title, useApp } from "../ui.js";

export function LookUp({ onDone }) {
  const { t, viewer, refusal, format } = useApp();
  const { params } = useAddress();
  const [why, setWhy] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    setBusy(true);
    setWhy(null);
    try {
      await lookUp({ merchant: params.merchant, number: form.get("number").trim(), code: form.get("code").trim() });
      onDone();
    } catch (error) {
      setWhy(error.code === "LOCKED" && error.retryAfter ? t("buyer.locked", { span: format.span(error.retryAfter) }) : refusal(error));
      setBusy(false);
    }
  };
  return html`<main id="content" class="sign-in">
    <${Title}>${t("buyer.title")}<//>
    ${viewer && html`<p class="hint">${t("buyer.replaces")}</p>`}
    <form onSubmit=${submit}>
      <${Field} name=${t("buyer.number")}>${(given) => html`<input type="text" ...${given} name="number" required autocomplete="off" spellcheck=${false} defaultValue=${params.number} />`}<//>
      <${Field} name=${t("buyer.code")} hint=${t("buyer.codeHint")}>${(given) => html`<input type="password" ...${given} name="code" required autocomplete="off" />`}<//>
      <p role="alert">${why}</p>
      <button disabled=${isBusy}>${t("buyer.lookUp")}</button>
    </form>
  </main>`;
}
