// Whom the audit log can be asked about: tokens by their labels, where the viewer may list those, and policies.

import { useAll } from "../queues/all.js";
import { WORDS } from "../texts/words.js";
import { useApp } from "../ui.js";

const TOKENS = "query ($after: String) { tokens(first: 250, after: $after) { nodes { id label } pageInfo { hasNextPage endCursor } } }";
const MOST = 2_000;
const LISTERS = ["PLATFORM", "OWNER"];
const POLICIES = Object.keys(WORDS.en).filter((key) => key.startsWith("policy.")).map((key) => key.slice("policy.".length));
const ID = /^[0-9a-f]{8}-([0-9a-f]{4}-){3}[0-9a-f]{12}$/i;

function isSame(one, other) {
  return one.trim().toLowerCase() === other.trim().toLowerCase();
}

/** `{names, nameOf, find}`: what may be typed beside ids; the name of an id, or null; and the ids that a text means, none where it is nobody. */
export function useActors() {
  const { t, viewer } = useApp();
  const { data } = useAll(LISTERS.includes(viewer.role) ? { query: TOKENS, variables: {}, field: "tokens", most: MOST } : null);
  const tokens = (data?.nodes ?? []).filter(({ label }) => label);
  const policies = POLICIES.map((name) => ({ id: name, label: t(`policy.${name}`) }));
  const named = [...tokens, ...policies];
  const find = (text) => {
    const typed = text.trim();
    if (ID.test(typed) || POLICIES.includes(typed)) return [typed];
    return named.filter(({ label }) => isSame(label, typed)).map(({ id }) => id);
  };
  return { names: [...new Set(named.map(({ label }) => label))], nameOf: (id) => named.find((one) => one.id === id)?.label ?? null, find };
}
