// What happened since a list was asked for.

import { useEffect, useRef, useState } from "../vendor/hooks.js";
import { follow } from "../live.js";

const EVENTS = `subscription ($after: Position, $scope: Scope) { orderEvents(after: $after, scope: $scope) { position kind } }`;
/** The page is asked anew this often at most, in milliseconds. */
const REFRESH = 2_000;

/** `[count, forget]`: how many events came since the page was asked. While nobody is at work on it, it is asked anew instead. */
export function useMissed(scope, isQuiet, refresh) {
  const [missed, setMissed] = useState(0);
  const latest = useRef(null);
  latest.current = { isQuiet, refresh };
  const waiting = useRef(0);
  const forget = () => {
    waiting.current = 0;
    setMissed(0);
  };
  useEffect(() => {
    let timer = null;
    const look = () => {
      timer = null;
      // Rows must not move under a pointer that is about to choose one.
      const isAtWork = document.querySelector(".orders")?.matches(":hover, :focus-within");
      if (latest.current.isQuiet && !document.hidden && !isAtWork) {
        waiting.current = 0;
        latest.current.refresh();
      }
      setMissed(waiting.current);
    };
    const note = () => {
      waiting.current += 1;
      timer ??= setTimeout(look, REFRESH);
    };
    const stop = follow(EVENTS, { scope }, note, note);
    return () => {
      clearTimeout(timer);
      stop();
    };
  }, [scope]);
  return [missed, forget];
}
