// One bulk job.

import { html } from "../html.js";
import { JobView } from "../jobs/view.js";
import { Link } from "../router.js";
import { Title, useApp } from "../ui.js";

export default function Job({ id }) {
  const { t } = useApp();
  return html`<${Title} beside=${html`<${Link} to="/jobs">${t("page.jobs")}<//>`}>${t("job.title")}<//><section class="sheet"><${JobView} id=${id} /></section>`;
}
