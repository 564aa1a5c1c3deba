// What no page may do, whatever else a test looks at: each is a complaint, and a test with complaints fails.

import { base } from "./shop.mjs";

/** How the console finds out that nobody is signed in. */
const ALWAYS = ["401 GET /session"];

/** Watches all pages of a context. `refused`: answers that the test brings about, such as "401 POST /session". */
export function watch(context, refused) {
  const seen = { complaints: [], log: [] };
  const complain = (what) => seen.complaints.push(what);
  const isOurs = (url) => {
    const { protocol, host } = new URL(url);
    return ["data:", "blob:", "about:"].includes(protocol) || host === new URL(base).host;
  };
  context.on("request", (request) => {
    if (!isOurs(request.url())) complain(`asks another host: ${request.url()}`);
  });
  context.on("response", (response) => {
    if (response.status() < 400 || !isOurs(response.url())) return;
    const { pathname } = new URL(response.url());
    const what = `${response.status()} ${response.request().method()} ${pathname}`;
    if (![...ALWAYS, ...refused].includes(what)) complain(`is refused: ${what}`);
  });
  context.on("console", (message) => {
    seen.log.push(`${message.type()}: ${message.text()} (${message.location().url})`);
    // A refused request is judged above, where its method and status are known.
    if (message.type() === "error" && !message.text().startsWith("Failed to load resource")) {
      complain(`console: ${message.text()}`);
    }
  });
  context.on("weberror", (error) => complain(`throws: ${error.error().stack ?? error.error()}`));
  context.on("page", (page) => {
    page.on("crash", () => complain("crashes"));
    page.on("websocket", (socket) => {
      if (!isOurs(socket.url())) complain(`opens a socket to another host: ${socket.url()}`);
    });
  });
  return seen;
}
