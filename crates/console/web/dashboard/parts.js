// What the parts of the page share: a framed chart with its numbers as a table, a choice among few, and what lines mean.

import { useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { Link } from "../router.js";
import { Table, useApp } from "../ui.js";

/** `table`: `{columns, rows}`, made only when it is opened. */
export function Chart({ id, title, about, beside, isWide, table, children }) {
  const { t } = useApp();
  const [isOpen, setOpen] = useState(false);
  return html`<section class="sheet chart ${isWide ? "wide" : ""}" aria-labelledby=${id}>
    <div class="title"><h2 id=${id}>${title}</h2>${beside}</div>
    ${about && html`<p class="about">${about}</p>`}
    ${children}
    ${table && html`<details onToggle=${(event) => setOpen(event.currentTarget.open)}><summary>${t("dash.asTable")}<span class="unseen">: ${title}</span></summary>
      ${isOpen && html`<div class="numbers"><${Table} caption=${title} ...${table()} empty=${t("dash.nothing")} /></div>`}</details>`}
  </section>`;
}

/** A choice among few that stands in the address: `[[key, text]]`. */
export function Segments({ name, options, current, to }) {
  return html`<nav class="segments" aria-label=${name}>${options.map(
    ([key, text]) => html`<${Link} key=${key} to=${to(key)} aria-current=${key === current ? "true" : null}>${text}<//>`,
  )}</nav>`;
}

/** `[[class, text]]`. */
export function Legend({ of }) {
  return html`<p class="legend">${of.map(([style, text]) => html`<span key=${style}><i class=${style}></i> ${text}</span>`)}</p>`;
}

/** A share of the largest, as a bar beside its number. */
export function Bar({ share, style }) {
  return html`<span class="meter ${style ?? ""}" aria-hidden="true"><i style=${{ width: `${Math.max(0, Math.min(1, share)) * 100}%` }}></i></span>`;
}
