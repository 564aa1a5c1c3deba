// What was ordered at the merchants below an agent's.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const tree = (page) => page.getByRole("region", { name: "Merchants below" });
const tabs = (page) => page.getByRole("navigation", { name: "Status" });

export default {
  "an agent sees what was ordered below, with its buyers masked": async ({ visit }) => {
    const page = await visit({ merchant: "xinghe", path: "/sub-orders", language: "en" });
    const secret = await token({ role: "owner", merchant: "xinghe" });
    const { ordersCount } = await ask(secret, '{ ordersCount(where: {merchant: {eq: "xinghe-2"}}) }');
    await tabs(page).getByRole("link", { name: `All ${ordersCount.toLocaleString("en")}` }).waitFor();
    const buyers = page.locator(".orders td.buyer");
    await buyers.first().waitFor();
    for (const buyer of await buyers.allInnerTexts()) assert.match(buyer, /\*\*\*|^erased$/);
    assert.equal(await page.locator(".orders input[type=checkbox]").count(), 0);
    assert.ok(!(await tree(page).innerText()).includes("星河点卡\n"), "the agent's own orders are none of those below");
  },

  "a merchant of the tree narrows the list": async ({ visit }) => {
    const page = await visit({ merchant: "huaxia", path: "/sub-orders", language: "en" });
    await tree(page).getByRole("link", { name: "青木生活" }).click();
    await page.waitForURL(/merchant=qingmu/);
    const secret = await token({ role: "owner", merchant: "huaxia" });
    const { ordersCount } = await ask(secret, '{ ordersCount(where: {merchant: {eq: "qingmu"}}) }');
    await tabs(page).getByRole("link", { name: `All ${ordersCount.toLocaleString("en")}` }).waitFor();
    // What was listed before stays until the answer is there.
    const listed = async () => new Set((await page.locator(".orders tbody th .hint").allInnerTexts()).map((text) => text.split(" · ")[1]));
    await eventually(async () => assert.deepEqual(await listed(), new Set(["青木生活"])));
    await page.getByRole("button", { name: "Search" }).click();
    await tabs(page).getByRole("link", { name: /Completed/ }).click();
    await page.waitForURL(/merchant=qingmu/);
    // Who stands below whom is told even where the API names no parent.
    await tree(page).getByText("below 星河点卡").first().waitFor({ state: "attached" });
    await tree(page).getByRole("link", { name: "All below" }).click();
    await page.waitForURL((url) => !url.search.includes("merchant"));
  },

  "orders of a merchant that moved away are still there": async ({ visit }) => {
    await cardShop({ id: "agent-a" });
    await cardShop({ id: "agent-b" });
    await cardShop({ id: "mover", parent: "agent-a" });
    const { number } = await order({ merchant: "mover", number: "MOVE-1" });
    await command(await token({ role: "platform" }), "moveMerchant", { merchant: "mover", parent: "agent-b" });
    const page = await visit({ merchant: "agent-a", path: "/sub-orders", language: "en" });
    await eventually(() => page.reload().then(() => tree(page).getByText("moved elsewhere").waitFor({ timeout: 2_000 })));
    await page.getByRole("link", { name: number }).waitFor();
    const now = await visit({ merchant: "agent-b", path: "/sub-orders", language: "en" });
    await tree(now).getByRole("link", { name: "mover" }).waitFor();
    await now.getByText("No orders here.").waitFor();
  },

  "who has nobody below is told so": async ({ visit }) => {
    const page = await visit({ merchant: "qingmu", path: "/sub-orders", language: "en" });
    await page.getByText("No merchant stands below yours.").waitFor();
  },

  "what is listed is exported": async ({ visit }) => {
    const page = await visit({ merchant: "xinghe", path: "/sub-orders?merchant=xinghe-2", language: "en" });
    await page.getByRole("button", { name: "Export" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Export" }).click();
    const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("link", { name: "Download" }).click()]);
    assert.match(download.suggestedFilename(), /\.xlsx$/);
  },

  "new orders come by themselves": async ({ visit }) => {
    await cardShop({ id: "live-agent" });
    await cardShop({ id: "live-shop", parent: "live-agent" });
    const page = await visit({ merchant: "live-agent", path: "/sub-orders", language: "en" });
    await page.getByText("No orders here.").waitFor();
    let sales = 0;
    page.on("request", (request) => {
      if (request.postData()?.includes("week: dashboard")) sales += 1;
    });
    for (const wanted of ["LIVE-1", "LIVE-2", "LIVE-3"]) {
      const { number } = await order({ merchant: "live-shop", number: wanted });
      await page.getByRole("link", { name: number }).waitFor();
    }
    await tabs(page).getByRole("link", { name: "All 3" }).waitFor();
    assert.ok(sales <= 1, `figures are asked once a minute, not ${sales} times with three orders`);
  },

  "figures are of a currency, which stays": async ({ visit }) => {
    const merchant = "yen-shop";
    await cardShop({ id: "yen-agent" });
    await cardShop({ id: merchant, parent: "yen-agent" });
    const secret = await token({ role: "platform" });
    const total = { amount: "1500", currency: "JPY" };
    const line = { sku: "card", title: "card", quantity: 1, kind: "CARD", unitPrice: total };
    const { order: placed } = await command(secret, "placeOrder", { merchant, number: "YEN-1", buyer: { account: "someone" }, lines: [line] }, "order { id }");
    await command(secret, "recordPayment", { order: { id: placed.id }, provider: "alipay", tradeNumber: "YEN-1", amount: total });
    const page = await visit({ merchant: "yen-agent", path: "/sub-orders", language: "en" });
    await page.getByRole("link", { name: "YEN-1" }).waitFor();
    await page.getByLabel("Currency").selectOption("JPY");
    await tree(page).getByRole("row").filter({ hasText: merchant }).getByText("¥1,500").first().waitFor();
    assert.equal(await tree(page).getByRole("row").filter({ hasText: "All below" }).getByText("¥1,500").count(), 2);
    await tree(page).getByRole("link", { name: merchant }).click();
    await page.waitForURL(/merchant=yen-shop/);
    await page.getByRole("button", { name: "Search" }).click();
    assert.equal(new URL(page.url()).searchParams.get("currency"), "JPY");
    await page.getByRole("link", { name: "Dashboard", exact: true }).last().click();
    await page.waitForURL((url) => url.pathname === "/dashboard" && url.searchParams.get("currency") === "JPY");
    await page.getByRole("list", { name: "Figures" }).getByText("¥1,500").first().waitFor();
    // What is in no list of what is usual can be chosen too.
    await page.getByLabel("Currency").selectOption("KWD");
    await page.getByRole("list", { name: "Figures" }).getByText("KWD 0.000").first().waitFor();
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { merchant: "huaxia", path: "/sub-orders" }, (page) => page.locator(".orders tbody tr").first().waitFor());
  },
};
