// Whose orders or stock a page shows: it stands in the address as `scope` and `merchant`.

import { html } from "../html.js";
import { MoreMerchants, merchantOptions, useMerchants } from "../merchants.js";
import { WORKERS } from "../roles.js";
import { Check, Choice, useApp } from "../ui.js";

/** The platform has nothing of its own. */
export function shownOf({ scope, merchant }, viewer) {
  return { scope: scope === "SUBTREE" || !viewer.merchant ? "SUBTREE" : "OWN", merchant: merchant || null };
}

/** Whether the viewer may do something to what is this merchant's: what stands below is only shown. */
export function isOwn(viewer, merchant) {
  return !viewer.merchant || viewer.merchant === merchant;
}

/** Stock is no order's: of it nothing tells what may be done (docs/access.md does). */
export function mayStock(viewer) {
  return WORKERS.includes(viewer.role);
}

/** `onChange` gets what is new in the address. */
export function ScopeBar({ params, onChange }) {
  const { t, viewer } = useApp();
  const { scope } = shownOf(params, viewer);
  const found = useMerchants(scope === "SUBTREE");
  const merchants = scope === "SUBTREE" ? (found.merchants ?? []) : [];
  return html`<div class="scope-bar">
    ${viewer.merchant && html`<${Check} name=${t("queue.withBelow")} isChecked=${scope === "SUBTREE"}
      onChange=${(on) => onChange({ scope: on ? "SUBTREE" : null, merchant: null })} />`}
    ${merchants.length > 1 && html`<${Choice} name=${t("queue.merchant")} value=${params.merchant ?? ""} onChange=${(merchant) => onChange({ merchant })}
      options=${[["", t("queue.allMerchants")], ...merchantOptions(merchants, params.merchant)]} /><${MoreMerchants} of=${found} />`}
  </div>`;
}
