// What the audit log is asked to show: it stands in the address, and becomes the log's `where`.

import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { WORDS } from "../texts/words.js";
import { Choice, TextField, useApp, useAsk } from "../ui.js";
import { addDays, startOf } from "../zone.js";

const MERCHANTS = "{ merchants(first: 250) { nodes { id name } } }";
const KINDS = Object.keys(WORDS.en).filter((key) => key.startsWith("event.")).map((key) => key.slice("event.".length));
const DAY = /^\d{4}-\d{2}-\d{2}$/;

export function whereOf({ actor, kind, merchant, from, to }, zone) {
  const time = { ...(DAY.test(from ?? "") ? { gte: startOf(zone, from) } : {}), ...(DAY.test(to ?? "") ? { lt: startOf(zone, addDays(to, 1)) } : {}) };
  return {
    ...(actor ? { actor: { eq: actor } } : {}), ...(kind ? { kind: { eq: kind } } : {}), ...(merchant ? { merchant: { eq: merchant } } : {}),
    ...(Object.keys(time).length > 0 ? { time } : {}),
  };
}

/** `onChange` gets what is new; null clears all. */
export function Filters({ params, onChange }) {
  const { t, viewer, language } = useApp();
  const [actor, setActor] = useState(params.actor ?? "");
  useEffect(() => setActor(params.actor ?? ""), [params.actor]);
  const merchants = useAsk(viewer.merchant ? null : MERCHANTS).data?.merchants.nodes ?? [];
  const kinds = KINDS.map((kind) => [kind, t(`event.${kind}`)]).sort(([, one], [, other]) => one.localeCompare(other, language));
  const send = (event) => {
    event.preventDefault();
    onChange({ actor: actor.trim() || null });
  };
  return html`<form class="sheet filters" role="search" aria-label=${t("page.audit")} onSubmit=${send}><div class="fields">
      <${Choice} name=${t("audit.kind")} value=${params.kind ?? ""} options=${[["", t("all")], ...kinds]} onChange=${(kind) => onChange({ kind })} />
      <${TextField} name=${t("audit.actor")} value=${actor} spellcheck=${false} autocomplete="off" placeholder="system:pay-within" onInput=${setActor} />
      ${merchants.length > 0 && html`<${Choice} name=${t("audit.merchant")} value=${params.merchant ?? ""} onChange=${(merchant) => onChange({ merchant })}
        options=${[["", t("all")], ...merchants.map(({ id, name }) => [id, `${name} (${id})`])]} />`}
      ${["from", "to"].map((name) => html`<${TextField} key=${name} name=${t(`audit.${name}`)} type="date" value=${params[name] ?? ""} onInput=${(value) => onChange({ [name]: value })} />`)}
    </div>
    <div class="buttons"><button>${t("audit.search")}</button>
      ${["actor", "kind", "merchant", "from", "to"].some((name) => params[name]) && html`<button class="quiet" type="button" onClick=${() => onChange(null)}>${t("audit.clear")}</button>`}</div>
  </form>`;
}
