// The API, as every client asks it. The session's cookie goes along by itself; no script can read it.

/** What the server refused, or could not do, with its code. */
export class Refusal extends Error {
  /** `field`: the way to what is wrong in a mutation's input, such as `["input", "rows", "1", "trackingNumber"]`. */
  constructor(status, code, message, retryAfter, field = []) {
    super(message);
    Object.assign(this, { status, code, retryAfter, field });
  }
}

/** Of the ledger, the farthest that this page has seen by its own commands: what it asks next is not from before. */
let seen = null;
/** How far the server's clock is ahead of ours, in milliseconds. */
let ahead = 0;

export function now() {
  return Date.now() + ahead;
}

/** A UUID; `randomUUID` is there only where pages come by TLS, or from this machine. */
export function newId() {
  const bytes = crypto.getRandomValues(new Uint8Array(16));
  bytes[6] = (bytes[6] & 0x0f) | 0x40;
  bytes[8] = (bytes[8] & 0x3f) | 0x80;
  const digits = Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.{8})(.{4})(.{4})(.{4})/, "$1-$2-$3-$4-");
}

/** The `data` of a query or mutation. Throws a `Refusal`, or whatever `fetch` throws when there is no connection. A query
 * that declares `$atLeast` waits for what this page has done. */
export async function ask(query, variables = {}, signal) {
  const given = seen && query.includes("$atLeast") ? { atLeast: seen, ...variables } : variables;
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables: given }),
    signal,
  });
  return answerOf(response);
}

/** What the server's clock showed, in milliseconds, when ours showed `own`. Headers have whole seconds: less than two of
 * difference say nothing. */
function compareClocks(servers, own) {
  if (servers) ahead = Math.abs(servers - own) < 2_000 ? 0 : servers - own;
}

async function answerOf(response) {
  compareClocks(Date.parse(response.headers.get("date")), Date.now());
  const text = await response.text();
  const answer = parsed(text);
  const error = answer.errors?.[0];
  if (error || !response.ok || !answer.data) {
    const { code, retryAfter } = error?.extensions ?? {};
    throw new Refusal(response.status, code ?? "UNKNOWN", error?.message ?? (text.trim() || response.statusText), retryAfter);
  }
  return answer.data;
}

/** What is no JSON is a sentence, or nothing. */
function parsed(text) {
  try {
    return JSON.parse(text);
  } catch {
    return {};
  }
}

const INPUTS = {
  placeHold: "HoldInput", releaseHold: "HoldInput", startJob: "JobInput", cancelJob: "JobInput",
  closeMerchant: "MerchantInput", reopenMerchant: "MerchantInput",
};

function pause(seconds) {
  return new Promise((done) => setTimeout(done, seconds * 1_000));
}

/** Carries out a mutation and answers its payload. It has an id of its own, under which it may be sent again: so it is where the
 * connection broke or the server was busy, and happens once. Throws a `Refusal` for the first of its `userErrors`. */
export async function command(name, input, fields = "") {
  const type = INPUTS[name] ?? `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const query = `mutation ($input: ${type}!) { ${name}(input: $input) {
    receipt { position } userErrors { field code message } ${fields} } }`;
  const variables = { input: { commandId: newId(), ...input } };
  for (let tries = 1; ; tries += 1) {
    try {
      const payload = (await ask(query, variables))[name];
      const [refused] = payload.userErrors;
      if (refused) throw new Refusal(200, refused.code, refused.message, undefined, refused.field);
      const position = payload.receipt?.position;
      if (position && (seen === null || BigInt(position) > BigInt(seen))) seen = position;
      return payload;
    } catch (error) {
      const isBusy = ["BUSY", "OVERLOADED", "RATE_LIMITED"].includes(error.code);
      if (tries === 3 || !(isBusy || error instanceof TypeError)) throw error;
      await pause(error.retryAfter ?? 1);
    }
  }
}

async function post(path, body) {
  const response = await fetch(path, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  const answer = parsed(text);
  if (response.ok) return answer;
  const error = answer.errors?.[0];
  const { code, retryAfter } = error?.extensions ?? {};
  const wait = retryAfter ?? (Number(response.headers.get("retry-after")) || undefined);
  throw new Refusal(response.status, code ?? "UNAUTHENTICATED", error?.message ?? text.trim(), wait);
}

/** Takes a token into the session; throws a `Refusal` when the server does not take it. */
export async function signIn(token) {
  await post("/session", { token });
  sayToOthers();
}

const SESSION = "daybook-session";

/** Other tabs of this browser share the session, and so what became of it. */
function sayToOthers() {
  localStorage.setItem(SESSION, newId());
}

/** Calls `onOther` when another tab signed in or out. */
export function whenOthersSign(onOther) {
  addEventListener("storage", ({ key }) => key === SESSION && onOther());
}

/** A session for the one order that `{merchant, number, code}` is of. */
export async function lookUp(asked) {
  const { token } = await post("/lookup", asked);
  await signIn(token);
}

/** Who is signed in, null when it is nobody. */
export async function whoIsThere() {
  const response = await fetch("/session");
  if (response.status === 401) return null;
  return (await answerOf(response)).viewer;
}

/** Who it is, as the page came with it; undefined when it came without: a link from elsewhere brings no cookie along. */
export function whoCame() {
  const { dataset, textContent } = document.getElementById("viewer");
  const [navigation] = performance.getEntriesByType("navigation");
  compareClocks(Number(dataset.at), Date.now() - (performance.now() - (navigation?.responseStart ?? 0)));
  return parsed(textContent).data?.viewer;
}

/** Throws a `Refusal` when the session is still there afterwards. */
export async function signOut() {
  const response = await fetch("/session", { method: "DELETE" });
  seen = null;
  sayToOthers();
  if (!response.ok) throw new Refusal(response.status, "UNKNOWN", (await response.text()).trim() || response.statusText);
}
