// The merchants that the token shows, and who stands above whom.

import { useState } from "./vendor/hooks.js";
import { ask } from "./api.js";
import { html } from "./html.js";
import { useReading } from "./reading.js";
import { addTexts } from "./text.js";
import { MERCHANTS } from "./texts/merchants.js";
import { useApp } from "./ui.js";

addTexts(MERCHANTS);

const PAGE = 250;
/** So many at once; then somebody says whether to go on: few look through them in a list. */
const PAGES = 8;
const QUERY = `query ($after: String) { merchants(first: ${PAGE}, after: $after) {
  nodes { id name closed childrenCount parent { id } } pageInfo { hasNextPage endCursor } } }`;
/** Of so many at once it is asked who stands below them. */
const AT_ONCE = 50;

/** A token shows the merchant above only if it is its own: of those farther down it says who stands below them. */
async function parentsOf(merchants, signal) {
  const parents = new Map();
  const open = merchants.map(({ id }) => ({ id, after: null }));
  while (open.length > 0) {
    const some = open.splice(0, AT_ONCE);
    const names = some.map((_, index) => `$m${index}: ID!, $a${index}: String`).join(", ");
    const asked = some.map((_, index) => `m${index}: merchant(id: $m${index}) {
      children(first: ${PAGE}, after: $a${index}) { nodes { id } pageInfo { hasNextPage endCursor } } }`).join(" ");
    const given = Object.fromEntries(some.flatMap(({ id, after }, index) => [[`m${index}`, id], [`a${index}`, after]]));
    const found = await ask(`query (${names}) { ${asked} }`, given, signal);
    some.forEach(({ id }, index) => {
      // It may have moved elsewhere meanwhile.
      const { nodes = [], pageInfo } = found[`m${index}`]?.children ?? {};
      for (const child of nodes) parents.set(child.id, id);
      if (pageInfo?.hasNextPage) open.push({ id, after: pageInfo.endCursor });
    });
  }
  return parents;
}

async function read(pages, signal, tell) {
  const all = [];
  let info = { hasNextPage: true, endCursor: null };
  for (let page = 0; page < pages && info.hasNextPage; page += 1) {
    const { merchants } = await ask(QUERY, { after: info.endCursor }, signal);
    all.push(...merchants.nodes);
    info = merchants.pageInfo;
  }
  const known = new Map(all.filter(({ parent }) => parent).map(({ id, parent }) => [id, parent.id]));
  const shown = Map.groupBy(known.values(), (parent) => parent);
  const isOpen = ({ id, childrenCount }) => childrenCount > (shown.get(id)?.length ?? 0);
  const rest = await parentsOf(all.filter(isOpen), signal);
  tell({
    merchants: all.map(({ id, name, closed }) => ({ id, name, isClosed: closed, parent: known.get(id) ?? rest.get(id) ?? null })),
    isCut: info.hasNextPage,
  });
}

/** `{merchants, isCut, why, again, more}`; merchants, of which each is `{id, name, isClosed, parent}`, is null until they are known.
 * `isCut`: there are others, which `more` fetches. `isWanted`: false asks nothing. */
export function useMerchants(isWanted = true) {
  const [pages, setPages] = useState(PAGES);
  const { data, why, again } = useReading(isWanted ? (signal, tell) => read(pages, signal, tell) : null, [pages, isWanted]);
  return { merchants: data?.merchants ?? null, isCut: data?.isCut ?? false, why, again, more: () => setPages(pages + PAGES) };
}

/** That these are not all of them; nothing where they are. */
export function MoreMerchants({ of: { merchants, isCut, more } }) {
  const { t, format } = useApp();
  if (!isCut) return null;
  return html`<p class="hint">${t("merchants.cut", { count: format.number(merchants.length) })} <button class="plain" type="button" onClick=${more}>${t("merchants.more")}</button></p>`;
}

/** For a choice: `[[id, text]]`, with the chosen one whether it is among them or not. */
export function merchantOptions(merchants, chosen) {
  const options = merchants.map(({ id, name }) => [id, `${name} (${id})`]);
  return chosen && !merchants.some(({ id }) => id === chosen) ? [...options, [chosen, chosen]] : options;
}

/** Depth first, those below one merchant by name: each with its `depth`, and without `own`, below which they stand. Whose parent is
 * not among them stands at the top. */
export function inOrder(merchants, own = null) {
  const ids = new Set(merchants.map(({ id }) => id));
  const isBelow = (parent) => parent !== null && (parent === own || ids.has(parent));
  const below = Map.groupBy(merchants.filter(({ id }) => id !== own), ({ parent }) => (isBelow(parent) ? parent : null));
  const from = (above, depth) => (below.get(above) ?? []).sort((one, other) => one.name.localeCompare(other.name))
    .flatMap((one) => [{ ...one, depth }, ...from(one.id, depth + 1)]);
  return [...(own === null ? [] : from(own, 0)), ...from(null, 0)];
}
