// What the audit log is asked to show: it stands in the address, and becomes the log's `where`.

import { useEffect, useState } from "../vendor/hooks.js";
import { html } from "../html.js";
import { merchantOptions, MoreMerchants, useMerchants } from "../merchants.js";
import { WORDS } from "../texts/words.js";
import { Choice, Failed, Field, TextField, useApp } from "../ui.js";
import { addDays, isDay, startOf } from "../zone.js";

const KINDS = Object.keys(WORDS.en).filter((key) => key.startsWith("event.")).map((key) => key.slice("event.".length));

export function whereOf({ actor, kind, merchant, from, to }, zone) {
  const time = { ...(isDay(from) ? { gte: startOf(zone, from) } : {}), ...(isDay(to) ? { lt: startOf(zone, addDays(to, 1)) } : {}) };
  return {
    ...(actor ? { actor: { oneOf: actor.split(",") } } : {}), ...(kind ? { kind: { eq: kind } } : {}), ...(merchant ? { merchant: { eq: merchant } } : {}),
    ...(Object.keys(time).length > 0 ? { time } : {}),
  };
}

/** Of the ids in the address: their names, where they are known and one. */
function shownActor(actors, params) {
  const ids = (params.actor ?? "").split(",");
  const names = new Set(ids.map((id) => actors.nameOf(id) ?? id));
  return [...names].join(",");
}

/** `onChange` gets what is new; null clears all. `actors`: see actors.js. */
export function Filters({ params, actors, onChange }) {
  const { t, viewer, language } = useApp();
  const shown = shownActor(actors, params);
  const [actor, setActor] = useState(shown);
  const [isUnknown, setUnknown] = useState(false);
  useEffect(() => {
    setActor(shown);
    setUnknown(false);
  }, [params.actor, shown]);
  const odd = isUnknown ? actor.trim() : (params.actor ?? "").split(",").find((id) => id && actors.find(id).length === 0);
  const known = useMerchants(!viewer.merchant);
  const kinds = KINDS.map((kind) => [kind, t(`event.${kind}`)]).sort(([, one], [, other]) => one.localeCompare(other, language));
  const send = (event) => {
    event.preventDefault();
    const found = actor === shown ? (params.actor ?? "").split(",") : actors.find(actor);
    if (actor.trim() && found.length === 0) return setUnknown(true);
    return onChange({ actor: actor.trim() ? found.join(",") : null });
  };
  return html`<form class="sheet filters" role="search" aria-label=${t("page.audit")} onSubmit=${send}><div class="fields">
      <${Choice} name=${t("audit.kind")} value=${params.kind ?? ""} options=${[["", t("all")], ...kinds]} onChange=${(kind) => onChange({ kind })} />
      <${Field} name=${t("audit.actor")}>${(given) => html`<input type="text" ...${given} list=${`${given.id}-known`} value=${actor} spellcheck=${false} autocomplete="off"
          aria-invalid=${Boolean(odd)} onInput=${(event) => setActor(event.currentTarget.value)} />
        <datalist id=${`${given.id}-known`}>${actors.names.map((name) => html`<option key=${name} value=${name}></option>`)}</datalist>`}<//>
      ${!viewer.merchant && html`<${Choice} name=${t("audit.merchant")} value=${params.merchant ?? ""} onChange=${(merchant) => onChange({ merchant })}
        options=${[["", t("all")], ...merchantOptions(known.merchants ?? [], params.merchant)]} />`}
      ${["from", "to"].map((name) => html`<${TextField} key=${name} name=${t(`audit.${name}`)} type="date" value=${params[name] ?? ""} onInput=${(value) => onChange({ [name]: value })} />`)}
    </div>
    <${Failed} why=${known.why} again=${known.again} />
    <${MoreMerchants} of=${known} />
    <p role="alert">${odd && t("audit.actorUnknown", { actor: odd })}</p>
    <div class="buttons"><button>${t("audit.search")}</button>
      ${["actor", "kind", "merchant", "from", "to"].some((name) => params[name]) && html`<button class="quiet" type="button" onClick=${() => onChange(null)}>${t("audit.clear")}</button>`}</div>
  </form>`;
}
