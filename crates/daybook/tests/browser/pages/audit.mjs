// The audit log: found by what was done, by whom, to whose and when; page by page; and what each entry changed.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, newToken, token } from "../shop.mjs";

const PAGE = 50;
const table = (page) => page.getByRole("table", { name: /^(Audit log|操作日志)$/ });
const entries = (page) => table(page).locator("tbody").getByRole("row");
const details = (page) => table(page).getByRole("button", { name: /^(Details|详情) \d+$/ });
/** Of the entries that are shown, in their order. */
const positions = async (page) => (await details(page).allTextContents()).map((text) => text.match(/\d+/)[0]);
const cells = (page, column) => entries(page).evaluateAll((rows, name) => rows.map((row) => row.querySelector(`[data-name="${name}"]`)?.textContent.trim()), column);

/** What the API answers for `where`, the newest first. */
async function logged(who, where, first = PAGE) {
  const query = "query ($where: AuditWhere, $first: Int) { auditLog(where: $where, first: $first) { nodes { event { position kind recordedAt actor { id role } } } } }";
  return (await ask(await token(who), query, { where, first })).auditLog.nodes.map(({ event }) => event);
}

/** The day that it is then in Shanghai. */
const dayOf = (moment) => new Date(Date.parse(moment) + 8 * 3_600_000).toISOString().slice(0, 10);

export default {
  "a change of a price is found by what was done, and says what it changed": async ({ visit }) => {
    const merchant = "audited";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "A-1", paid: false });
    const reason = { code: "NEGOTIATED", text: "agreed on the telephone" };
    const clerk = await token({ role: "clerk", merchant });
    await command(clerk, "editPrice", { order: { id }, prices: [{ line: 1, unitPrice: { amount: "7.50", currency: "CNY" } }], reason });
    await command(clerk, "addNote", { order: { id }, text: "calls back" });
    const page = await visit({ role: "owner", merchant, language: "en", path: "/audit" });
    await page.getByLabel("What was done").selectOption({ label: "Price edited" });
    await eventually(async () => assert.equal(await entries(page).count(), 1));
    const [text] = await entries(page).allInnerTexts();
    for (const part of ["Clerk", "Price edited", "A-1", "Negotiated", "agreed on the telephone"]) assert.ok(text.includes(part), `${part} is not in ${text}`);
    await details(page).click();
    const changed = table(page).locator("dl.changes");
    assert.match((await changed.innerText()).replace(/\s+/g, " "), /Total CN¥10\.00 → CN¥7\.50/);
    const { position } = (await logged({ role: "owner", merchant }, { kind: { eq: "price-edited" } }))[0];
    await table(page).getByRole("definition").filter({ hasText: position }).waitFor();
    assert.match(await table(page).getByLabel("As it was recorded").innerText(), /"agreed on the telephone"/);
    await entries(page).first().getByRole("link", { name: "A-1" }).click();
    await page.getByRole("heading", { level: 1, name: "A-1" }).waitFor();
  },

  "all that somebody did is listed, and nothing of others": async ({ visit }) => {
    const merchant = "two-people";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "W-1" });
    for (const role of ["clerk", "support"]) await command(await token({ role, merchant }), "addNote", { order: { id }, text: `by ${role}` });
    await command(await token({ role: "support", merchant }), "addTag", { order: { id }, tag: "vip" });
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/audit" });
    await entries(page).filter({ hasText: "by support" }).getByRole("button", { name: "只看此操作人" }).click();
    await eventually(async () => assert.deepEqual(await cells(page, "操作"), ["已添加标签", "已添加备注"]));
    const actor = new URL(page.url()).searchParams.get("actor");
    assert.equal(await page.getByLabel("操作人（令牌名称、ID 或策略）").inputValue(), actor);
    await page.reload();
    await eventually(async () => assert.equal(await entries(page).count(), 2));
    await page.getByLabel("操作人（令牌名称、ID 或策略）").fill("00000000-0000-0000-0000-00000000dead");
    await page.getByRole("button", { name: "查询" }).click();
    await page.getByText("没有符合条件的记录。").waitFor();
    await page.getByRole("button", { name: "清空" }).click();
    const all = await logged({ role: "owner", merchant }, {});
    await eventually(async () => assert.deepEqual(await positions(page), all.map(({ position }) => position)));
  },

  "a token is found by its label, and who is nobody is told what to enter": async ({ visit }) => {
    const merchant = "labelled";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "L-1" });
    const night = await newToken(["--role", "clerk", "--merchant", merchant, "--label", "night shift"]);
    await command(night, "addNote", { order: { id }, text: "at night" });
    await command(await token({ role: "clerk", merchant }), "addNote", { order: { id }, text: "by day" });
    const page = await visit({ role: "owner", merchant, language: "en", path: "/audit" });
    await entries(page).filter({ hasText: "at night" }).getByRole("button", { name: "night shift" }).waitFor();
    const actor = page.getByLabel("By (token's label or id, or policy)");
    await actor.fill("nigth shift");
    await actor.press("Enter");
    await page.getByRole("alert").getByText("“nigth shift” is nobody.").waitFor();
    // What was found before is dimmed until there is an answer to what is asked for now.
    let go;
    const held = new Promise((resolve) => (go = resolve));
    await page.route("**/graphql", async (route) => {
      if (route.request().postData().includes("auditLog")) await held;
      await route.continue();
    });
    await actor.fill("Night shift");
    await actor.press("Enter");
    await page.locator('[aria-busy="true"]').getByText("by day").waitFor();
    go();
    await eventually(async () => assert.deepEqual(await cells(page, "What"), ["Note added"]));
    assert.equal(await page.locator('[aria-busy="true"]').count(), 0);
    assert.equal(await actor.inputValue(), "night shift");
    await page.unroute("**/graphql");
    await page.reload();
    await eventually(async () => assert.equal(await entries(page).count(), 1));
  },

  "policies are actors too": async ({ visit }) => {
    const who = { role: "owner", merchant: "xinghe" };
    const wanted = await logged(who, { actor: { eq: "system:pay-within" } });
    assert.ok(wanted.length > 0);
    const page = await visit({ ...who, language: "en", path: "/audit" });
    await page.getByLabel("By (token's label or id, or policy)").fill("system:pay-within");
    await page.getByLabel("By (token's label or id, or policy)").press("Enter");
    await eventually(async () => assert.deepEqual(await positions(page), wanted.map(({ position }) => position)));
    for (const text of await cells(page, "Who")) assert.ok(text.includes("Cancels unpaid orders"), text);
  },

  "days narrow it, to the day of the shop's zone": async ({ visit }) => {
    const who = { role: "owner", merchant: "xinghe" };
    const [, ...before] = [...new Set((await logged(who, { kind: { eq: "order-placed" } }, 250)).map(({ recordedAt }) => dayOf(recordedAt)))];
    const [day] = before;
    const page = await visit({ ...who, language: "zh-CN", path: "/audit?kind=order-placed" });
    await entries(page).first().waitFor();
    await page.getByLabel("从", { exact: true }).fill(day);
    await page.getByLabel("到", { exact: true }).fill(day);
    const next = new Date(Date.parse(`${day}T00:00:00+08:00`) + 86_400_000).toISOString();
    const wanted = await logged(who, { kind: { eq: "order-placed" }, time: { gte: new Date(`${day}T00:00:00+08:00`).toISOString(), lt: next } });
    assert.ok(wanted.length > 0);
    await eventually(async () => assert.deepEqual(await positions(page), wanted.map(({ position }) => position)));
    assert.deepEqual(Object.fromEntries(new URL(page.url()).searchParams), { kind: "order-placed", from: day, to: day });
  },

  "pages lead through all of it, each entry once": async ({ visit }) => {
    const who = { role: "owner", merchant: "xinghe" };
    const where = { time: { lt: new Date().toISOString() } };
    const wanted = (await logged(who, { ...where, kind: { eq: "payment-captured" } }, 3 * PAGE)).map(({ position }) => position);
    const page = await visit({ ...who, language: "en", path: "/audit?kind=payment-captured" });
    const seen = [];
    for (let number = 0; number < 3; number += 1) {
      if (number > 0) await page.getByRole("button", { name: "Next page" }).click();
      await eventually(async () => assert.deepEqual(await positions(page), wanted.slice(number * PAGE, (number + 1) * PAGE)));
      seen.push(...(await positions(page)));
    }
    assert.equal(new Set(seen).size, 3 * PAGE);
    await page.reload();
    await eventually(async () => assert.deepEqual(await positions(page), wanted.slice(2 * PAGE)));
    await page.goBack();
    await eventually(async () => assert.deepEqual(await positions(page), wanted.slice(PAGE, 2 * PAGE)));
    await page.getByRole("button", { name: "Back to the first page" }).first().click();
    await eventually(async () => assert.deepEqual(await positions(page), wanted.slice(0, PAGE)));
  },

  "the platform narrows it to a merchant": async ({ visit }) => {
    const page = await visit({ role: "platform", language: "en", path: "/audit" });
    await entries(page).first().waitFor();
    await page.getByLabel("Merchant", { exact: true }).selectOption("qingmu");
    const wanted = await logged({ role: "platform" }, { merchant: { eq: "qingmu" } });
    await eventually(async () => assert.deepEqual(await positions(page), wanted.map(({ position }) => position)));
    await page.waitForURL(/merchant=qingmu/);
  },

  "it is no clerk's": async ({ visit }) => {
    const page = await visit({ role: "clerk", language: "en", path: "/" });
    await page.getByRole("navigation", { name: "Menu" }).getByRole("link", { name: "Orders", exact: true }).waitFor();
    assert.equal(await page.getByRole("link", { name: "Audit log" }).count(), 0);
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { merchant: "xinghe", path: "/audit?kind=price-edited" }, async (page) => {
      await details(page).first().click();
      await table(page).getByRole("heading").waitFor();
    });
  },
};
