// The dashboard: figures, how they changed, and what is behind them.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { ask, token } from "../shop.mjs";

const DAY = 86_400_000;
const dialog = (page) => page.getByRole("dialog");
const figures = (page) => page.getByRole("list", { name: /Figures|核心指标/ });
/** A day of Shanghai. */
const day = (before) => new Date(Date.now() + 8 * 3_600_000 - before * DAY).toISOString().slice(0, 10);
const midnight = (text) => new Date(`${text}T00:00:00+08:00`).toISOString();

/** Three weeks that are over, so that nothing changes between two questions. */
const period = { from: day(22), to: day(2) };
const path = `/dashboard?range=custom&from=${period.from}&to=${period.to}`;
const range = { gte: midnight(period.from), lt: midnight(day(1)) };

async function figuresOf(who, arguments_, fields) {
  const query = `query ($range: TimeRange!) { dashboard(range: $range, timeZone: "Asia/Shanghai", currency: "CNY" ${arguments_}) { ${fields} } }`;
  return (await ask(await token(who), query, { range })).dashboard;
}

/** How many rows a dialog lists on all its pages. */
async function rowsBehind(page) {
  let rows = 0;
  for (;;) {
    const body = dialog(page).locator("tbody tr");
    await body.first().waitFor();
    const first = await body.first().innerText();
    rows += await body.count();
    const next = dialog(page).getByRole("button", { name: "Next page" });
    if ((await next.count()) === 0) return rows;
    await next.click();
    await page.waitForFunction((was) => document.querySelector("dialog tbody tr")?.innerText !== was, first);
  }
}

export default {
  "figures are the API's, with what they were before": async ({ visit }) => {
    const page = await visit({ path, language: "en" });
    const is = await figuresOf({ role: "owner", merchant: "xinghe" }, "", "placedOrders paidAmount { amount } refundRate");
    await figures(page).getByText(is.placedOrders.toLocaleString("en"), { exact: true }).first().waitFor();
    const card = async (name) => (await figures(page).getByRole("listitem").filter({ hasText: name }).innerText()).replace(/\s+/g, " ");
    assert.ok((await card("Paid amount")).includes(Number(is.paidAmount.amount).toLocaleString("en", { minimumFractionDigits: 2 })));
    assert.ok((await card("Refund rate")).includes((Number(is.refundRate) * 100).toFixed(1).replace(/\.0$/, "")));
    assert.match(await card("Placed orders"), /(up|down) [\d,]+ \([\d.,]+%\)|unchanged/);
    assert.equal(await figures(page).getByRole("listitem").count(), 12);
  },

  "a figure leads to its events, and they are as many": async ({ visit }) => {
    const page = await visit({ path, language: "en" });
    const { refundedOrders } = await figuresOf({ role: "owner", merchant: "xinghe" }, "", "refundedOrders");
    assert.ok(refundedOrders > 0);
    await figures(page).getByRole("link", { name: /Refund rate/ }).click();
    assert.equal(await rowsBehind(page), refundedOrders);
    await page.goBack();
    while (await dialog(page).count()) await page.goBack();
    await figures(page).getByRole("link", { name: /Placed orders/ }).click();
    await dialog(page).locator("tbody tr").first().getByRole("link").click();
    await page.waitForURL(/\/orders\//);
  },

  "the heat map is gone through by keyboard": async ({ visit }) => {
    const page = await visit({ path, language: "en" });
    const grid = page.getByRole("grid");
    await grid.waitFor();
    assert.equal(await grid.getByRole("gridcell").count(), 168);
    const { peak } = await figuresOf({ role: "owner", merchant: "xinghe" }, "", "peak { placedOrders }");
    const cell = grid.getByRole("link", { name: /Peak/ });
    assert.equal(await cell.innerText(), String(peak.placedOrders));
    const focused = () => page.evaluate(() => document.activeElement.getAttribute("aria-label"));
    await cell.focus();
    await page.keyboard.press("Home");
    assert.match(await focused(), / 00:00–01:00/);
    await page.keyboard.press("ArrowRight");
    assert.match(await focused(), / 01:00–02:00/);
    assert.equal(await grid.locator('a[tabindex="0"]').count(), 1);
    await cell.focus();
    await page.keyboard.press("Enter");
    assert.equal(await rowsBehind(page), peak.placedOrders);
    await page.keyboard.press("Escape");
    await dialog(page).waitFor({ state: "detached" });
    assert.match(await focused(), /Peak/);
    assert.doesNotMatch(page.url(), /look=/);
  },

  "each chart has its numbers as a table": async ({ visit }) => {
    const page = await visit({ path, language: "en" });
    const days = page.getByRole("region", { name: "By day" });
    await days.getByRole("img", { name: /Placed orders/ }).waitFor();
    await days.getByText("Show as a table").click();
    const rows = days.locator("tbody tr");
    await rows.first().waitFor();
    assert.equal(await rows.count(), 21);
    const { byDay } = await figuresOf({ role: "owner", merchant: "xinghe" }, "", "byDay { placedOrders }");
    assert.equal(await rows.nth(4).locator("td").nth(1).innerText(), String(byDay[4].placedOrders));
    await days.getByRole("link", { name: "Paid amount" }).click();
    await days.getByRole("img", { name: /Paid amount/ }).waitFor();
    for (const name of ["How long it takes", "Orders and refunds by hour", "Orders to be expected"]) {
      await page.getByRole("region", { name }).getByRole("img").first().waitFor();
      await page.getByRole("region", { name }).getByText("Show as a table").waitFor();
    }
  },

  "a product, a reason and a clerk lead to what is behind them": async ({ visit }) => {
    const page = await visit({ path, language: "en" });
    const { byProduct, byRefundReason } = await figuresOf({ role: "owner", merchant: "xinghe" }, "", "byProduct(first: 1) { title orders sku } byRefundReason { requests }");
    await page.getByRole("region", { name: "By product", exact: true }).getByRole("link", { name: byProduct[0].title }).click();
    assert.equal(await rowsBehind(page), byProduct[0].orders);
    await dialog(page).getByRole("link", { name: "These orders in the order list" }).click();
    await page.getByRole("link", { name: `All ${byProduct[0].orders.toLocaleString("en")}` }).waitFor();
    await page.goto(path);
    await page.getByRole("region", { name: "By refund reason" }).getByRole("link").first().click();
    await dialog(page).locator("tbody tr").first().waitFor();
    assert.equal(await dialog(page).locator("tbody tr").count(), Math.min(byRefundReason[0].requests, 25));
    await page.keyboard.press("Escape");
    await page.getByRole("region", { name: "By clerk" }).getByRole("link").first().click();
    await dialog(page).getByRole("heading", { name: /What .* did/ }).waitFor();
  },

  "an agent sees those below, and no repeat buyers among masked ones": async ({ visit }) => {
    const page = await visit({ merchant: "huaxia", path, language: "en" });
    await page.getByLabel("Orders", { exact: true }).selectOption("SUBTREE");
    await page.waitForURL(/scope=SUBTREE/);
    const { placedOrders } = await figuresOf({ role: "owner", merchant: "huaxia" }, "scope: SUBTREE", "placedOrders");
    await figures(page).getByText(placedOrders.toLocaleString("en"), { exact: true }).waitFor();
    await figures(page).getByRole("listitem").filter({ hasText: "Repeat buyers" }).getByText("nothing to compare with").waitFor();
    await page.getByLabel("Merchant", { exact: true }).selectOption("qingmu");
    await page.waitForURL(/merchant=qingmu/);
    const own = await figuresOf({ role: "owner", merchant: "huaxia" }, 'merchant: "qingmu"', "placedOrders");
    await page.getByLabel("Orders", { exact: true }).selectOption("OWN");
    await figures(page).getByText(own.placedOrders.toLocaleString("en"), { exact: true }).first().waitFor();
  },

  "an analyst sees figures, and no way to orders": async ({ visit }) => {
    const page = await visit({ role: "analyst", path: `${path}&look=PAID_AMOUNT`, language: "en" });
    await dialog(page).locator("tbody tr").first().waitFor();
    assert.equal(await dialog(page).getByRole("link").count(), 0);
    await page.keyboard.press("Escape");
    const products = page.getByRole("region", { name: "By product", exact: true });
    await products.locator("tbody tr").first().waitFor();
    assert.equal(await products.getByRole("link").count(), 0);
  },

  "who did what is asked when it is wanted, not every minute": async ({ visit }) => {
    const page = await visit({ path: "/settings", language: "en" });
    await page.clock.install();
    const asked = { stages: 0, byActor: 0 };
    page.on("request", (request) => {
      for (const part of Object.keys(asked)) if (request.postData()?.includes(part)) asked[part] += 1;
    });
    await page.goto("/dashboard");
    await page.locator("#actors").waitFor();
    assert.deepEqual(asked, { stages: 1, byActor: 1 });
    await page.clock.fastForward(61_000);
    await eventually(async () => assert.equal(asked.stages, 2));
    assert.equal(asked.byActor, 1);
    await page.getByRole("button", { name: "Refresh" }).click();
    await eventually(async () => assert.deepEqual(asked, { stages: 3, byActor: 2 }));
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    const ready = async (page) => {
      await page.getByRole("grid").waitFor();
      await page.locator("#forecast").waitFor();
      await page.locator("#actors").waitFor();
    };
    await inEveryLook(visit, { path }, ready);
    await inEveryLook(visit, { path: `${path}&look=PLACED_ORDERS` }, (page) => dialog(page).locator("tbody tr").first().waitFor());
  },
};
