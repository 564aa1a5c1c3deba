// Settings: policies, the shop, tokens, merchants below.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");

export default {
  "a policy is changed, and holds": async ({ visit }) => {
    const merchant = "strict";
    await cardShop({ id: merchant });
    const who = { role: "owner", merchant };
    const page = await visit({ ...who, language: "en", path: "/settings" });
    await page.getByRole("button", { name: "Change policies" }).click();
    await dialog(page).getByLabel("Pay within (minutes)").fill("45");
    await dialog(page).getByLabel("Warn of a refund rate above (%)").fill("3.5");
    await dialog(page).getByRole("checkbox", { name: "Deliver cards by themselves" }).check();
    await dialog(page).getByLabel("Remind after (minutes)").fill("99999999");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await dialog(page).getByRole("status").filter({ hasText: /\S/ }).waitFor();
    await dialog(page).getByLabel("Remind after (minutes)").fill("10");
    await dialog(page).getByRole("button", { name: "Save" }).click();
    await page.getByText("45 min").waitFor();
    const { merchant: found } = await ask(await token(who), "query ($id: ID!) { merchant(id: $id) { policy { payWithinSeconds warnRefundRate autoDeliver shipVirtualWithinSeconds } } }", { id: merchant });
    assert.deepEqual(found.policy, { payWithinSeconds: 2700, warnRefundRate: "0.035000", autoDeliver: true, shipVirtualWithinSeconds: 7200 });
  },

  "a token is issued, lets in, and is revoked": async ({ visit }) => {
    const merchant = "people";
    await cardShop({ id: merchant });
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/settings?part=tokens" });
    await page.getByRole("button", { name: "签发令牌" }).click();
    await dialog(page).getByLabel("角色").selectOption("SUPPORT");
    await dialog(page).getByLabel("名称").fill("小王");
    await dialog(page).getByRole("button", { name: "签发令牌" }).click();
    const secret = await dialog(page).locator("code").innerText();
    assert.equal((await ask(secret, "{ viewer { role } }")).viewer.role, "SUPPORT");
    await dialog(page).getByRole("button", { name: "关闭" }).click();
    await page.getByRole("button", { name: "吊销 小王" }).click();
    await dialog(page).getByRole("button", { name: "吊销" }).click();
    await page.getByText("已吊销", { exact: true }).waitFor();
    await assert.rejects(ask(secret, "{ viewer { role } }"));
    const html = await page.content();
    assert.ok(!html.includes(secret), "the secret is still in the page");
  },

  "the shop's time zone is chosen": async ({ visit }) => {
    const merchant = "elsewhere";
    await cardShop({ id: merchant });
    const who = { role: "owner", merchant };
    const page = await visit({ ...who, language: "en", path: "/settings?part=profile" });
    await page.getByLabel("Time zone").selectOption("America/New_York");
    await page.getByRole("button", { name: "Save" }).click();
    await page.getByText("Saved.").waitFor();
    await eventually(async () => assert.equal((await ask(await token(who), "{ viewer { timeZone } }")).viewer.timeZone, "America/New_York"));
  },

  "who stands below one below stands there for an agent too": async ({ visit }) => {
    const page = await visit({ role: "owner", merchant: "huaxia", language: "en", path: "/settings?part=merchants" });
    const depth = async (id) => (await page.getByRole("listitem").filter({ has: page.getByText(id, { exact: true }) }).getAttribute("class")).match(/depth-(\d)/)[1];
    assert.deepEqual([await depth("huaxia"), await depth("xinghe"), await depth("xinghe-2")], ["0", "1", "2"]);
  },

  "each part is accessible and fits, however it looks": async ({ visit }) => {
    for (const part of ["policies", "profile", "tokens", "merchants"]) {
      await inEveryLook(visit, { role: "owner", merchant: "xinghe", path: `/settings?part=${part}` }, (page) => page.locator("main .sheet, main table").first().waitFor());
    }
  },
};
