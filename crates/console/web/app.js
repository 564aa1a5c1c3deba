// The frame: who is signed in, in which language, and the page below.

import { h, render } from "./vendor/preact.js";
import { useEffect, useState } from "./vendor/hooks.js";
import htm from "./vendor/htm.js";
import { ask, hasSession, Refusal, signIn, signOut } from "./api.js";
import { Desk } from "./desk.js";
import { chosenLanguage, keepLanguage, translator } from "./text.js";

const html = htm.bind(h);

function SignIn({ t, onDone }) {
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
      setWhy(error.message);
      setBusy(false);
    }
  };
  return html`<main id="content" class="sign-in">
    <h1>Daybook</h1>
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

function App() {
  const [language, setLanguage] = useState(chosenLanguage);
  // undefined: not known yet; null: nobody.
  const [viewer, setViewer] = useState(undefined);
  const [why, setWhy] = useState(null);
  const t = translator(language);
  const look = () => {
    setWhy(null);
    const known = async () => ((await hasSession()) ? (await ask("{ viewer { role merchant } }")).viewer : null);
    known().then(setViewer, (error) => {
      // Whoever shares an address with one who tries tokens may still sign in with his own.
      if (error instanceof Refusal && [401, 403, 429].includes(error.status)) setViewer(null);
      else setWhy(error.message);
    });
  };
  useEffect(look, []);
  useEffect(() => {
    document.documentElement.lang = language;
    document.title = `${t("orders")} · Daybook`;
  }, [language]);
  const other = language === "en" ? "zh-CN" : "en";
  const switchLanguage = () => {
    keepLanguage(other);
    setLanguage(other);
  };
  const leave = () => signOut().then(() => setViewer(null), (error) => setWhy(error.message));
  const languageButton = html`<button class="quiet" lang=${other} onClick=${switchLanguage}>${t("language")}</button>`;
  if (why) {
    return html`<main id="content"><p role="alert">${t("failed", { why })}</p><button onClick=${look}>${t("again")}</button></main>`;
  }
  if (viewer === undefined) return html`<main id="content"><p role="status">${t("loading")}</p></main>`;
  if (viewer === null) return html`<header>${languageButton}</header><${SignIn} t=${t} onDone=${look} />`;
  return html`<a class="skip" href="#content">${t("skip")}</a>
    <header>
      <strong>Daybook</strong>
      <nav><a href="/" aria-current="page">${t("orders")}</a></nav>
      <span class="who">${viewer.merchant ?? ""} ${viewer.role.toLowerCase()}</span>
      ${languageButton}
      <button class="quiet" onClick=${leave}>${t("signOut")}</button>
    </header>
    <main id="content"><${Desk} t=${t} language=${language} viewer=${viewer} onSignedOut=${() => setViewer(null)} /></main>`;
}

render(html`<${App} />`, document.getElementById("app"));
