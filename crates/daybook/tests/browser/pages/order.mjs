// One order: its history, now and as of any event, and what can be done to it.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, each, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const actions = (page, name) => page.getByRole("region", { name });
const dialog = (page) => page.getByRole("dialog");

async function one(secret, where) {
  const query = "query ($where: OrderWhere) { orders(where: $where, scope: SUBTREE, first: 1) { nodes { id number revision buyer { account } } } }";
  return (await ask(secret, query, { where })).orders.nodes[0];
}

export default {
  "its history tells every event, and leads back through time": async ({ visit }) => {
    const merchant = "history";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "T-1", contact: { name: "李雷", tel: "13800001234" } });
    const who = { role: "owner", merchant };
    await command(await token(who), "addNote", { order: { id }, text: "要发票" });
    await command(await token(who), "deliverCards", { order: { id } });
    const page = await visit({ ...who, language: "zh-CN", path: `/orders/${id}` });
    const timeline = page.getByRole("region", { name: "操作轨迹" });
    await timeline.getByText("要发票", { exact: true }).waitFor();
    const { history } = (await ask(await token(who), "query ($id: ID!) { order(by: {id: $id}) { history { nodes { kind } } } }", { id })).order;
    assert.equal(await timeline.locator("ol > li").count(), history.nodes.length);
    await page.getByText("13800001234", { exact: true }).waitFor();
    await timeline.getByRole("button", { name: "查看第 1 步时的订单" }).click();
    await page.getByText("这是第 1 步之后的订单状态。").waitFor();
    await eventually(async () => assert.match(await page.locator(".labels").innerText(), /待付款/));
    assert.equal(new URL(page.url()).searchParams.get("rev"), "1");
    await timeline.getByRole("button", { name: "下一步" }).click();
    await eventually(async () => assert.match(await page.locator(".labels").innerText(), /待发货/));
    await page.getByRole("button", { name: "回到现在" }).first().click();
    await eventually(async () => assert.match(await page.locator(".labels").innerText(), /已完成/));
  },

  "its history is told in words, whatever happened": async ({ visit }) => {
    const platform = await token({ role: "platform" });
    const query = "query ($where: OrderWhere) { orders(where: $where, scope: SUBTREE, first: 40) { nodes { id history(first: 50) { nodes { kind } } } } }";
    const kinds = new Set();
    for (const label of ["EXCEPTION", "AFTER_SALES", "REFUNDED", "CANCELLED", "COMPLETED", "SHIPPED"]) {
      const { nodes } = (await ask(platform, query, { where: { label: { eq: label } } })).orders;
      const [eventful] = nodes.sort((one, other) => other.history.nodes.length - one.history.nodes.length);
      for (const { kind } of eventful.history.nodes) kinds.add(kind);
      for (const language of ["en", "zh-CN"]) {
        const page = await visit({ role: "platform", language, path: `/orders/${eventful.id}` });
        const events = page.locator(".timeline > ol > li");
        await eventually(async () => assert.equal(await events.count(), eventful.history.nodes.length));
        // What was said stands there as it was said, and may hold a code of somebody's.
        const told = await events.locator(".what, .hint, .changes").allInnerTexts();
        for (const text of told) assert.doesNotMatch(text, /\b[A-Z_]{4,}\b|\b(event|field|axes|policy)\./);
      }
    }
    assert.ok(kinds.has("deadline-breached") && kinds.size > 15, [...kinds].join());
  },

  "a price is edited, with a reason": async ({ visit }) => {
    const merchant = "one-price";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "E-1", paid: false });
    const page = await visit({ role: "clerk", merchant, language: "en", path: `/orders/${id}` });
    await actions(page, "What can be done").getByRole("button", { name: "Edit price" }).click();
    await dialog(page).getByLabel(/× 1 \(CNY\)/).fill("7.77");
    await dialog(page).getByLabel("Reason").selectOption("PRICE_ERROR");
    await dialog(page).getByLabel("In words, if wanted").fill("agreed on the telephone");
    await dialog(page).getByRole("button", { name: "Edit price" }).click();
    await page.getByText("Done: Edit price").waitFor();
    const timeline = page.getByRole("region", { name: "History" });
    await timeline.getByText("agreed on the telephone", { exact: true }).waitFor();
    await eventually(async () => assert.match(await timeline.innerText(), /7\.77/));
  },

  "a refund is approved and paid out": async ({ visit }) => {
    const merchant = "refunds";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "R-1" });
    const who = { role: "clerk", merchant };
    await command(await token(who), "requestRefund", { order: { id }, reason: { code: "NOT_AS_DESCRIBED", text: "不能用" } });
    const page = await visit({ ...who, language: "zh-CN", path: `/orders/${id}` });
    for (const [name, state] of [["同意退款", "APPROVED"], ["登记打款", "SETTLED"]]) {
      await actions(page, "可执行的操作").getByRole("button", { name, exact: true }).click();
      await dialog(page).getByRole("button", { name, exact: true }).click();
      await page.getByText(`已完成：${name}`).waitFor();
      const query = "query ($id: ID!) { order(by: {id: $id}) { refunds { state } } }";
      assert.equal((await ask(await token(who), query, { id })).order.refunds[0].state, state);
    }
  },

  "a long history is told to its end": async ({ visit }) => {
    const merchant = "long";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "LONG-1" });
    const secret = await token({ role: "clerk", merchant });
    await each(Array.from({ length: 260 }, (_, index) => `note ${index}`), 8, (text) => command(secret, "addNote", { order: { id }, text }));
    await command(secret, "deliverCards", { order: { id } });
    const page = await visit({ role: "clerk", merchant, language: "en", path: `/orders/${id}` });
    const timeline = page.getByRole("region", { name: "History" });
    await timeline.getByText("Cards delivered", { exact: true }).waitFor();
    await page.getByRole("heading", { name: "Shipments" }).waitFor();
    assert.ok((await timeline.locator("> ol > li").count()) > 262);
  },

  "money has the digits of its currency": async ({ visit }) => {
    const merchant = "budapest";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "HUF-1", price: "10.25", currency: "HUF" });
    const page = await visit({ role: "clerk", merchant, language: "en", path: `/orders/${id}` });
    await eventually(async () => assert.equal(await page.getByText("HUF 10.25").count() >= 3, true));
  },

  "what cannot be done says why": async ({ visit }) => {
    const merchant = "refusals";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "N-1", paid: false });
    const page = await visit({ role: "clerk", merchant, language: "en", path: `/orders/${id}` });
    const bar = actions(page, "What can be done");
    await bar.getByText(/Not possible now/).click();
    const { order: found } = await ask(await token({ role: "clerk", merchant }), "query ($id: ID!) { order(by: {id: $id}) { actions { name refusal { message } } } }", { id });
    const { message } = found.actions.find(({ name }) => name === "DELIVER_CARDS").refusal;
    await bar.getByText(message).first().waitFor();
  },

  "who only looks can do nothing, and support sees stars": async ({ visit }) => {
    const auditor = { role: "auditor", merchant: "xinghe" };
    const { id, buyer } = await one(await token({ role: "owner", merchant: "xinghe" }), { label: { eq: "COMPLETED" }, merchant: { eq: "xinghe" } });
    const page = await visit({ ...auditor, language: "en", path: `/orders/${id}` });
    await page.getByText("Nothing can be done to this order from here.").waitFor();
    const support = await visit({ role: "support", merchant: "xinghe", language: "en", path: `/orders/${id}` });
    await support.getByRole("button", { name: "Show who the buyer is" }).waitFor();
    assert.equal(await support.getByText(buyer.account, { exact: true }).count(), 0);
    await support.getByRole("button", { name: "Show who the buyer is" }).click();
    await dialog(support).getByRole("button", { name: "Show who the buyer is" }).click();
    await dialog(support).getByText(buyer.account, { exact: true }).waitFor();
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    const who = { role: "owner", merchant: "xinghe" };
    const { id } = await one(await token(who), { label: { eq: "REFUNDED" }, merchant: { eq: "xinghe" } });
    for (const path of [`/orders/${id}`, `/orders/${id}?rev=2`]) {
      await inEveryLook(visit, { ...who, path }, (page) => page.locator(".timeline li").first().waitFor());
    }
  },
};
