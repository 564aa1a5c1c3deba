// Alerts: what is raised now, and what is raised and cleared while one looks.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");
const log = (page, name) => page.getByRole("log", { name });
const raised = (page, name) => page.getByRole("table", { name });
/** Figures are looked at once a minute. */
const A_LOOK = { timeout: 75_000 };

/** A merchant of the past that was warned of low stock, and of which SKU. */
async function warned() {
  const { merchants } = await ask(await token({ role: "platform" }), "{ merchants(first: 100) { nodes { id alerts { kind sku } } } }");
  for (const { id, alerts } of merchants.nodes) {
    const low = alerts.find(({ kind }) => kind === "LOW_STOCK");
    if (low) return { merchant: id, sku: low.sku };
  }
  throw new Error("nobody was warned of low stock in the past of this shop");
}

export default {
  "low stock is warned of, and taken back, while the page is open": async ({ visit, report }) => {
    const { merchant, sku } = await warned();
    const secret = await token({ role: "clerk", merchant });
    const alerts = await visit({ role: "owner", merchant, language: "en", path: "/alerts" });
    await raised(alerts, "Raised now").getByRole("link", { name: sku, exact: true }).waitFor();
    await command(secret, "receiveStock", { merchant, sku: "pen", quantity: 10 });

    const page = await visit({ role: "clerk", merchant, language: "en", path: "/stock?find=pen" });
    const act = async (name, label, value) => {
      await page.getByRole("button", { name: `${name} pen`, exact: true }).click();
      await dialog(page).getByLabel(label).fill(value);
      await dialog(page).getByRole("button", { name, exact: true }).click();
      await dialog(page).waitFor({ state: "detached" });
    };
    await act("Low mark", "Low mark", "4");
    await act("Count", "Counted", "3");
    const { stock } = await ask(secret, "query ($m: String) { stock(merchant: $m) { nodes { sku free lowAt } } }", { m: merchant });
    const { free, lowAt } = stock.nodes.find((one) => one.sku === sku);
    await command(secret, "receiveStock", { merchant, sku, quantity: lowAt - free + 1 });

    const began = performance.now();
    const entry = (text) => log(alerts, "Raised and cleared").getByRole("listitem").filter({ hasText: text });
    await entry("pen: 3 are free; its mark is 4.").filter({ hasText: "Raised" }).waitFor(A_LOOK);
    report(`told ${Math.round((performance.now() - began) / 1_000)} s later, without reloading`);
    await entry(`${sku}: ${(lowAt + 1).toLocaleString("en")} are free again.`).first().filter({ hasText: "Cleared" }).waitFor();
    await raised(alerts, "Raised now").getByRole("link", { name: "pen", exact: true }).waitFor();
    await raised(alerts, "Raised now").getByRole("link", { name: sku, exact: true }).waitFor({ state: "detached" });
    await entry("pen: 3 are free").getByRole("link", { name: /Stock and cards/ }).click();
    await alerts.getByRole("row").filter({ hasText: "pen" }).getByText("Low", { exact: true }).waitFor();
    // Who may not look into the log is told of what comes from now on, and of what is raised.
    const clerk = await visit({ role: "clerk", merchant, language: "zh-CN", path: "/alerts" });
    await raised(clerk, "当前预警").getByRole("link", { name: "pen", exact: true }).waitFor();
    await clerk.getByText("打开本页后还没有新的预警。").waitFor();
  },

  "what was not measured before one's eyes is told as far as it is known": async ({ visit }) => {
    const merchant = "aged";
    await cardShop({ id: merchant, policy: { autoDeliver: false, warnQueueAgeSeconds: 1 } });
    const { id } = await order({ merchant, number: "Q-1" });
    const clerk = { role: "clerk", merchant };
    await command(await token(clerk), "placeHold", { order: { id }, hold: "RISK", reason: { code: "FRAUD" } });
    await eventually(async () => {
      const { merchants } = await ask(await token(clerk), "{ merchants(first: 1) { nodes { alerts { kind } } } }");
      assert.deepEqual(merchants.nodes[0].alerts, [{ kind: "QUEUE_AGE" }]);
    }, A_LOOK.timeout);
    const page = await visit({ ...clerk, language: "en", path: "/alerts" });
    const row = raised(page, "Raised now").locator("tbody").getByRole("row");
    await row.getByText("The oldest exception has waited 1 sec or longer.").waitFor();
    await row.getByText("earlier than what is listed below").waitFor();
    // Its owner may look into the log, where it is told.
    const owner = await visit({ role: "owner", merchant, language: "en", path: "/alerts" });
    await raised(owner, "Raised now").getByText(/^The oldest exception waited \d+ sec; warned from 1 sec on\.$/).waitFor();
    assert.equal(await owner.getByText("earlier than what is listed below").count(), 0);
  },

  "a shop without alerts says so, and leads to its thresholds": async ({ visit }) => {
    const merchant = "calm";
    await cardShop({ id: merchant });
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/alerts" });
    await page.getByText("没有预警：各项指标都在阈值内，库存充足。").waitFor();
    await page.getByText("还没有预警记录。").waitFor();
    await page.getByRole("link", { name: "阈值设置" }).click();
    await page.getByRole("heading", { level: 1, name: "设置" }).waitFor();
  },

  "the platform is told whose they are": async ({ visit }) => {
    const { merchant } = await warned();
    const { merchants } = await ask(await token({ role: "platform" }), "{ merchants(first: 100) { nodes { id name alerts { kind } } } }");
    const page = await visit({ role: "platform", language: "en", path: "/alerts" });
    const table = raised(page, "Raised now");
    const rows = merchants.nodes.reduce((sum, { alerts }) => sum + new Set(alerts.map(({ kind }) => kind)).size, 0);
    await table.waitFor();
    assert.equal(await table.locator("tbody").getByRole("row").count(), rows);
    const { name } = merchants.nodes.find(({ id }) => id === merchant);
    await table.getByRole("row").filter({ hasText: name }).filter({ hasText: "Stock is low" }).getByRole("link", { name: "Stock and cards" }).click();
    await page.waitForURL((url) => url.pathname === "/stock" && url.searchParams.get("low") === "1" && url.searchParams.get("merchant") === merchant);
    await page.getByRole("rowheader").first().waitFor();
    for (const head of await page.getByRole("rowheader").allInnerTexts()) assert.ok(head.includes("Low") && head.includes(name), head);
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    const { merchant } = await warned();
    for (const who of [{ role: "owner", merchant }, { role: "platform" }]) {
      await inEveryLook(visit, { ...who, path: "/alerts" }, (page) => page.getByRole("log").waitFor());
    }
  },
};
