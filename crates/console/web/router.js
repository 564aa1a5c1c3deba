// Where the page is: what it shows stands in the address, so that it can be kept, sent and gone back to.

import { useEffect, useState } from "./vendor/hooks.js";
import { html } from "./html.js";

const MOVED = "daybook:moved";

function here() {
  return { path: location.pathname, params: Object.fromEntries(new URLSearchParams(location.search)) };
}

/** `/` with what is not empty of `params`, in their order. */
export function address(path, params = {}) {
  const given = Object.entries(params).filter(([, value]) => value !== null && value !== undefined && value !== "");
  const text = new URLSearchParams(given).toString();
  return text ? `${path}?${text}` : path;
}

/** Goes to an address of ours; `isSame`: the same place, only more exactly, so that going back skips it. */
export function go(to, isSame = false) {
  if (to === location.pathname + location.search) return;
  history[isSame ? "replaceState" : "pushState"](null, "", to);
  dispatchEvent(new Event(MOVED));
}

/** `{path, params}` of the address, anew whenever it changes. */
export function useAddress() {
  const [at, setAt] = useState(here);
  useEffect(() => {
    const look = () => setAt(here());
    addEventListener("popstate", look);
    addEventListener(MOVED, look);
    return () => {
      removeEventListener("popstate", look);
      removeEventListener(MOVED, look);
    };
  }, []);
  return at;
}

/** A link within the pages: a plain one to whoever opens it elsewhere. */
export function Link({ to, children, ...rest }) {
  const follow = (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey || event.altKey || event.button !== 0) return;
    event.preventDefault();
    go(to);
  };
  return html`<a href=${to} onClick=${follow} ...${rest}>${children}</a>`;
}
