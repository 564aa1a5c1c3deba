// The frame: who is signed in, in which language, the way from page to page, and what is said about what was done.

import { render } from "./vendor/preact.js";
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef, useState } from "./vendor/hooks.js";
import { Refusal, signOut, whenOthersSign, whoCame, whoIsThere } from "./api.js";
import { html } from "./html.js";
import { hangUp } from "./live.js";
import { BUYER_PAGE, pageAt, pagesFor } from "./pages.js";
import { go, Link, useAddress } from "./router.js";
import { usePeople } from "./people.js";
import { SignIn } from "./sign-in.js";
import { chosenLanguage, formats, keepLanguage, translator } from "./text.js";
import { App, Said, SaidOfLate, useApp } from "./ui.js";

/** Their messages say more than their codes. */
const DETAILED = ["INVALID_INPUT", "INVALID_ARGUMENT"];

/** What a person is told of a refusal: in English as the server says it, else what its code means; in which row of a list. */
function saying(t, language) {
  return (error) => {
    if (!(error instanceof Refusal)) return t("code.NO_CONNECTION");
    const row = error.field.find((part) => /^\d+$/.test(part));
    const where = row === undefined ? "" : t("inRow", { row: Number(row) + 1 });
    if (language === "en") return where + error.message;
    const known = [`ErrorCode.${error.code}`, `code.${error.code}`].find((key) => t(key) !== key);
    if (!known) return where + error.message;
    return where + t(known) + (DETAILED.includes(error.code) ? `（${error.message}）` : "");
  };
}

function anew() {
  hangUp();
  location.reload();
}

whenOthersSign(anew);
// A page that the browser kept whole shows what its session may not any more.
addEventListener("pageshow", ({ persisted }) => persisted && anew());

function Root() {
  const [language, setLanguage] = useState(chosenLanguage);
  // undefined: not known yet; null: nobody.
  const [viewer, setViewer] = useState(whoCame);
  const [why, setWhy] = useState(null);
  const [said, setSaid] = useState([]);
  const t = useMemo(() => translator(language), [language]);
  const refusal = useMemo(() => saying(t, language), [t, language]);
  const look = () => {
    setWhy(null);
    whoIsThere().then(setViewer, (error) => {
      // Whoever shares an address with one who tries tokens may still sign in with his own.
      if (error instanceof Refusal && [401, 403, 429].includes(error.status)) setViewer(null);
      else setWhy(error);
    });
  };
  useLayoutEffect(() => {
    if (viewer === undefined) look();
  }, []);
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  const say = useCallback((text, kind = "good") => {
    const id = Math.random();
    // What went wrong before is mended by what is done now.
    setSaid((all) => [...all.filter((one) => kind === "bad" || one.kind !== "bad").slice(-2), { id, text, kind }]);
    setTimeout(() => setSaid((all) => all.filter((one) => one.id !== id)), kind === "bad" ? 12_000 : 5_000);
  }, []);
  const leave = useCallback(() => {
    hangUp();
    setViewer(null);
  }, []);
  const { shop, people } = usePeople(viewer);
  // Whoever belongs to no merchant looks at all of them from where they are.
  const zone = viewer?.merchant ? viewer.timeZone : Intl.DateTimeFormat().resolvedOptions().timeZone;
  const format = useMemo(() => formats(language, zone), [language, zone]);
  const app = useMemo(
    () => ({ t, language, viewer, shop, people, zone, format, say, refusal, leave, look }),
    [t, language, viewer, shop, people, zone, format, say, refusal, leave],
  );
  const switchLanguage = () => {
    const other = language === "en" ? "zh-CN" : "en";
    keepLanguage(other);
    setLanguage(other);
  };
  const languageButton = html`<button class="quiet" lang=${language === "en" ? "zh-CN" : "en"} onClick=${switchLanguage}>${t("language")}</button>`;
  // Nothing of whoever was here stays in a page's memory.
  const out = () => signOut().then(anew, (error) => say(refusal(error), "bad"));
  const isBuyers = useAddress().path === "/buyer" || viewer?.role === "BUYER";
  let content;
  if (why) {
    content = html`<main id="content"><p role="alert">${refusal(why)}</p><button onClick=${look}>${t("again")}</button></main>`;
  } else if (viewer === undefined) {
    content = html`<main id="content"><p role="status">${t("loading")}</p></main>`;
  } else if (isBuyers) {
    content = html`<header class="bar"><strong class="brand">Daybook</strong>${languageButton}
      ${viewer && html`<button class="quiet" onClick=${out}>${t("signOut")}</button>`}</header>
      <${Lazy} page=${BUYER_PAGE} onSignedIn=${anew} />`;
  } else if (viewer === null) {
    content = html`<header class="bar"><strong class="brand">Daybook</strong>${languageButton}</header><${SignIn} onDone=${anew} />`;
  } else {
    content = html`<${Frame} ...${{ languageButton, out }} />`;
  }
  return html`<${App.Provider} value=${app}><${SaidOfLate.Provider} value=${said}>${content}<${Said} /><//><//>`;
}

function Frame({ languageButton, out }) {
  const { path } = useAddress();
  const [isOpen, setOpen] = useState(false);
  const { t, viewer, shop } = useApp();
  const found = pageAt(path);
  const isAllowed = found.page?.roles.includes(viewer.role);
  const { page, id } = isAllowed ? found : {};
  // Who has no orders to see begins with what there is.
  useEffect(() => {
    if (path === "/" && !isAllowed) go(pagesFor(viewer.role)[0].path, true);
  }, [path, isAllowed]);
  const content = useRef(null);
  const isFirst = useRef(true);
  useEffect(() => {
    setOpen(false);
    // Whoever does not see that another page came must be told: the focus goes to its heading.
    if (!isFirst.current) content.current?.focus();
    isFirst.current = false;
  }, [path]);
  const link = ({ key, path: to }) => html`<li key=${key}><${Link} to=${to} aria-current=${page?.key === key ? "page" : null}>${t(`page.${key}`)}<//></li>`;
  return html`<a class="skip" href="#content">${t("skip")}</a>
    <header class="bar">
      <button class="quiet menu" aria-expanded=${isOpen} aria-controls="pages" onClick=${() => setOpen(!isOpen)}>${t("menu")}</button>
      <strong class="brand">Daybook</strong>
      <span class="who">${shop ?? viewer.merchant} ${t(`Role.${viewer.role}`)}</span>
      ${languageButton}
      <button class="quiet" onClick=${out}>${t("signOut")}</button>
    </header>
    <div class="desk ${isOpen ? "open" : ""}">
      <nav id="pages" class="side" aria-label=${t("menu")}><ul>${pagesFor(viewer.role).map(link)}</ul></nav>
      <main id="content" tabindex="-1" ref=${content}>
        ${page ? html`<${Lazy} key=${page.key} ...${{ page, id }} />` : html`<h1>${t("noPage")}</h1><p><${Link} to="/">${t("page.orders")}<//></p>`}
      </main>
    </div>`;
}

async function load(page) {
  page.loaded = (await page.load()).default;
}

/** A page's module comes when it is first shown. */
function Lazy({ page, ...given }) {
  const { t } = useApp();
  const [Page, setPage] = useState(() => page.loaded);
  const [isMissing, setMissing] = useState(false);
  useLayoutEffect(() => {
    if (Page) return;
    load(page).then(
      () => setPage(() => page.loaded),
      (error) => {
        console.warn(error);
        setMissing(true);
      },
    );
  }, [page]);
  // After an update of the server the old files are gone.
  if (isMissing) return html`<p role="alert">${t("code.NO_CONNECTION")} <button onClick=${() => location.reload()}>${t("again")}</button></p>`;
  return Page ? html`<${Page} ...${given} />` : html`<p role="status" class="hint">${t("loading")}</p>`;
}

const begin = () => render(html`<${Root} />`, document.getElementById("app"));
/** In milliseconds; then there is something to see, whatever is slow. */
const PATIENCE = 300;
const asked = location.pathname === "/buyer" ? BUYER_PAGE : pageAt(location.pathname).page;
// The script of the page that is asked for comes along with this one: waiting for it is shorter than showing a page without it.
if (asked) Promise.race([load(asked), new Promise((done) => setTimeout(done, PATIENCE))]).then(begin, begin);
else begin();
