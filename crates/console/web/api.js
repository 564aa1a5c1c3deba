// The API, as every client asks it. The session's cookie goes along by itself; no script can read it.

/** What the server refused, or could not do, with its code. */
export class Refusal extends Error {
  constructor(status, code, message, retryAfter) {
    super(message);
    Object.assign(this, { status, code, retryAfter });
  }
}

/** The `data` of a query or mutation. Throws a `Refusal`, or whatever `fetch` throws when there is no connection. */
export async function ask(query, variables, signal) {
  const response = await fetch("/graphql", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ query, variables }),
    signal,
  });
  const answer = await response.json().catch(() => ({}));
  const error = answer.errors?.[0];
  if (error || !response.ok) {
    const { code, retryAfter } = error?.extensions ?? {};
    throw new Refusal(response.status, code ?? "UNKNOWN", error?.message ?? response.statusText, retryAfter);
  }
  return answer.data;
}

/** Takes a token into the session; throws a `Refusal` when the server does not take it. */
export async function signIn(token) {
  const response = await fetch("/session", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  if (response.ok) return;
  const text = await response.text();
  let error;
  try {
    error = JSON.parse(text).errors?.[0];
  } catch {
    // What is no JSON is a sentence.
  }
  throw new Refusal(response.status, error?.extensions?.code ?? "UNAUTHENTICATED", error?.message ?? text.trim());
}

/** Whether the browser has a session; what it is good for, the API says. */
export async function hasSession() {
  return (await fetch("/session")).ok;
}

/** Throws a `Refusal` when the session is still there afterwards. */
export async function signOut() {
  const response = await fetch("/session", { method: "DELETE" });
  if (!response.ok) throw new Refusal(response.status, "UNKNOWN", (await response.text()).trim() || response.statusText);
}
