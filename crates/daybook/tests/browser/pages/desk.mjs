// The order desk: what it shows is what the API says, and the address says what is shown.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { LANGUAGES } from "../harness.mjs";
import { ask, placeOrder, token } from "../shop.mjs";

const TEXTS = {
  en: { orders: "Orders", status: "Status", subtree: "With the merchants below", older: "Older", newer: "Newer" },
  "zh-CN": { orders: "订单管理", status: "状态", subtree: "包含下级商家", older: "较早", newer: "较新" },
};
const TABS = {
  all: { en: "All", "zh-CN": "全部" },
  AWAITING_PAYMENT: { en: "Awaiting payment", "zh-CN": "待付款" },
  TO_SHIP: { en: "To ship", "zh-CN": "待发货" },
  SHIPPED: { en: "Shipped", "zh-CN": "已发货" },
  COMPLETED: { en: "Completed", "zh-CN": "已完成" },
  AFTER_SALES: { en: "After-sales", "zh-CN": "售后中" },
  REFUNDED: { en: "Refunded", "zh-CN": "已退款" },
  CANCELLED: { en: "Cancelled", "zh-CN": "已取消" },
  EXCEPTION: { en: "Exception", "zh-CN": "异常" },
};
const OWNER = { role: "owner", merchant: "xinghe" };

const tabs = (page, language) => page.getByRole("navigation", { name: TEXTS[language].status });
const tab = (page, language, label) => tabs(page, language).getByRole("link", { name: new RegExp(`^${TABS[label][language]}( |$)`) });
const shown = (page) => page.getByRole("rowheader").getByRole("link").allInnerTexts();
const turn = (page, language, way) => page.getByRole("button", { name: TEXTS[language][way], exact: true });

/** The numbers that the desk must show. */
async function listed(secret, { label, scope = "OWN", first = 50 }) {
  const query = `query ($where: OrderWhere, $scope: Scope, $first: Int) {
    orders(where: $where, scope: $scope, first: $first) { nodes { number } } }`;
  const where = label ? { label: { eq: label } } : null;
  return (await ask(secret, query, { where, scope, first })).orders.nodes.map(({ number }) => number);
}

async function showsWhatIsListed(page, secret, wanted) {
  await eventually(async () => assert.deepEqual(await shown(page), await listed(secret, wanted)));
}

export default {
  "its tabs count what the API counts": async ({ visit }) => {
    const asked = [
      { ...OWNER, scope: "OWN" },
      { role: "owner", merchant: "huaxia", scope: "SUBTREE" },
      { role: "clerk", merchant: "lantian", scope: "OWN" },
      { role: "platform", scope: "SUBTREE" },
    ];
    for (const [index, { scope, ...who }] of asked.entries()) {
      const language = LANGUAGES[index % LANGUAGES.length];
      const secret = await token(who);
      const page = await visit({ ...who, language, path: `/?scope=${scope}` });
      const counts = Object.keys(TABS).map((label) =>
        label === "all" ? "all: ordersCount(scope: $scope)" : `${label}: ordersCount(where: {label: {eq: ${label}}}, scope: $scope)`,
      );
      await eventually(async () => {
        const expected = await ask(secret, `query ($scope: Scope) { ${counts.join(" ")} }`, { scope });
        const told = {};
        for (const label of Object.keys(TABS)) {
          told[label] = Number((await tab(page, language, label).innerText()).replace(/\D/g, ""));
        }
        assert.deepEqual(told, expected);
        assert.ok(told.all > 100, `hardly a shop: ${told.all} orders`);
      });
    }
  },

  "a tab shows its orders, and stands in the address": async ({ visit }) => {
    const secret = await token(OWNER);
    for (const language of LANGUAGES) {
      const page = await visit({ ...OWNER, language });
      await showsWhatIsListed(page, secret, {});
      await tab(page, language, "CANCELLED").click();
      await showsWhatIsListed(page, secret, { label: "CANCELLED" });
      assert.equal(new URL(page.url()).searchParams.get("label"), "CANCELLED");
      assert.equal(await tab(page, language, "CANCELLED").getAttribute("aria-current"), "page");
      await page.reload();
      await showsWhatIsListed(page, secret, { label: "CANCELLED" });
      await tab(page, language, "REFUNDED").click();
      await showsWhatIsListed(page, secret, { label: "REFUNDED" });
      await page.goBack();
      await showsWhatIsListed(page, secret, { label: "CANCELLED" });
      await page.goBack();
      await showsWhatIsListed(page, secret, {});
      await page.goForward();
      await showsWhatIsListed(page, secret, { label: "CANCELLED" });
    }
  },

  "pages follow each other without a gap, there and back": async ({ visit }) => {
    const secret = await token(OWNER);
    const language = "zh-CN";
    const wanted = { label: "COMPLETED", first: 150 };
    const page = await visit({ ...OWNER, language, path: "/?label=COMPLETED" });
    const all = await listed(secret, wanted);
    assert.equal(all.length, 150, "too few orders to turn pages");
    const isAt = (number) => eventually(async () => assert.deepEqual(await shown(page), all.slice(number * 50, number * 50 + 50)));
    await isAt(0);
    assert.ok(await turn(page, language, "newer").isDisabled());
    for (const number of [1, 2]) {
      await turn(page, language, "older").click();
      await isAt(number);
    }
    await page.reload();
    await isAt(2);
    await turn(page, language, "newer").click();
    await isAt(1);
    await page.goBack();
    await isAt(2);
    await page.goBack();
    await isAt(1);
    await page.goBack();
    await isAt(0);
  },

  "the last page is the last": async ({ visit }) => {
    const page = await visit({ ...OWNER, language: "en", path: "/?label=REFUNDED" });
    const older = turn(page, "en", "older");
    await older.waitFor();
    for (let pages = 0; await older.isEnabled(); pages += 1) {
      assert.ok(pages < 50, "it does not end");
      const before = await shown(page);
      await older.click();
      await eventually(async () => assert.notDeepEqual(await shown(page), before));
    }
    const last = await ask(await token(OWNER), `{ orders(where: {label: {eq: REFUNDED}}, last: 1) { nodes { number } } }`);
    assert.equal((await shown(page)).at(-1), last.orders.nodes[0].number);
  },

  "the merchants below are shown when they are asked for": async ({ visit }) => {
    const secret = await token(OWNER);
    for (const language of LANGUAGES) {
      const page = await visit({ ...OWNER, language });
      await showsWhatIsListed(page, secret, {});
      const box = page.getByRole("checkbox", { name: TEXTS[language].subtree });
      await box.check();
      await showsWhatIsListed(page, secret, { scope: "SUBTREE" });
      assert.ok((await shown(page)).some((number) => number.startsWith("XE")), "none of the second shop");
      await page.reload();
      await showsWhatIsListed(page, secret, { scope: "SUBTREE" });
      assert.ok(await box.isChecked());
    }
  },

  "a row tells what an order is": async ({ visit }) => {
    const secret = await token(OWNER);
    const query = `{ orders(where: {label: {eq: CANCELLED}}, scope: SUBTREE, first: 1) { nodes {
      number merchant { name } buyer { account } total { amount } lines { title quantity } } } }`;
    for (const language of LANGUAGES) {
      const page = await visit({ ...OWNER, language, path: "/?label=CANCELLED&scope=SUBTREE" });
      await eventually(async () => {
        const [order] = (await ask(secret, query)).orders.nodes;
        const head = page.getByRole("rowheader").filter({ has: page.getByRole("link", { name: order.number, exact: true }) });
        assert.match(await head.innerText(), new RegExp(` ${order.merchant.name}$`));
        const cells = (await page.getByRole("row").filter({ has: head }).getByRole("cell").allInnerTexts()).map((text) => text.trim());
        const goods = order.lines.map(({ title, quantity }) => `${title} × ${quantity}`).join("\n");
        for (const text of [order.buyer.account, TABS.CANCELLED[language], goods]) {
          assert.ok(cells.includes(text), `${text} is not one of ${JSON.stringify(cells)}`);
        }
        const amounts = cells.map((text) => text.replace(/[^\d.]/g, ""));
        assert.ok(amounts.includes(order.total.amount), `${order.total.amount} is not one of ${JSON.stringify(cells)}`);
      });
    }
  },

  "a new order waits for its payment": async ({ visit }) => {
    const clerk = { role: "clerk", merchant: "fengche" };
    const { number } = await placeOrder(await token(clerk));
    const page = await visit({ ...clerk, language: "zh-CN" });
    await tab(page, "zh-CN", "AWAITING_PAYMENT").click();
    await showsWhatIsListed(page, await token(clerk), { label: "AWAITING_PAYMENT" });
    assert.ok((await shown(page)).includes(number));
  },

  "what is today is the server's to say": async ({ visit }) => {
    const DAY = 86_400_000;
    const page = await visit({ path: "about:blank", language: "en" });
    await page.addInitScript((ahead) => {
      const now = Date.now;
      Date.now = () => now() + ahead;
    }, 3 * DAY);
    const asked = page.waitForRequest((request) => request.postData()?.includes("placedAt") ?? false);
    await page.goto("/?range=today");
    const begins = Date.parse((await asked).postDataJSON().variables.where.placedAt.gte);
    assert.ok(begins <= Date.now() && Date.now() < begins + DAY + 60_000, new Date(begins).toISOString());
  },

  "the first key leads to the content": async ({ visit }) => {
    const page = await visit({ ...OWNER, language: "en" });
    await page.getByRole("heading", { level: 1, name: "Orders" }).waitFor();
    await page.keyboard.press("Tab");
    assert.equal(await page.evaluate(() => document.activeElement.getAttribute("href")), "#content");
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { ...OWNER, path: "/?scope=SUBTREE" }, (page) => page.getByRole("rowheader").first().waitFor());
  },
};
