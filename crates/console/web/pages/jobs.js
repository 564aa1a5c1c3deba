// Bulk jobs, the newest first.

import { html } from "../html.js";
import { JOB } from "../jobs/view.js";
import { address, go, Link, useAddress } from "../router.js";
import { Answer, Further, Table, Title, useApp, useAsk, When } from "../ui.js";

const QUERY = `query ($after: String) { jobs(first: 50, after: $after) { nodes { ${JOB} } pageInfo { hasNextPage endCursor } } }`;

export default function Jobs() {
  const { t, format } = useApp();
  const { after } = useAddress().params;
  const asked = useAsk(QUERY, { after: after ?? null });
  const columns = [
    { key: "opened", name: t("job.opened") }, { key: "kind", name: t("job.kind") }, { key: "state", name: t("status") },
    { key: "done", name: t("JobRowState.DONE"), isNumber: true }, { key: "refused", name: t("JobRowState.REFUSED"), isNumber: true },
    { key: "total", name: t("job.total"), isNumber: true }, { key: "opener", name: t("job.opener") },
  ];
  const row = (job) => ({
    key: job.id,
    cells: [
      html`<${Link} to=${`/jobs/${job.id}`}><${When} at=${job.openedAt} /><//>`, t(`JobKind.${job.kind}`), t(`JobState.${job.state}`),
      format.number(job.done), format.number(job.refused), format.number(job.total), t(`Role.${job.opener.role}`),
    ],
  });
  return html`<${Title}>${t("page.jobs")}<//>
    <${Answer} of=${asked}>${({ jobs }) => html`<${Table} caption=${t("page.jobs")} columns=${columns} rows=${jobs.nodes.map(row)} empty=${t("job.noJobs")} />
      <${Further} info=${jobs.pageInfo} onFirst=${after && (() => go("/jobs"))} onNext=${(cursor) => go(address("/jobs", { after: cursor }))} />`}<//>`;
}
