// Subscriptions: one WebSocket (`graphql-transport-ws`) for all of a page, opened with the first and closed with the last.

const FIRST_PAUSE = 1_000;
const LONGEST_PAUSE = 30_000;
const RETRY = 5_000;
/** The session has ended, or never was. */
const UNWANTED = [4401, 4403];

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

function hear({ data }) {
  const { type, id, payload } = JSON.parse(data);
  if (type === "connection_ack") {
    isOpen = true;
    pause = FIRST_PAUSE;
    for (const one of running.keys()) begin(one);
  } else if (type === "ping") {
    send({ type: "pong" });
  } else if (type === "next" && running.has(id)) {
    const one = running.get(id);
    const event = payload.data && Object.values(payload.data)[0];
    if (one.resumes && event?.position) one.after = event.position;
    if (event) one.onNext(event);
  } else if (type === "complete") {
    running.delete(id);
    closeIfIdle();
  } else if (type === "error") {
    // Such as beyond a rate: what was missed comes when it is asked again.
    setTimeout(() => isOpen && running.has(id) && begin(id), RETRY);
  }
}

function connect() {
  waiting = null;
  if (running.size === 0) return;
  socket = new WebSocket(`${location.protocol === "https:" ? "wss" : "ws"}://${location.host}/graphql/ws`, "graphql-transport-ws");
  socket.onopen = () => send({ type: "connection_init" });
  socket.onmessage = hear;
  socket.onclose = ({ code }) => {
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

/** Calls `onNext` with each event. A query that declares `$after` goes on behind the last event's `position` after a broken
 * connection. Answers the function that ends it. */
export function follow(query, variables, onNext) {
  const id = String((lastId += 1));
  running.set(id, { query, variables, onNext, after: null, resumes: query.includes("$after") });
  if (isOpen) begin(id);
  else if (socket === null && waiting === null) connect();
  return () => {
    if (!running.delete(id)) return;
    if (isOpen) send({ id, type: "complete" });
    closeIfIdle();
  };
}
