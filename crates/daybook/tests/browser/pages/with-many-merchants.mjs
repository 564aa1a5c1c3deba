// More merchants than a page of the API has, than figures are told of, and than a filter lists. It is the last file: other tests
// look at shops with few of them.

import assert from "node:assert/strict";

import { eventually } from "../checks.mjs";
import { command, each, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const AGENT = "zz-agent";
const COUNT = 1_001;
const SELLERS = 255;
const ids = Array.from({ length: COUNT }, (_, index) => `zz-${String(index).padStart(4, "0")}`);
const platform = () => token({ role: "platform" });
const tree = (page) => page.getByRole("region", { name: "Merchants below" });
const tabs = (page) => page.getByRole("navigation", { name: "Status" });

/** An agent with many below, most of which sell nothing. Made once. */
let made = null;
function agent() {
  made ??= (async () => {
    const secret = await platform();
    await command(secret, "registerMerchant", { id: AGENT, name: "Many" });
    await each(ids, 16, (id) => command(secret, "registerMerchant", { id, name: `Shop ${id}`, parent: AGENT }));
    await each(ids.slice(0, SELLERS), 16, (merchant) => order({ merchant, number: `${merchant}-1`, paid: false }));
    await order({ merchant: AGENT, number: "OWN-1", paid: false });
    await eventually(async () => {
      const owner = await token({ role: "owner", merchant: AGENT });
      assert.equal((await ask(owner, "{ ordersCount(scope: SUBTREE) }")).ordersCount, SELLERS + 1);
    });
  })();
  return made;
}

export default {
  "sub-orders are listed, and what they cannot tell is said": async ({ visit }) => {
    await agent();
    const page = await visit({ role: "owner", merchant: AGENT, language: "en", path: "/sub-orders" });
    await tabs(page).getByRole("link", { name: `All ${SELLERS + 1}` }).waitFor();
    await page.getByText("the list cannot leave your own orders out").waitFor();
    await page.getByText("Figures are shown of the 250 merchants with the most orders").waitFor();
    assert.equal(await tree(page).getByRole("link", { name: /^Shop/ }).count(), COUNT);
    const rows = await tree(page).locator("tbody tr").evaluateAll((all) => all.map((row) => row.children[4].textContent));
    assert.equal(rows[0], "–", "a sum of some is no sum");
    assert.ok(rows.includes("1") && rows.includes("–") && !rows.includes("0"), [...new Set(rows)].join(" "));
    await tree(page).getByRole("link", { name: `Shop ${ids[3]}`, exact: true }).click();
    await tabs(page).getByRole("link", { name: "All 1", exact: true }).waitFor();
    await page.getByRole("link", { name: `${ids[3]}-1` }).waitFor();
    assert.equal(await page.getByText("the list cannot leave your own orders out").count(), 0);
  },

  "settings show them as one tree": async ({ visit }) => {
    await agent();
    const page = await visit({ role: "owner", merchant: AGENT, language: "en", path: "/settings?part=merchants" });
    await page.getByText(`Shop ${ids.at(-1)}`).waitFor();
    assert.equal(await page.locator(".tree .depth-1").count(), COUNT);
  },

  "the platform is warned of the last merchant too": async ({ visit }) => {
    await agent();
    const merchant = ids.at(-1);
    const secret = await token({ role: "owner", merchant });
    await command(secret, "receiveStock", { merchant, sku: "last-pen", quantity: 5 });
    await command(secret, "setStockMark", { merchant, sku: "last-pen", lowAt: 9 });
    await eventually(async () => {
      const { merchant: found } = await ask(secret, "query ($id: ID!) { merchant(id: $id) { alerts { sku } } }", { id: merchant });
      assert.deepEqual(found.alerts, [{ sku: "last-pen" }]);
    }, 75_000);
    const page = await visit({ role: "platform", language: "en", path: "/alerts" });
    const row = page.getByRole("table", { name: "Raised now" }).getByRole("row").filter({ hasText: `Shop ${merchant}` });
    await row.getByRole("link", { name: "last-pen", exact: true }).waitFor();
  },
};
