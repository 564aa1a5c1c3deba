// What pages are made of: the app that they are in, questions and commands, and the parts that people see again and again.

import { createContext } from "./vendor/preact.js";
import { useCallback, useContext, useEffect, useLayoutEffect, useRef, useState } from "./vendor/hooks.js";
import { ask, command, now } from "./api.js";
import { html } from "./html.js";
import { Link } from "./router.js";

/** `{t, language, viewer, zone, format, say, leave}`: see app.js. */
export const App = createContext(null);

/** `[{id, text, kind}]`: what was said of late. */
export const SaidOfLate = createContext([]);

export function useApp() {
  return useContext(App);
}

/** What `read(signal)` answers: `{data, why, isLoading, isStale, again}`. It is read anew when `key` changes; null reads nothing.
 * What was answered last stays until then (`isStale`: to another question), but not when that fails. `again` reads once more,
 * after what is under way: however often it is called, a slow answer arrives. */
export function useAnswer(key, read) {
  const { leave } = useApp();
  const [state, setState] = useState({ data: null, of: null, why: null, isLoading: true });
  const latest = useRef(null);
  latest.current = { key, read };
  const running = useRef(null);
  const start = useCallback(() => {
    const one = { of: latest.current.key, stopping: new AbortController(), isDirty: false };
    running.current = one;
    setState((was) => ({ ...was, isLoading: true }));
    const settle = (next) => {
      if (running.current !== one) return;
      running.current = null;
      setState(next);
      if (one.isDirty) start();
    };
    latest.current.read(one.stopping.signal).then(
      (data) => settle({ data, of: one.of, why: null, isLoading: false }),
      (error) => {
        if (error.name === "AbortError") return;
        if (error.status === 401) leave();
        settle((was) => ({ data: was.of === one.of ? was.data : null, of: one.of, why: error, isLoading: false }));
      },
    );
  }, []);
  // Before the browser paints: what is asked for sooner is there sooner.
  useLayoutEffect(() => {
    if (key === null) return undefined;
    start();
    return () => {
      running.current?.stopping.abort();
      running.current = null;
    };
  }, [key]);
  const again = useCallback(() => {
    if (running.current) running.current.isDirty = true;
    else if (latest.current.key !== null) start();
  }, []);
  return { ...state, isStale: state.of !== key, again };
}

/** `useAnswer` of a query with its variables; null as a query asks nothing. */
export function useAsk(query, variables) {
  return useAnswer(query === null ? null : `${query}${JSON.stringify(variables ?? null)}`, (signal) => ask(query, variables, signal));
}

/** When another part of a list comes, it is seen from its beginning. */
export function useScrollUp(part) {
  const isFirst = useRef(true);
  useLayoutEffect(() => {
    if (!isFirst.current) scrollTo(0, 0);
    isFirst.current = false;
  }, [part]);
}

/** `[isBusy, carryOut]`: one command at a time. `carryOut` answers the payload, or null when it was refused, which it says. */
export function useCommand() {
  const { say, refusal, leave } = useApp();
  const [isBusy, setBusy] = useState(false);
  const carryOut = async (name, input, fields) => {
    setBusy(true);
    try {
      return await command(name, input, fields);
    } catch (error) {
      if (error.status === 401) leave();
      say(refusal(error), "bad");
      return null;
    } finally {
      setBusy(false);
    }
  };
  return [isBusy, carryOut];
}

/** Of a question: what went wrong, with a way to try again. Nothing when nothing did. */
export function Failed({ why, again }) {
  const { t, refusal } = useApp();
  if (!why) return null;
  return html`<p role="alert">${refusal(why)} ${again && html`<button class="quiet" onClick=${again}>${t("again")}</button>`}</p>`;
}

export function Loading() {
  const { t } = useApp();
  return html`<p role="status" class="hint">${t("loading")}</p>`;
}

/** What a question answered, as `children` makes it of the data; until then that it is asked, or why it failed. */
export function Answer({ of, children }) {
  return html`<${Failed} why=${of.why} again=${of.again} />
    ${of.data ? children(of.data) : of.isLoading && html`<${Loading} />`}`;
}

export function Title({ children, beside }) {
  const { t } = useApp();
  const text = typeof children === "string" ? children : null;
  useEffect(() => {
    if (text) document.title = `${text} · ${t("daybook")}`;
  }, [text, t]);
  return html`<div class="title"><h1 tabindex="-1">${children}</h1>${beside}</div>`;
}

/** A moment, to the minute; pointed at, to the second. */
export function When({ at }) {
  const { format } = useApp();
  if (!at) return "–";
  return html`<time datetime=${at} title=${format.exact(at)}>${format.moment(at)}</time>`;
}

const ticking = new Set();
setInterval(() => ticking.forEach((tick) => tick()), 1_000);

/** The server's time in milliseconds, anew each second. */
export function useNow() {
  const [at, setAt] = useState(now);
  useEffect(() => {
    const tick = () => setAt(now());
    ticking.add(tick);
    return () => ticking.delete(tick);
  }, []);
  return at;
}

/** How long until `at`, or since when it is overdue. It counts down by itself, and is not read out each second; `asOf`: at that
 * moment of the past. */
export function Due({ at, label, asOf }) {
  const { t, format } = useApp();
  const now = useNow();
  const left = (Date.parse(at) - (asOf ? Date.parse(asOf) : now)) / 1_000;
  const degree = left < 0 ? "late" : left < 3_600 ? "soon" : "";
  const text = left < 0 ? t("overdueBy", { span: format.span(-left) }) : t("dueIn", { span: format.span(left) });
  return html`<span class="due ${degree}" title=${format.exact(at)}>${label && html`<span class="what">${label}</span> `}<time datetime=${at}>${text}</time></span>`;
}

export function Chip({ kind, children }) {
  return html`<span class="chip ${kind ?? ""}">${children}</span>`;
}

/** Tabs that are links: `[{key, text, count, to}]`. */
export function Tabs({ name, tabs, current }) {
  const { format } = useApp();
  return html`<nav class="tabs" aria-label=${name}>${tabs.map(
    ({ key, text, count, to }) => html`<${Link} key=${key} to=${to} aria-current=${key === current ? "page" : null}>
      ${text} ${count !== undefined && count !== null && html`<span class="count">${format.number(count)}</span>`}
    <//>`,
  )}</nav>`;
}

/** Rows of which each is `cells`, a list of `{name, cell, isHead, isNumber, hidesName}`. On a phone each row is a card. */
export function Table({ caption, columns, rows, empty }) {
  if (rows.length === 0) return html`<p class="empty">${empty}</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label=${caption}><table class="rows">
    <caption class="unseen">${caption}</caption>
    <thead><tr>${columns.map(({ key, name, isNumber }) => html`<th key=${key} scope="col" class=${isNumber ? "number" : null}>${name}</th>`)}</tr></thead>
    <tbody>${rows.map(
      ({ key, cells, ...rest }) => html`<tr key=${key} ...${rest}>${cells.map((cell, index) => {
        const { name, isHead, isNumber } = columns[index];
        const style = isNumber ? "number" : null;
        return isHead
          ? html`<th scope="row" data-name=${name} class=${style}>${cell}</th>`
          : html`<td data-name=${name} class=${style}>${cell}</td>`;
      })}</tr>`,
    )}</tbody>
  </table></div>`;
}

/** To the next part of a connection, and back to the first: cursors lead onwards only. */
export function Further({ info, onFirst, onNext }) {
  const { t } = useApp();
  return html`<nav class="pages" aria-label=${t("pages")}>
    ${onFirst && html`<button class="quiet" onClick=${onFirst}>${t("toFirst")}</button>`}
    ${info.hasNextPage && html`<button class="quiet" onClick=${() => onNext(info.endCursor)}>${t("next")}</button>`}
  </nav>`;
}

/** A labelled field. `children` makes the control with the attributes that it is given. */
let fields = 0;
export function Field({ name, hint, isWide, children }) {
  const id = useRef(null);
  id.current ??= `field-${(fields += 1)}`;
  const described = hint ? `${id.current}-hint` : null;
  return html`<div class="field ${isWide ? "wide" : ""}"><label for=${id.current}>${name}</label>
    ${children({ id: id.current, "aria-describedby": described })}
    ${hint && html`<p class="hint" id=${described}>${hint}</p>`}</div>`;
}

export function TextField({ name, hint, isWide, value, onInput, ...rest }) {
  return html`<${Field} ...${{ name, hint, isWide }}>${(given) => html`<input type="text" ...${given} ...${rest} value=${value}
    onInput=${(event) => onInput(event.currentTarget.value)} />`}<//>`;
}

/** `options`: `[[value, text]]`. */
export function Choice({ name, hint, value, options, onChange, ...rest }) {
  return html`<${Field} ...${{ name, hint }}>${(given) => html`<select ...${given} ...${rest} value=${value}
    onChange=${(event) => onChange(event.currentTarget.value)}>
    ${options.map(([key, text]) => html`<option key=${key} value=${key} selected=${key === value}>${text}</option>`)}
  </select>`}<//>`;
}

export function Check({ name, isChecked, onChange, ...rest }) {
  return html`<label class="check"><input type="checkbox" checked=${isChecked} ...${rest}
    onChange=${(event) => onChange(event.currentTarget.checked)} /> ${name}</label>`;
}

/** What was said of late; in a dialog too, since the page behind it is not reached. */
export function Said() {
  return html`<div class="said" role="status" aria-live="polite">${useContext(SaidOfLate).map(
    ({ id, text, kind }) => html`<p key=${id} class=${kind}>${text}</p>`,
  )}</div>`;
}

/** To where the dialog was opened from; what is done may have taken that away, at once or with the next answer. */
function restoreFocus(opener) {
  if (opener?.isConnected) opener.focus?.();
  for (const pause of [0, 300, 1_000]) {
    setTimeout(() => {
      if (document.activeElement === document.body) document.querySelector("main h1")?.focus();
    }, pause);
  }
}

/** A dialog over the page. The browser keeps the focus in it, and Escape closes it. */
export function Dialog({ title, onClose, children }) {
  const { t } = useApp();
  const element = useRef(null);
  useEffect(() => {
    const opener = document.activeElement;
    element.current.showModal();
    // What is to be filled in, rather than the way out.
    element.current.querySelector("form :is(input, select, textarea, button)")?.focus();
    return () => restoreFocus(opener);
  }, []);
  // A selection that is drawn out of the dialog ends on the backdrop, too: only what began there closes it.
  const began = useRef(null);
  const onBackdrop = (event) => {
    const isMeant = event.target === element.current && began.current === element.current;
    if (isMeant && !element.current.querySelector("form")) element.current.close();
  };
  return html`<dialog ref=${element} aria-label=${title} onClose=${onClose}
    onPointerDown=${(event) => (began.current = event.target)} onClick=${onBackdrop}>
    <div class="dialog">
      <div class="title"><h2>${title}</h2><button class="quiet" type="button" onClick=${() => element.current.close()}>${t("close")}</button></div>
      ${children}
      <${Said} />
    </div>
  </dialog>`;
}

/** A form in a dialog: `onSubmit` answers true, perhaps later, when it may close. */
export function FormDialog({ title, submit, isDangerous, isBusy, onSubmit, onClose, children }) {
  const { t } = useApp();
  const send = async (event) => {
    event.preventDefault();
    if (await onSubmit(new FormData(event.currentTarget))) onClose();
  };
  return html`<${Dialog} ...${{ title, onClose }}><form onSubmit=${send}>
    <div class="fields">${children}</div>
    <div class="buttons"><button class=${isDangerous ? "danger" : null} disabled=${isBusy}>${submit}</button>
      <button class="quiet" type="button" onClick=${(event) => event.currentTarget.closest("dialog").close()}>${t("cancel")}</button></div>
  </form><//>`;
}

/** A bar for what goes on, with its numbers in words. */
export function Progress({ name, done, total }) {
  const { format } = useApp();
  return html`<div class="progress"><progress aria-label=${name} max=${Math.max(total, 1)} value=${done}></progress>
    <span>${format.number(done)} / ${format.number(total)}</span></div>`;
}
