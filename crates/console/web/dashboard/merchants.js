// The merchants that the token shows, all pages of them.

import { useEffect, useState } from "../vendor/hooks.js";
import { ask } from "../api.js";
import { useApp } from "../ui.js";
import { MERCHANTS_QUERY } from "./queries.js";

/** More are not shown: nobody looks through them in a list. */
const PAGES = 8;

/** `{merchants, why}`; merchants is null until they are known. */
export function useMerchants() {
  const { leave } = useApp();
  const [state, setState] = useState({ merchants: null, why: null });
  useEffect(() => {
    const stopping = new AbortController();
    const load = async () => {
      const all = [];
      let after = null;
      for (let page = 0; page < PAGES; page += 1) {
        const { merchants } = await ask(MERCHANTS_QUERY, { after }, stopping.signal);
        all.push(...merchants.nodes);
        after = merchants.pageInfo.endCursor;
        if (!merchants.pageInfo.hasNextPage) break;
      }
      setState({ merchants: all, why: null });
    };
    load().catch((error) => {
      if (error.name === "AbortError") return;
      if (error.status === 401) leave();
      setState({ merchants: null, why: error });
    });
    return () => stopping.abort();
  }, []);
  return state;
}
