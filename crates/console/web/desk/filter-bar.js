// The fields above the list. What is typed counts when it is sent off; what is chosen counts at once.

import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Check, Choice, Field, TextField, useApp } from "../ui.js";
import { AFTER_SALES, CLOCKS, DUE, filtersOf, FULFILMENTS, KINDS, keepFilters, PAYMENTS, savedFilters } from "./filters.js";

/** What stands behind "more filters". */
const FOLDED = ["buyer", "phone", "product", "merchant", "tag", "kind", "payment", "fulfilment", "after-sales", "due", "missed"];
const TYPED = ["numbers", "buyer", "phone", "product", "merchant", "tag"];

/** `without`: fields that make no sense where it stands. */
export function FilterBar({ params, onChange, without = [] }) {
  const { t, viewer } = useApp();
  const typedNow = () => Object.fromEntries(TYPED.map((name) => [name, params[name] ?? ""]));
  const [typed, setTyped] = useState(typedNow);
  useEffect(() => setTyped(typedNow()), [JSON.stringify(typedNow())]);
  const [isOpen, setOpen] = useState(false);
  const isFolded = FOLDED.some((name) => params[name]);
  // What is in force is seen, such as of a filter that was kept.
  useEffect(() => isFolded && setOpen(true), [isFolded]);
  const text = (name, rest = {}) => !without.includes(name) && html`<${TextField} name=${t(`filter.${name}`)} value=${typed[name]} ...${rest}
    onInput=${(value) => setTyped({ ...typed, [name]: value })} />`;
  const choice = (name, values, words) => html`<${Choice} name=${t(`filter.${name}`)} value=${params[name] ?? ""} onChange=${(value) => onChange({ [name]: value || null })}
    options=${[["", t("any")], ...values.map((value) => [value, t(`${words}.${value}`)])]} />`;
  const send = (event) => {
    event.preventDefault();
    onChange(Object.fromEntries(TYPED.filter((name) => !without.includes(name)).map((name) => [name, typed[name].trim() || null])));
  };
  const range = params.range ?? (params.from || params.to ? "custom" : "");
  const isFiltered = Object.keys(filtersOf(params)).some((name) => !["label", "scope", "sort"].includes(name));
  return html`<form class="sheet filters" role="search" aria-label=${t("filters")} onSubmit=${send}>
    <div class="fields">
      <${Field} name=${t("filter.numbers")}>${(given) => html`<textarea ...${given} class="numbers" rows="1" spellcheck=${false}
        placeholder=${t("filter.numbersHint")} value=${typed.numbers} onInput=${(event) => setTyped({ ...typed, numbers: event.currentTarget.value })}
        onKeyDown=${(event) => event.key === "Enter" && !event.shiftKey && send(event)}></textarea>`}<//>
      <${Choice} name=${t("filter.range")} value=${range} options=${[["", t("range.all")], ["today", t("range.today")], ["week", t("range.week")], ["custom", t("range.custom")]]}
        onChange=${(value) => onChange({ range: value || null, from: null, to: null })} />
      ${range === "custom" && ["from", "to"].map((name) => html`<${TextField} key=${name} name=${t(`filter.${name}`)} type="date"
        value=${params[name] ?? ""} onInput=${(value) => onChange({ range: "custom", [name]: value || null })} />`)}
      ${isOpen && html`
        ${text("buyer", { autocomplete: "off" })}
        ${text("phone", { inputmode: "numeric", pattern: "[0-9]{4}", maxlength: 4, title: t("filter.phoneHint"), placeholder: "1234" })}
        ${text("product", { spellcheck: false })}
        ${text("merchant", { spellcheck: false })}
        ${text("tag")}
        ${choice("kind", KINDS, "ExceptionKind")}
        ${choice("payment", PAYMENTS, "PaymentState")}
        ${choice("fulfilment", FULFILMENTS, "FulfilmentState")}
        ${choice("after-sales", AFTER_SALES, "AfterSalesState")}
        ${choice("missed", CLOCKS, "Clock")}
        <${Choice} name=${t("filter.due")} value=${params.due ?? ""} onChange=${(value) => onChange({ due: value || null })}
          options=${[["", t("any")], ...DUE.map((hours) => [hours, hours === "0" ? t("due.late") : t("due.within", { hours })])]} />`}
    </div>
    <div class="buttons">
      <button>${t("search")}</button>
      <button class="quiet" type="button" aria-expanded=${isOpen} onClick=${() => setOpen(!isOpen)}>${t(isOpen ? "fewerFilters" : "moreFilters")}</button>
      ${isFiltered && html`<button class="quiet" type="button" onClick=${() => onChange(null)}>${t("clearFilters")}</button>`}
      ${viewer.merchant && !without.includes("scope") && html`<${Check} name=${t("withBelow")} isChecked=${params.scope === "SUBTREE"} onChange=${(on) => onChange({ scope: on ? "SUBTREE" : null })} />`}
      <${Saved} ...${{ params, onChange }} />
    </div>
  </form>`;
}

/** Filters that this browser keeps under a name. */
function Saved({ params, onChange }) {
  const { t, viewer } = useApp();
  const [saved, setSaved] = useState(() => savedFilters(viewer));
  const [name, setName] = useState(null);
  const [chosen, setChosen] = useState("");
  const keep = (next) => {
    keepFilters(viewer, next);
    setSaved(next);
  };
  const save = () => {
    const wanted = name.trim();
    if (!wanted) return;
    keep([...saved.filter((one) => one.name !== wanted), { name: wanted, params: filtersOf(params) }]);
    setChosen(wanted);
    setName(null);
  };
  const apply = (value) => {
    setChosen(value);
    const found = saved.find((one) => one.name === value);
    if (found) onChange(null, found.params);
  };
  return html`<span class="saved">
    ${saved.length > 0 && html`<select aria-label=${t("savedFilters")} value=${chosen} onChange=${(event) => apply(event.currentTarget.value)}>
      <option value="">${t("savedFilters")}</option>
      ${saved.map((one) => html`<option key=${one.name} value=${one.name} selected=${one.name === chosen}>${one.name}</option>`)}
    </select>`}
    ${name === null
      ? html`<button class="quiet" type="button" onClick=${() => setName("")}>${t("saveFilter")}</button>`
      : html`<input type="text" aria-label=${t("filterName")} placeholder=${t("filterName")} value=${name} ref=${(input) => input && name === "" && input.focus()}
            onInput=${(event) => setName(event.currentTarget.value)}
            onKeyDown=${(event) => {
              if (event.key === "Enter") {
                event.preventDefault();
                save();
              }
              if (event.key === "Escape") setName(null);
            }} />
          <button class="quiet" type="button" onClick=${save}>${t("save")}</button>`}
    ${chosen && saved.some((one) => one.name === chosen) && html`<button class="quiet" type="button"
      onClick=${() => {
        keep(saved.filter((one) => one.name !== chosen));
        setChosen("");
      }}>${t("forgetFilter")}</button>`}
  </span>`;
}
