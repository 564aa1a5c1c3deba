// The orders of a list as a file.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { html } from "../html.js";
import { Dialog, Field, FormDialog, Progress, useApp, useCommand } from "../ui.js";

const FORMATS = ["XLSX", "CSV", "JSONL"];
const QUERY = "query ($id: ID!) { export(id: $id) { id state rows total url message } }";
const ENDED = ["DONE", "CANCELLED", "FAILED", "EXPIRED"];

export function ExportDialog({ where, scope, count, onClose }) {
  const { t, format, zone } = useApp();
  const [isBusy, carryOut] = useCommand();
  const [id, setId] = useState(null);
  const open = async (form) => {
    const payload = await carryOut("exportOrders", { where: where ?? {}, scope, format: form.get("format"), timeZone: zone }, "export { id }");
    if (payload) setId(payload.export.id);
    return false;
  };
  if (id) return html`<${Dialog} title=${t("bulk.export")} onClose=${onClose}><${ExportView} id=${id} /><//>`;
  return html`<${FormDialog} title=${t("bulk.export")} submit=${t("bulk.export")} ...${{ isBusy, onClose }} onSubmit=${open}>
    <p class="wide">${t("exportAbout", { count: format.number(count ?? 0), zone })}</p>
    <${Field} name=${t("format")}>${(given) => html`<select ...${given} name="format">${FORMATS.map((one) => html`<option key=${one}>${one}</option>`)}</select>`}<//>
  <//>`;
}

function ExportView({ id }) {
  const { t, refusal, leave } = useApp();
  const [state, setState] = useState(null);
  const [why, setWhy] = useState(null);
  useEffect(() => {
    let timer = null;
    let isGone = false;
    const look = async () => {
      try {
        const { export: found } = await ask(QUERY, { id });
        if (isGone) return;
        setState(found);
        if (!ENDED.includes(found.state)) timer = setTimeout(look, 500);
      } catch (error) {
        if (isGone) return;
        if (error.status === 401) leave();
        setWhy(error);
        timer = setTimeout(look, 3_000);
      }
    };
    look();
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id]);
  if (why && !state) return html`<p role="alert">${refusal(why)}</p>`;
  if (!state) return html`<p role="status">${t("loading")}</p>`;
  return html`<${Progress} name=${t("bulk.export")} done=${Number(state.rows)} total=${Number(state.total)} />
    <p role="status">${t(`ExportState.${state.state}`)} ${state.message}</p>
    ${state.url && html`<p><a class="button" href=${state.url} download>${t("download")}</a></p>`}`;
}
