// The merchants that the token shows, all pages of them, and who stands above whom.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useApp } from "../ui.js";

/** More are not shown: nobody looks through them in a list. */
const PAGES = 8;
const QUERY = `query ($after: String) { merchants(first: 250, after: $after) {
  nodes { id name closed childrenCount parent { id } } pageInfo { hasNextPage endCursor } } }`;
/** Of so many at once it is asked who stands below them. */
const AT_ONCE = 50;

/** A token shows the merchant above only if it is its own: of those farther down it says who stands below them. */
async function below(merchants, signal) {
  const parents = new Map();
  for (let from = 0; from < merchants.length; from += AT_ONCE) {
    const some = merchants.slice(from, from + AT_ONCE);
    const names = some.map((_, index) => `$m${index}: ID!`).join(", ");
    const asked = some.map((_, index) => `m${index}: merchant(id: $m${index}) { children(first: 250) { nodes { id } } }`).join(" ");
    const found = await ask(`query (${names}) { ${asked} }`, Object.fromEntries(some.map(({ id }, index) => [`m${index}`, id])), signal);
    some.forEach(({ id }, index) => found[`m${index}`]?.children.nodes.forEach((child) => parents.set(child.id, id)));
  }
  return parents;
}

async function load(signal) {
  const all = [];
  let after = null;
  for (let page = 0; page < PAGES; page += 1) {
    const { merchants } = await ask(QUERY, { after }, signal);
    all.push(...merchants.nodes);
    after = merchants.pageInfo.endCursor;
    if (!merchants.pageInfo.hasNextPage) break;
  }
  const known = new Map(all.filter(({ parent }) => parent).map(({ id, parent }) => [id, parent.id]));
  const isOpen = ({ id, childrenCount }) => childrenCount > 0 && all.filter((one) => known.get(one.id) === id).length < childrenCount;
  const rest = await below(all.filter(isOpen), signal);
  return all.map(({ id, name, closed }) => ({ id, name, isClosed: closed, parent: known.get(id) ?? rest.get(id) ?? null }));
}

/** `{merchants, why}`; merchants, of which each is `{id, name, isClosed, parent}`, is null until they are known. */
export function useMerchants() {
  const { leave } = useApp();
  const [state, setState] = useState({ merchants: null, why: null });
  useEffect(() => {
    const stopping = new AbortController();
    load(stopping.signal).then(
      (merchants) => setState({ merchants, why: null }),
      (error) => {
        if (error.name === "AbortError") return;
        if (error.status === 401) leave();
        setState({ merchants: null, why: error });
      },
    );
    return () => stopping.abort();
  }, []);
  return state;
}
