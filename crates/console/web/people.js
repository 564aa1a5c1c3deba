// Names of who works here: of the shop, and of tokens for whoever may list them.

import { useEffect, useState } from "./vendor/hooks.js";
import { ask } from "./api.js";

const SHOP = "query ($id: ID!) { merchant(id: $id) { name } }";
const TOKENS = "{ tokens(first: 250) { nodes { id label } } }";

/** `{shop, people}`: the merchant's name, and what the tokens' ids are called. Neither is worth waiting for. */
export function usePeople(viewer) {
  const [shop, setShop] = useState(null);
  const [people, setPeople] = useState(new Map());
  useEffect(() => {
    if (viewer?.merchant && viewer.role !== "BUYER") ask(SHOP, { id: viewer.merchant }).then(({ merchant }) => setShop(merchant?.name ?? null), () => {});
    if (["PLATFORM", "OWNER"].includes(viewer?.role)) {
      ask(TOKENS).then(({ tokens }) => setPeople(new Map(tokens.nodes.filter(({ label }) => label).map(({ id, label }) => [id, label]))), () => {});
    }
  }, [viewer?.id]);
  return { shop, people };
}
