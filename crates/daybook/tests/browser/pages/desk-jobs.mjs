// What clerks do on the order desk all day.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";

import { eventually } from "../checks.mjs";
import { cardShop, each, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const OWNER = { role: "owner", merchant: "xinghe" };
const numbers = async (page) => (await page.getByRole("rowheader").allInnerTexts()).map((text) => text.split("\n")[0]);
const dialog = (page) => page.getByRole("dialog");

async function some(secret, where, first = 3) {
  const query = "query ($where: OrderWhere, $first: Int) { orders(where: $where, first: $first) { nodes { id number buyer { account } lines { sku } } } }";
  return (await ask(secret, query, { where, first })).orders.nodes;
}

export default {
  "an order is found by its number, or several by a pasted list": async ({ visit }) => {
    const secret = await token(OWNER);
    const [one, two, three] = await some(secret, { label: { eq: "COMPLETED" } });
    const page = await visit({ ...OWNER, language: "zh-CN" });
    await page.getByLabel("订单号", { exact: true }).fill(one.number);
    await page.getByRole("button", { name: "查询" }).click();
    await eventually(async () => assert.deepEqual(await numbers(page), [one.number]));
    await page.getByLabel("订单号", { exact: true }).fill(`${two.number}\n${three.number}，${one.number}`);
    await page.getByRole("button", { name: "查询" }).click();
    await eventually(async () => assert.deepEqual((await numbers(page)).sort(), [one.number, two.number, three.number].sort()));
    await page.reload();
    await eventually(async () => assert.equal((await numbers(page)).length, 3));
    await page.getByRole("link", { name: one.number }).click();
    await page.getByRole("heading", { level: 1, name: one.number }).waitFor();
  },

  "filters narrow the list, stand in the address, and can be kept": async ({ visit }) => {
    const secret = await token(OWNER);
    const [{ buyer, lines: [{ sku }] }] = await some(secret, { label: { eq: "COMPLETED" } });
    const page = await visit({ ...OWNER, language: "en" });
    await page.getByRole("button", { name: "More filters" }).click();
    await page.getByLabel("Buyer's account").fill(buyer.account);
    await page.getByRole("button", { name: "Search" }).click();
    const wanted = (await some(secret, { buyer: { eq: buyer.account } }, 50)).map(({ number }) => number);
    await eventually(async () => assert.deepEqual(await numbers(page), wanted));
    await page.getByRole("button", { name: "Save filter" }).click();
    await page.getByLabel("Name of the filter").fill("My regular");
    await page.getByLabel("Name of the filter").press("Enter");
    await page.getByRole("button", { name: "Clear" }).click();
    await eventually(async () => assert.notDeepEqual(await numbers(page), wanted));
    await page.getByLabel("Product (SKU)").fill(sku);
    await page.getByRole("button", { name: "Search" }).click();
    const sold = (await some(secret, { product: { oneOf: [sku] } }, 50)).map(({ number }) => number);
    await eventually(async () => assert.deepEqual(await numbers(page), sold));
    await page.reload();
    await page.getByLabel("Saved filters").selectOption("My regular");
    await eventually(async () => assert.deepEqual(await numbers(page), wanted));
    assert.equal(new URL(page.url()).searchParams.get("buyer"), buyer.account);
  },

  "500 orders are delivered at once": async ({ visit, report }) => {
    const merchant = "hundreds";
    await cardShop({ id: merchant, cards: 500 });
    const made = Array.from({ length: 500 }, (_, index) => `H-${String(index).padStart(4, "0")}`);
    await each(made, 16, (number) => order({ merchant, number, account: `buyer-${number}` }));
    const who = { role: "clerk", merchant };
    const page = await visit({ ...who, language: "zh-CN", path: "/?label=TO_SHIP" });
    await page.getByRole("checkbox", { name: "选择本页全部" }).check();
    await page.getByRole("button", { name: "选择全部符合条件的 500 单" }).click();
    await page.getByRole("button", { name: "发卡密" }).click();
    await dialog(page).getByRole("button", { name: "先预检" }).click();
    await dialog(page).getByText("共 500 单，其中 0 单将被拒绝。").waitFor();
    const began = performance.now();
    await dialog(page).getByRole("button", { name: "开始执行" }).click();
    await dialog(page).getByText("完成 500 单，拒绝 0 单").waitFor();
    report(`500 orders delivered and told after ${Math.round(performance.now() - began)} ms`);
    await dialog(page).getByRole("button", { name: "关闭" }).first().click();
    await page.getByRole("link", { name: /^待发货 0/ }).waitFor();
    const { ordersCount } = await ask(await token(who), "{ ordersCount(where: {fulfilment: {eq: DELIVERED}}) }");
    assert.equal(ordersCount, 500);
  },

  "prices of several orders are edited, and each refusal is told": async ({ visit }) => {
    const merchant = "prices";
    await cardShop({ id: merchant, cards: 3 });
    await order({ merchant, number: "P-1", paid: false });
    await order({ merchant, number: "P-2", paid: false });
    await order({ merchant, number: "P-3" });
    const page = await visit({ role: "owner", merchant, language: "en" });
    await page.getByRole("checkbox", { name: "Choose all of this page" }).check();
    await page.getByRole("button", { name: "Edit price" }).click();
    await dialog(page).getByLabel("Product (SKU)").fill("card");
    await dialog(page).getByLabel("New unit price (CNY)").fill("8.50");
    await dialog(page).getByLabel("Reason").selectOption("NEGOTIATED");
    await dialog(page).getByRole("button", { name: "Check first" }).click();
    await dialog(page).getByText("3 orders; 1 would be refused.").waitFor();
    await dialog(page).getByRole("button", { name: "Start" }).click();
    await dialog(page).getByText("2 done, 1 refused").waitFor();
    await dialog(page).getByRole("link", { name: "P-3" }).waitFor();
    const { orders } = await ask(await token({ role: "owner", merchant }), "{ orders(sortBy: {field: PLACED_AT, direction: ASC}) { nodes { number total { amount } } } }");
    assert.deepEqual(orders.nodes.map(({ number, total }) => `${number} ${total.amount}`), ["P-1 8.50", "P-2 8.50", "P-3 10.00"]);
  },

  "the orders of a filter are exported as a file": async ({ visit }) => {
    const secret = await token(OWNER);
    const page = await visit({ ...OWNER, language: "zh-CN", path: "/?label=REFUNDED" });
    await page.getByRole("button", { name: "导出" }).click();
    await dialog(page).getByLabel("格式").selectOption("CSV");
    await dialog(page).getByRole("button", { name: "导出" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), dialog(page).getByRole("link", { name: "下载" }).click()]);
    const lines = (await readFile(await download.path(), "utf8")).trim().split("\r\n");
    const { ordersCount } = await ask(secret, "{ ordersCount(where: {label: {eq: REFUNDED}}) }");
    assert.equal(new Set(lines.slice(1).map((line) => line.split(",")[0])).size, ordersCount);
  },

  "a new order comes without reloading": async ({ visit }) => {
    const merchant = "live";
    await cardShop({ id: merchant, cards: 2 });
    const page = await visit({ role: "clerk", merchant, language: "en" });
    await page.getByText("No orders here.").waitFor();
    await order({ merchant, number: "L-1", paid: false });
    await eventually(async () => assert.deepEqual(await numbers(page), ["L-1"]));
    // Whoever has chosen something is at work: the list stays, and says that there is more.
    await page.getByRole("checkbox", { name: "Choose order L-1" }).check();
    await order({ merchant, number: "L-2", paid: false });
    const more = page.getByRole("button", { name: /changes? since: show/ });
    await more.waitFor();
    assert.deepEqual(await numbers(page), ["L-1"]);
    await more.click();
    await eventually(async () => assert.deepEqual(await numbers(page), ["L-2", "L-1"]));
  },

  "a slow connection is waited for, however much happens": async ({ visit }) => {
    const merchant = "slow";
    await cardShop({ id: merchant, cards: 50 });
    await order({ merchant, number: "S-0", paid: false });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/jobs" });
    await page.route("**/graphql", async (route) => {
      await new Promise((resolve) => setTimeout(resolve, 3_000));
      await route.continue();
    });
    await page.getByRole("link", { name: "Orders", exact: true }).click();
    let made = 0;
    const going = setInterval(() => order({ merchant, number: `S-${(made += 1)}`, paid: false }).catch(() => {}), 700);
    try {
      await page.getByRole("rowheader").first().waitFor();
      await eventually(async () => assert.ok((await numbers(page)).length > 1), 15_000);
    } finally {
      clearInterval(going);
    }
  },

  "keys alone are enough": async ({ visit }) => {
    const page = await visit({ ...OWNER, language: "en", path: "/?label=COMPLETED" });
    await page.getByRole("rowheader").first().getByRole("link").focus();
    await page.keyboard.press("j");
    await page.keyboard.press("x");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("x");
    await page.getByText("2 chosen").waitFor();
    const third = (await numbers(page))[2];
    await page.keyboard.press("Enter");
    await page.getByRole("heading", { level: 1, name: third }).waitFor();
  },
};
