// What takes more than one question: it is read on, and told meanwhile.

import { useCallback, useLayoutEffect, useState } from "./vendor/hooks.js";
import { useApp } from "./ui.js";

/** As `useAsk`, of `read(signal, tell)`, which tells what it has so far and is done when it is at the end. It begins anew whenever
 * `of` changes. `data` is there from the first that was told; while `isLoading` there may be more. What was told of something else
 * stays until then, as `isStale`, but not when that fails. Null as `read` reads nothing. */
export function useReading(read, of) {
  const { leave } = useApp();
  const key = JSON.stringify(of ?? null);
  const [state, setState] = useState({ data: null, of: null, why: null, isLoading: true });
  const [tries, setTries] = useState(0);
  useLayoutEffect(() => {
    if (read === null) return undefined;
    const stopping = new AbortController();
    const { signal } = stopping;
    setState((was) => ({ ...was, isLoading: true }));
    read(signal, (data) => !signal.aborted && setState({ data, of: key, why: null, isLoading: true })).then(
      () => !signal.aborted && setState((was) => ({ ...was, isLoading: false })),
      (error) => {
        if (signal.aborted) return;
        if (error.status === 401) leave();
        setState((was) => ({ data: was.of === key ? was.data : null, of: key, why: error, isLoading: false }));
      },
    );
    return () => stopping.abort();
  }, [key, tries]);
  const again = useCallback(() => setTries((count) => count + 1), []);
  return { ...state, isStale: state.data !== null && state.of !== key, again };
}
