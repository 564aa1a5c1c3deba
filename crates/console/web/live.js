// Subscriptions: one WebSocket (`graphql-transport-ws`) for all of a page, opened with the first and closed with the last.

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
const RETRY = 5_000;
/** The session has ended, or never was. */
const UNWANTED = [4401, 4403];
/** Codes that no second try changes. */
const HOPELESS = ["INVALID_ARGUMENT", "DOCUMENT_REFUSED", "FORBIDDEN"];
/** The server takes who says nothing for ten minutes for gone. */
const PING = 120_000;

let socket = null;
let isOpen = false;
let pause = FIRST_PAUSE;
let waiting = null;
let lastId = 0;
const running = new Map();

function send(message) {
  socket.send(JSON.stringify(message));
}

function begin(id) {
  const { query, variables, after } = running.get(id);
  // What was missed while there was no connection comes first.
  send({ id, type: "subscribe", payload: { query, variables: after === null ? variables : { ...variables, after } } });
}

/** Begins, perhaps not for the first time: what happened in between is told, or that something may have. */
function resume(id) {
  const one = running.get(id);
  begin(id);
  if (one.hasBegun && one.after === null) one.onGap?.();
  one.hasBegun = true;
}

function hear({ data }) {
  const { type, id, payload } = JSON.parse(data);
  if (type === "connection_ack") {
    isOpen = true;
    pause = FIRST_PAUSE;
    for (const one of running.keys()) resume(one);
  } else if (type === "ping") {
    send({ type: "pong" });
  } else if (type === "next" && running.has(id)) {
    const one = running.get(id);
    if (payload.errors?.some(({ extensions }) => HOPELESS.includes(extensions?.code))) running.delete(id);
    const event = payload.data && Object.values(payload.data)[0];
    if (one.resumes && event?.position) one.after = event.position;
    if (event) one.onNext(event);
  } else if (["complete", "error"].includes(type) && running.has(id)) {
    // Nobody here asked for its end: it was beyond a rate, or the server is busy.
    setTimeout(() => isOpen && running.has(id) && resume(id), RETRY);
  }
}

function connect() {
  waiting = null;
  if (running.size === 0) return;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/ws`, "graphql-transport-ws");
  const own = socket;
  const pinging = setInterval(() => isOpen && own === socket && send({ type: "ping" }), PING);
  socket.onopen = () => send({ type: "connection_init" });
  socket.onmessage = hear;
  socket.onclose = ({ code }) => {
    clearInterval(pinging);
    if (own !== socket) return;
    socket = null;
    isOpen = false;
    if (UNWANTED.includes(code)) running.clear();
    if (running.size === 0) return;
    waiting = setTimeout(connect, pause * (0.5 + Math.random()));
    pause = Math.min(2 * pause, LONGEST_PAUSE);
  };
}

/** From one page to the next there is a moment without any. */
function closeIfIdle() {
  setTimeout(() => {
    if (running.size > 0) return;
    clearTimeout(waiting);
    waiting = null;
    isOpen = false;
    socket?.close(1000);
  }, 3_000);
}

/** Ends all of it at once: somebody else comes. */
export function hangUp() {
  running.clear();
  clearTimeout(waiting);
  waiting = null;
  isOpen = false;
  const own = socket;
  socket = null;
  own?.close(1000);
}

/** Calls `onNext` with each event. A query that declares `$after` goes on behind the last event's `position` after a broken
 * connection; where there was none yet, `onGap` says that something may have been missed. Answers the function that ends it. */
export function follow(query, variables, onNext, onGap) {
  const id = String((lastId += 1));
  running.set(id, { query, variables, onNext, onGap, after: null, resumes: query.includes("$after") });
  if (isOpen) resume(id);
  else if (socket === null && waiting === null) connect();
  return () => {
    if (!running.delete(id)) return;
    if (isOpen) send({ id, type: "complete" });
    closeIfIdle();
  };
}
