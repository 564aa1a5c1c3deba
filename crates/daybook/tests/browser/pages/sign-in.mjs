// Signing in and out, and what is left of it in the browser.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { LANGUAGES } from "../harness.mjs";
import { daybook, newToken, token } from "../shop.mjs";

const TEXTS = {
  en: { token: "Token", signIn: "Sign in", signOut: "Sign out", orders: "Orders", other: "中文" },
  "zh-CN": { token: "令牌", signIn: "登录", signOut: "退出登录", orders: "订单管理", other: "English" },
};
const OWNER = { role: "owner", merchant: "xinghe" };

const field = (page, language) => page.getByLabel(TEXTS[language].token, { exact: true });
const button = (page, name) => page.getByRole("button", { name, exact: true });
const desk = (page, language) => page.getByRole("heading", { level: 1, name: TEXTS[language].orders });

export default {
  "a token opens the desk by keyboard alone, and signing out closes it": async ({ visit }) => {
    for (const language of LANGUAGES) {
      const page = await visit({ role: null, language });
      await field(page, language).waitFor();
      await page.locator(`html[lang="${language}"]`).waitFor({ state: "attached" });
      await field(page, language).focus();
      await page.keyboard.type(await token(OWNER));
      await page.keyboard.press("Enter");
      await desk(page, language).waitFor();
      await button(page, TEXTS[language].signOut).click();
      await field(page, language).waitFor();
      assert.equal(await field(page, language).inputValue(), "", "the token is still in its field");
      await page.reload();
      await field(page, language).waitFor();
      assert.deepEqual(await page.context().cookies(), []);
    }
  },

  "no script gets at the token": async ({ visit }) => {
    const page = await visit({ role: null, language: "en" });
    const secret = await token(OWNER);
    await field(page, "en").fill(secret);
    await button(page, "Sign in").click();
    await desk(page, "en").waitFor();
    const [cookie, ...more] = await page.context().cookies();
    assert.deepEqual(more, []);
    assert.deepEqual([cookie.value, cookie.httpOnly, cookie.sameSite, cookie.path], [secret, true, "Strict", "/"]);
    const within = await page.evaluate(() =>
      [document.cookie, location.href, document.documentElement.outerHTML, JSON.stringify({ ...localStorage, ...sessionStorage })].join(),
    );
    assert.ok(!within.includes(secret), "a script can read the token");
  },

  "a wrong token is refused in words, and the right one is taken after it": async ({ visit }) => {
    for (const language of LANGUAGES) {
      const page = await visit({ role: null, language, refused: ["401 POST /session"] });
      await field(page, language).fill(`dbk_${"0".repeat(64)}`);
      await button(page, TEXTS[language].signIn).click();
      await eventually(async () => assert.match(await page.getByRole("alert").innerText(), /\S+/));
      assert.deepEqual(await page.context().cookies(), []);
      await field(page, language).fill(await token(OWNER));
      await button(page, TEXTS[language].signIn).click();
      await desk(page, language).waitFor();
    }
  },

  "a token that is revoked meanwhile leads back to signing in": async ({ visit }) => {
    const secret = await newToken(["--role", "clerk", "--merchant", "xinghe", "--label", "to be revoked"]);
    const page = await visit({ secret, language: "en", refused: ["401 POST /graphql"] });
    await desk(page, "en").waitFor();
    const all = JSON.parse(`[${(await daybook(["token", "list", "--json"])).trim().split("\n").join(",")}]`);
    await daybook(["token", "revoke", all.find(({ label }) => label === "to be revoked").id]);
    await page.getByRole("link", { name: /^To ship/ }).click();
    await field(page, "en").waitFor();
  },

  "the language is the browser's, or the one that was chosen": async ({ visit }) => {
    const page = await visit({ role: null, language: "zh-CN" });
    await button(page, TEXTS["zh-CN"].other).click();
    await button(page, "Sign in").waitFor();
    await page.reload();
    await button(page, "Sign in").waitFor();
    await button(page, TEXTS.en.other).click();
    await button(page, "登录").waitFor();
    // The document says so a moment after the words do.
    await page.locator('html[lang="zh-CN"]').waitFor({ state: "attached" });
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { role: null }, (page, language) => field(page, language).waitFor());
  },
};
