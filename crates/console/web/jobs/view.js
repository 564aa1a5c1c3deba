// A bulk job: what is to be expected of it, how far it is, and what became of each order.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { html } from "../html.js";
import { Link } from "../router.js";
import { addTexts } from "../text.js";
import { JOBS } from "../texts/jobs.js";
import { Answer, Further, Loading, Progress, Table, useApp, useAsk, useCommand } from "../ui.js";

addTexts(JOBS);

export const JOB = `id kind state errorPolicy opener { id role name } openedAt total done refused cancelCause
  preview { count totals { amount currency } refusals { code count } }`;
const QUERY = `query ($id: ID!) { job(id: $id) { ${JOB} } }`;
const RESULTS = `query ($id: ID!, $after: String, $refused: Boolean) { job(id: $id) { results(first: 50, after: $after, refused: $refused) {
  nodes { row number ticket state order { id number } userErrors { code message } } pageInfo { hasNextPage endCursor } } } }`;
const ENDED = ["DONE", "REFUSED", "CANCELLED"];

/** Looks again until the job has ended. Undefined: not known yet; null: there is none. */
function useJob(id) {
  const { leave } = useApp();
  const [job, setJob] = useState(undefined);
  const [why, setWhy] = useState(null);
  const [looks, setLooks] = useState(0);
  useEffect(() => {
    let timer = null;
    let isGone = false;
    const look = async (pause) => {
      try {
        const found = (await ask(QUERY, { id })).job;
        if (isGone) return;
        setWhy(null);
        setJob(found);
        if (found && !ENDED.includes(found.state)) timer = setTimeout(look, pause, Math.min(pause * 1.5, 2_000));
      } catch (error) {
        if (isGone) return;
        if (error.status === 401) leave();
        setWhy(error);
        timer = setTimeout(look, 3_000, 500);
      }
    };
    look(200);
    return () => {
      isGone = true;
      clearTimeout(timer);
    };
  }, [id, looks]);
  return { job, why, again: () => setLooks((count) => count + 1) };
}

export function JobView({ id }) {
  const { t, refusal, format } = useApp();
  const { job, why, again } = useJob(id);
  const [isBusy, carryOut] = useCommand();
  if (why && !job) return html`<p role="alert">${refusal(why)}</p>`;
  if (job === undefined) return html`<${Loading} />`;
  if (job === null) return html`<p class="empty">${t("job.noJob")}</p>`;
  const isWaiting = job.state === "WAITING";
  const isOver = ENDED.includes(job.state);
  const tell = (name) => async () => {
    if (await carryOut(name, { id })) again();
  };
  const { preview } = job;
  const refused = preview ? sum(preview.refusals) : 0;
  return html`<p role="status">${t(`JobKind.${job.kind}`)} · <strong>${t(`JobState.${job.state}`)}</strong>
      ${job.cancelCause && html` – ${t(`JobCancelCause.${job.cancelCause}`)}`}</p>
    ${preview && isWaiting && html`<div class="preview">
      <p>${t("job.expected", { count: format.number(preview.count), refused: format.number(refused) })}</p>
      ${preview.totals.length > 0 && html`<p>${t("job.totals")} ${preview.totals.map(format.money).join(", ")}</p>`}
      <ul class="refusals">${preview.refusals.map(({ code, count }) => html`<li key=${code}>${format.number(count)} × ${t(`ErrorCode.${code}`)}</li>`)}</ul>
    </div>`}
    ${!isWaiting && html`<${Progress} name=${t("job.progress")} done=${job.done + job.refused} total=${job.total} />
      <p>${t("job.figures", { done: format.number(job.done), refused: format.number(job.refused) })}</p>`}
    <div class="buttons">
      ${isWaiting && html`<button disabled=${isBusy || refused >= preview.count} onClick=${tell("startJob")}>${t("job.start")}</button>`}
      ${!isOver && html`<button class="quiet" disabled=${isBusy} onClick=${tell("cancelJob")}>${t("job.stop")}</button>`}
    </div>
    ${isOver && job.total > 0 && html`<${Results} id=${id} />`}`;
}

function sum(refusals) {
  return refusals.reduce((total, { count }) => total + count, 0);
}

/** What became of each order; at first those that were refused, where there are any. */
function Results({ id }) {
  const { t, language } = useApp();
  const [only, setOnly] = useState(true);
  const [after, setAfter] = useState(null);
  const asked = useAsk(RESULTS, { id, after, refused: only ? true : null });
  const columns = ["order", "result"].map((key) => ({ key, name: t(`job.${key}`) }));
  const row = ({ row: number, number: order, order: found, state, ticket, userErrors: [error] }) => ({
    key: number,
    cells: [
      html`${found ? html`<${Link} to=${`/orders/${found.id}`}>${found.number}<//>` : (order ?? number)}${ticket && ` · ${t("job.ticket", { ticket })}`}`,
      html`${t(`JobRowState.${state}`)}${error && html` – ${language === "en" ? error.message : t(`ErrorCode.${error.code}`)}`}`,
    ],
  });
  const show = (refused) => {
    setOnly(refused);
    setAfter(null);
  };
  return html`<div class="results">
    <div class="buttons" role="group" aria-label=${t("job.results")}>
      <button class="quiet" aria-pressed=${only} onClick=${() => show(true)}>${t("job.onlyRefused")}</button>
      <button class="quiet" aria-pressed=${!only} onClick=${() => show(false)}>${t("all")}</button></div>
    <${Answer} of=${asked}>${({ job }) => html`<${Table} caption=${t("job.results")} ...${{ columns }} rows=${job.results.nodes.map(row)}
        empty=${t(only ? "job.noneRefused" : "job.none")} />
      <${Further} info=${job.results.pageInfo} onFirst=${after && (() => setAfter(null))} onNext=${setAfter} />`}<//></div>`;
}
