// What the audit log is asked to show: it stands in the address, and becomes the log's `where`.

import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { merchantOptions, MoreMerchants, useMerchants } from "../merchants.js";
import { WORDS } from "../texts/words.js";
import { Choice, Failed, TextField, useApp } from "../ui.js";
import { addDays, isDay, startOf } from "../zone.js";

const KINDS = Object.keys(WORDS.en).filter((key) => key.startsWith("event.")).map((key) => key.slice("event.".length));

export function whereOf({ actor, kind, merchant, from, to }, zone) {
  const time = { ...(isDay(from) ? { gte: startOf(zone, from) } : {}), ...(isDay(to) ? { lt: startOf(zone, addDays(to, 1)) } : {}) };
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
  const known = useMerchants(!viewer.merchant);
  const kinds = KINDS.map((kind) => [kind, t(`event.${kind}`)]).sort(([, one], [, other]) => one.localeCompare(other, language));
  const send = (event) => {
    event.preventDefault();
    onChange({ actor: actor.trim() || null });
  };
  return html`<form class="sheet filters" role="search" aria-label=${t("page.audit")} onSubmit=${send}><div class="fields">
      <${Choice} name=${t("audit.kind")} value=${params.kind ?? ""} options=${[["", t("all")], ...kinds]} onChange=${(kind) => onChange({ kind })} />
      <${TextField} name=${t("audit.actor")} value=${actor} spellcheck=${false} autocomplete="off" placeholder="system:pay-within" onInput=${setActor} />
      ${!viewer.merchant && html`<${Choice} name=${t("audit.merchant")} value=${params.merchant ?? ""} onChange=${(merchant) => onChange({ merchant })}
        options=${[["", t("all")], ...merchantOptions(known.merchants ?? [], params.merchant)]} />`}
      ${["from", "to"].map((name) => html`<${TextField} key=${name} name=${t(`audit.${name}`)} type="date" value=${params[name] ?? ""} onInput=${(value) => onChange({ [name]: value })} />`)}
    </div>
    <${Failed} why=${known.why} again=${known.again} />
    <${MoreMerchants} of=${known} />
    <div class="buttons"><button>${t("audit.search")}</button>
      ${["actor", "kind", "merchant", "from", "to"].some((name) => params[name]) && html`<button class="quiet" type="button" onClick=${() => onChange(null)}>${t("audit.clear")}</button>`}</div>
  </form>`;
}
