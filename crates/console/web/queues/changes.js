// What comes into the exception queue and goes out of it, while it happens.

import { useEffect, useRef } from "../vendor/hooks.js";
import { follow } from "../live.js";

const CHANGES = `subscription ($after: Position, $merchant: String, $scope: Scope) {
  queueChanges(after: $after, merchant: $merchant, scope: $scope) { position kind } }`;
/** It is told this often at most, in milliseconds. */
const PAUSE = 2_000;

/** Calls `onChange` every now and then with the kinds that changed. */
export function useChanges(shown, onChange) {
  const latest = useRef(null);
  latest.current = onChange;
  useEffect(() => {
    const kinds = new Set();
    let timer = null;
    const tell = () => {
      timer = null;
      latest.current([...kinds]);
      kinds.clear();
    };
    const note = (some) => {
      some.forEach((kind) => kinds.add(kind));
      timer ??= setTimeout(tell, PAUSE);
    };
    const stop = follow(CHANGES, shown, ({ kind }) => note([kind]), () => note(KINDS));
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [JSON.stringify(shown)]);
}
