// A token becomes a session.

import { useState } from "./vendor/hooks.js";
import { signIn } from "./api.js";
import { html } from "./html.js";
import { Title, useApp } from "./ui.js";

export function SignIn({ onDone }) {
  const { t, refusal } = useApp();
  const [why, setWhy] = useState(null);
  const [isBusy, setBusy] = useState(false);
  const submit = async (event) => {
    event.preventDefault();
    setBusy(true);
    setWhy(null);
    try {
      await signIn(new FormData(event.target).get("token").trim());
      onDone();
    } catch (error) {
      setWhy(error.status === 401 ? t("wrongToken") : refusal(error));
      setBusy(false);
    }
  };
  return html`<main id="content" class="sign-in">
    <${Title}>${t("signIn")}<//>
    <form onSubmit=${submit}>
      <input type="text" name="username" value="daybook" autocomplete="username" hidden />
      <label for="token">${t("token")}</label>
      <input id="token" name="token" type="password" required autocomplete="current-password" spellcheck=${false}
        aria-describedby="token-hint" />
      <p id="token-hint" class="hint">${t("tokenHint")}</p>
      <p role="alert">${why}</p>
      <button disabled=${isBusy}>${t("signIn")}</button>
    </form>
  </main>`;
}
