// Stock and card secrets: received, counted, marked, imported.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");
const row = (page, sku) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name: sku }) });

async function stock(merchant, sku) {
  const query = "query ($merchant: String) { stock(merchant: $merchant) { nodes { sku received free reserved deducted cards low lowAt } } }";
  return (await ask(await token({ role: "owner", merchant }), query, { merchant })).stock.nodes.find((one) => one.sku === sku);
}

/** Cells of a row by the names of their columns. */
async function figures(page, sku) {
  const cells = await row(page, sku).getByRole("cell").evaluateAll((all) => all.map((one) => [one.dataset.name, one.textContent.trim()]));
  return Object.fromEntries(cells.filter(([name]) => name));
}

/** Where a page could keep a secret: what is shown and typed, the address, the history, what is stored, and what was said of it all. */
function everythingOf(page) {
  return page.evaluate(async () => JSON.stringify([
    document.documentElement.outerHTML, [...document.querySelectorAll("input, textarea")].map(({ value }) => value), location.href, history.state,
    { ...localStorage }, { ...sessionStorage }, document.cookie, "caches" in globalThis ? await caches.keys() : [],
    (await indexedDB.databases()).map(({ name }) => name), performance.getEntriesByType("resource").map(({ name }) => name),
  ]));
}

export default {
  "stock is received, counted and marked": async ({ visit }) => {
    const merchant = "shelves";
    await cardShop({ id: merchant });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock" });
    await page.getByText(/^Nothing is counted yet/).waitFor();
    await page.getByRole("button", { name: "Receive stock" }).click();
    await dialog(page).getByLabel("SKU", { exact: true }).fill("mouse");
    await dialog(page).getByLabel("Quantity").fill("12");
    await dialog(page).getByLabel("Reference, if wanted").fill("delivery note 7");
    await dialog(page).getByRole("button", { name: "Receive" }).click();
    await page.getByText("mouse: received; 12 are free.").waitFor();
    await order({ merchant, number: "S-1", sku: "mouse", kind: "PHYSICAL", quantity: 2, paid: false, contact: { name: "李雷" } });
    await order({ merchant, number: "S-2", sku: "mouse", kind: "PHYSICAL", contact: { name: "李雷" } });
    await page.reload();
    await eventually(async () => assert.deepEqual(await figures(page, "mouse"), { Received: "12", Free: "9", Reserved: "2", Taken: "1", "Cards left": "0", "Low mark": "0" }));

    await row(page, "mouse").getByRole("button", { name: "Count mouse" }).click();
    // What the books say is told; what was counted is typed.
    assert.equal(await dialog(page).getByLabel("Counted").inputValue(), "");
    await dialog(page).getByText("In the books: 11").waitFor();
    // Nobody knows of cards of it.
    assert.equal(await page.getByRole("button", { name: "Import cards mouse" }).count(), 0);
    await dialog(page).getByLabel("Counted").fill("7");
    await dialog(page).getByRole("button", { name: "Count" }).click();
    await page.getByText("mouse: counted; 5 are free.").waitFor();
    assert.equal(await page.getByRole("checkbox", { name: "Only what is low (0)" }).count(), 1);
    await row(page, "mouse").getByRole("button", { name: "Low mark mouse" }).click();
    await dialog(page).getByLabel("Low mark").fill("5");
    await dialog(page).getByRole("button", { name: "Low mark" }).click();
    await page.getByText("mouse: the mark is set.").waitFor();
    await row(page, "mouse").getByText("Low", { exact: true }).waitFor();
    const now = await stock(merchant, "mouse");
    assert.deepEqual([now.free, now.reserved, now.low, now.lowAt], [5, 2, true, 5]);
    await page.getByRole("checkbox", { name: "Only what is low (1)" }).waitFor();
    await row(page, "mouse").getByRole("button", { name: "Receive mouse" }).click();
    await dialog(page).getByLabel("Quantity").fill("10");
    await dialog(page).getByRole("button", { name: "Receive" }).click();
    await page.getByRole("checkbox", { name: "Only what is low (0)" }).waitFor();
    assert.equal((await figures(page, "mouse")).Free, "15");
  },

  "what cannot be is refused, and nothing is lost": async ({ visit }) => {
    const merchant = "full-shelves";
    await cardShop({ id: merchant });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock" });
    await page.getByRole("button", { name: "Receive stock" }).click();
    await dialog(page).getByLabel("SKU", { exact: true }).fill("x".repeat(300));
    await dialog(page).getByLabel("Quantity").fill("3");
    await dialog(page).getByRole("button", { name: "Receive" }).click();
    await dialog(page).getByRole("status").getByText(/sku/i).waitFor();
    assert.equal(await dialog(page).getByLabel("Quantity").inputValue(), "3");
    assert.equal(await stock(merchant, "x".repeat(300)), undefined);
  },

  "it is found by a part of its name, or because it is low": async ({ visit }) => {
    const merchant = "finders";
    await cardShop({ id: merchant });
    const secret = await token({ role: "clerk", merchant });
    for (const [sku, quantity] of [["steam-50", 9], ["steam-100", 2], ["psn-50", 9]]) await command(secret, "receiveStock", { merchant, sku, quantity });
    await command(secret, "setStockMark", { merchant, sku: "steam-100", lowAt: 2 });
    const page = await visit({ role: "support", merchant, language: "zh-CN", path: "/stock" });
    const skus = async () => (await page.getByRole("rowheader").locator("strong").allInnerTexts()).sort();
    await eventually(async () => assert.deepEqual(await skus(), ["psn-50", "steam-100", "steam-50"]));
    assert.equal(await page.getByRole("button", { name: /入库|盘点|导入/ }).count(), 0);
    await page.getByRole("searchbox", { name: "搜索 SKU" }).fill("STEAM");
    await eventually(async () => assert.deepEqual(await skus(), ["steam-100", "steam-50"]));
    await page.getByRole("checkbox", { name: "只看库存偏低（1）" }).check();
    await eventually(async () => assert.deepEqual(await skus(), ["steam-100"]));
    await page.reload();
    await eventually(async () => assert.deepEqual(await skus(), ["steam-100"]));
    await page.getByRole("searchbox", { name: "搜索 SKU" }).fill("psn");
    await page.getByText("没有符合条件的 SKU。").waitFor();
  },

  "pasted cards are imported, and no secret is left in the page": async ({ visit }) => {
    const merchant = "pasted";
    await cardShop({ id: merchant });
    const page = await visit({ role: "clerk", merchant, language: "zh-CN", path: "/stock" });
    await page.getByRole("button", { name: "导入卡密", exact: true }).click();
    await dialog(page).getByLabel("SKU", { exact: true }).fill("steam-50");
    await dialog(page).getByRole("button", { name: "核对" }).click();
    await dialog(page).getByText("请选择文件，或至少粘贴一张卡密。").waitFor();
    const secrets = ["PASTED-AAAA-1111", "PASTED-BBBB-2222", "PASTED-CCCC-3333"];
    await dialog(page).getByLabel("或在此粘贴").fill(`卡密\n${secrets[0]}\n\n  ${secrets[1]}  \n${secrets[2]}\n`);
    await dialog(page).getByRole("button", { name: "核对" }).click();
    await dialog(page).getByText("共 3 张卡密").waitFor();
    await dialog(page).getByText("第 1 行是表头，已忽略。").waitFor();
    await dialog(page).getByText("PA••••11").waitFor();
    assert.ok(await dialog(page).getByRole("button", { name: "导入 3 张" }).isDisabled());
    await dialog(page).getByRole("checkbox", { name: /确认新建 SKU“steam-50”/ }).check();
    await dialog(page).getByRole("button", { name: "导入 3 张" }).click();
    await dialog(page).getByText("已导入 3 张。").waitFor();
    const open = await everythingOf(page);
    await dialog(page).getByRole("button", { name: "关闭" }).click();
    await eventually(async () => assert.equal((await figures(page, "steam-50"))["剩余卡密"], "3"));
    const closed = await everythingOf(page);
    for (const secret of secrets) assert.ok(!open.includes(secret) && !closed.includes(secret), `${secret} is still in the page`);
    assert.equal((await stock(merchant, "steam-50")).cards, 3);
    // They are the cards: the next order gets the oldest one.
    const { id } = await order({ merchant, number: "C-1", sku: "steam-50" });
    const who = await token({ role: "clerk", merchant });
    await command(who, "deliverCards", { order: { id } });
    const { cards } = await command(who, "revealCards", { order: { id } }, "cards { secret }");
    assert.deepEqual(cards, [{ secret: secrets[0] }]);
  },

  "of a file with duplicates each is told by its line": async ({ visit }) => {
    const merchant = "filed";
    await cardShop({ id: merchant, sku: "steam-50", cards: 2 });
    const page = await visit({ role: "owner", merchant, language: "en", path: "/stock" });
    await row(page, "steam-50").getByRole("button", { name: "Import cards steam-50" }).click();
    const lines = ["FILED-AAAA-1111", "filed-steam-50-000001", "FILED-BBBB-2222", "FILED-AAAA-1111", "", "FILED-BBBB-2222", "filed-steam-50-000000", "FILED-CCCC-3333", `FILED-${"x".repeat(1024)}`];
    const file = { name: "cards.txt", mimeType: "text/plain", buffer: Buffer.from(`\uFEFF${lines.join("\r\n")}\r\n`) };
    const choose = async () => {
      await dialog(page).getByLabel("File").setInputFiles(file);
      await dialog(page).getByRole("button", { name: "Look them over" }).click();
      await dialog(page).getByText("7 cards", { exact: true }).waitFor();
      await dialog(page).getByText("Longer than 1,024 bytes, and left out: lines 9.").waitFor();
      await dialog(page).getByRole("button", { name: "Import 7" }).click();
    };
    await choose();
    await dialog(page).getByText("3 imported.").waitFor();
    await dialog(page).getByText("4 were imported before, or stand there twice. They were left out.").waitFor();
    await dialog(page).getByText("Lines 2, 4, 6–7").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    assert.equal((await stock(merchant, "steam-50")).cards, 5);
    // The whole file once more: nothing comes in twice.
    await row(page, "steam-50").getByRole("button", { name: "Import cards steam-50" }).click();
    await choose();
    await dialog(page).getByText("0 imported.").waitFor();
    await dialog(page).getByText("Lines 1–4, 6–8").waitFor();
    assert.equal((await stock(merchant, "steam-50")).cards, 5);
    const all = await everythingOf(page);
    for (const secret of lines.filter(Boolean)) assert.ok(!all.includes(secret), `${secret} is still in the page`);
  },

  "a file of a Chinese Windows is read as it is, and a SKU that is nearly another one is asked about": async ({ visit }) => {
    const merchant = "windows";
    await cardShop({ id: merchant, sku: "steam-50", cards: 1 });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock" });
    await row(page, "steam-50").waitFor();
    await page.getByRole("button", { name: "Import cards", exact: true }).click();
    await eventually(async () => assert.deepEqual(await dialog(page).locator("datalist option").evaluateAll((all) => all.map(({ value }) => value)), ["steam-50"]));
    await dialog(page).getByLabel("SKU", { exact: true }).fill("Steam-50");
    // 卡号一二三四五六 and 密码: in GBK.
    const gbk = Buffer.from("bfa8bac5d2bbb6fec8fdcbc4cee5c1f92dc3dcc2eb0d0a41424344454647483132333435360d0a", "hex");
    const file = (buffer) => ({ name: "cards.txt", mimeType: "text/plain", buffer });
    await dialog(page).getByLabel("File").setInputFiles(file(Buffer.from([0x41, 0xff, 0x0a])));
    await dialog(page).getByRole("button", { name: "Look them over" }).click();
    await dialog(page).getByRole("alert").getByText("The file is no text").waitFor();
    await dialog(page).getByLabel("File").setInputFiles(file(gbk));
    await dialog(page).getByRole("button", { name: "Look them over" }).click();
    await dialog(page).getByText("Read as GB18030.").waitFor();
    await dialog(page).getByText("There is a SKU “steam-50”").waitFor();
    assert.ok(await dialog(page).getByRole("button", { name: "Import 2" }).isDisabled());
    await dialog(page).getByRole("button", { name: "Choose others" }).click();
    await dialog(page).getByLabel("SKU", { exact: true }).fill("steam-50");
    await dialog(page).getByLabel("File").setInputFiles(file(gbk));
    await dialog(page).getByRole("button", { name: "Look them over" }).click();
    assert.equal(await dialog(page).getByRole("checkbox").count(), 0);
    await dialog(page).getByRole("button", { name: "Import 2" }).click();
    await dialog(page).getByText("2 imported.").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    const { id } = await order({ merchant, number: "G-1", sku: "steam-50", quantity: 3 });
    const who = await token({ role: "clerk", merchant });
    await command(who, "deliverCards", { order: { id } });
    const { cards } = await command(who, "revealCards", { order: { id } }, "cards { secret }");
    assert.deepEqual(cards.map(({ secret }) => secret).sort(), ["ABCDEFGH123456", "windows-steam-50-000000", "卡号一二三四五六-密码"]);
  },

  "single pieces that are sold are folded away, and found": async ({ visit }) => {
    const merchant = "pieces";
    await cardShop({ id: merchant });
    const secret = await token({ role: "clerk", merchant });
    for (const [sku, quantity] of [["vase", 1], ["cup", 5]]) await command(secret, "receiveStock", { merchant, sku, quantity });
    await order({ merchant, number: "V-1", sku: "vase", kind: "PHYSICAL", contact: { name: "李雷" } });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock" });
    const skus = () => page.getByRole("rowheader").locator("strong").allInnerTexts();
    await eventually(async () => assert.deepEqual(await skus(), ["cup"]));
    await page.getByRole("button", { name: "Sold-out single pieces (1)" }).click();
    await eventually(async () => assert.deepEqual(await skus(), ["cup", "vase"]));
    await page.reload();
    await eventually(async () => assert.deepEqual(await skus(), ["cup", "vase"]));
    await page.getByRole("button", { name: "Sold-out single pieces (1)" }).click();
    await page.getByRole("searchbox", { name: "Find SKU" }).fill("vas");
    await eventually(async () => assert.deepEqual(await skus(), ["vase"]));
  },

  "a broken connection is gone on from, and nothing is imported twice": async ({ visit }) => {
    const merchant = "broken";
    await cardShop({ id: merchant });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock" });
    await page.getByRole("button", { name: "Import cards", exact: true }).click();
    await dialog(page).getByLabel("SKU", { exact: true }).fill("key");
    const lines = Array.from({ length: 6_000 }, (_, index) => `BROKEN-${String(index).padStart(6, "0")}`);
    await dialog(page).getByLabel("File").setInputFiles({ name: "keys.txt", mimeType: "text/plain", buffer: Buffer.from(lines.join("\n")) });
    await dialog(page).getByRole("button", { name: "Look them over" }).click();
    await dialog(page).getByRole("checkbox", { name: /“key” is a new SKU/ }).check();
    // The server does what it was told, and its answer is lost.
    const sent = [];
    await page.route("**/graphql", async (route) => {
      const { query, variables } = route.request().postDataJSON();
      if (!query.includes("importCards")) return route.continue();
      sent.push(variables.input.commandId);
      await route.fetch();
      return route.abort();
    });
    await dialog(page).getByRole("button", { name: "Import 6,000" }).click();
    await dialog(page).getByRole("alert").getByText("0 of 6,000 were sent.").waitFor();
    await page.unroute("**/graphql");
    assert.equal(new Set(sent).size, 1);
    await dialog(page).getByRole("button", { name: "Go on" }).click();
    await dialog(page).getByText("6,000 imported.").waitFor();
    assert.equal((await stock(merchant, "key")).cards, 6_000);
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { merchant: "huaxia", path: "/stock?scope=SUBTREE" }, (page) => page.getByRole("rowheader").first().waitFor());
  },

  "the import is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { merchant: "xinghe", path: "/stock" }, async (page, language) => {
      const [importing, sku, paste, look] = { en: ["Import cards", "SKU", "Or paste them here", "Look them over"], "zh-CN": ["导入卡密", "SKU", "或在此粘贴", "核对"] }[language];
      await page.getByRole("button", { name: importing, exact: true }).click();
      await dialog(page).getByLabel(sku, { exact: true }).fill("steam-50");
      await dialog(page).getByLabel(paste).fill("a,b,c\nd,e,f\n");
      await dialog(page).getByRole("button", { name: look }).click();
      await dialog(page).getByRole("checkbox").first().waitFor();
    });
  },
};
