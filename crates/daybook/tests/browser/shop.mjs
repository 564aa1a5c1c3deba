// The shop under test: a server on a made-up past. Tokens come from the command line, as its people's do.

import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { promisify } from "node:util";

const run = promisify(execFile);
const { DAYBOOK_BASE, DAYBOOK_PROGRAM, DAYBOOK_DATA } = process.env;

export const base = DAYBOOK_BASE;

const tokens = new Map();

/** A token of this role; the same one for the same asker. Platform, auditor and analyst have no merchant. */
export function token({ role, merchant, buyer }) {
  const args = ["--role", role];
  if (merchant) args.push("--merchant", merchant);
  if (buyer) args.push("--buyer", buyer);
  const key = args.join(" ");
  if (!tokens.has(key)) tokens.set(key, newToken(args));
  return tokens.get(key);
}

/** One that nobody else uses, such as to revoke it. */
export async function newToken(args) {
  return (await daybook(["token", "create", ...args])).trim();
}

/** What a command on the folder prints. */
export async function daybook(args) {
  const { stdout } = await run(DAYBOOK_PROGRAM, [...args, "--data", DAYBOOK_DATA]);
  return stdout;
}

/** The data of an answer of the API, asked without a browser. */
export async function ask(secret, query, variables) {
  const response = await fetch(`${base}/graphql`, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: `Bearer ${secret}` },
    body: JSON.stringify({ query, variables }),
  });
  const answer = await response.json();
  if (answer.errors) throw new Error(`${query}\n${JSON.stringify(answer.errors, null, 2)}`);
  return answer.data;
}

/** Carries out a command on an order, such as `act(secret, "placeOrder", { merchant, … })`; the order after it. */
export async function act(secret, name, input) {
  const type = `${name[0].toUpperCase()}${name.slice(1)}Input`;
  const mutation = `mutation ($input: ${type}!) { ${name}(input: $input) {
    order { id number revision label } userErrors { field code message } } }`;
  const { order, userErrors } = (await ask(secret, mutation, { input: { commandId: randomUUID(), ...input } }))[name];
  if (userErrors.length > 0) throw new Error(`${name}: ${JSON.stringify(userErrors)}`);
  return order;
}

/** A new order of a top-up, which waits to be paid: the past holds few of those. */
export function placeOrder(secret, { merchant = "fengche", account = "new.buyer@example.org", quantity = 1 } = {}) {
  const unitPrice = { amount: "49.80", currency: "CNY" };
  const line = { sku: "phone-50", title: "手机话费 50 元", kind: "TOP_UP", quantity, unitPrice, inputs: { account: "new1" } };
  return act(secret, "placeOrder", { merchant, buyer: { account }, lines: [line] });
}
