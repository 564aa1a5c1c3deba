// After-sales: refunds by what they wait for, one by one or many at once, and disputes.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");
const row = (page, number) => page.getByRole("row").filter({ has: page.getByRole("link", { name: number, exact: true }) });
const tab = (page, name) => page.getByRole("navigation", { name: /^(After-sales|售后与纠纷)$/ }).getByRole("link", { name });
const numbers = async (page) => (await page.getByRole("rowheader").getByRole("link").allInnerTexts()).sort();
const clerk = (merchant) => token({ role: "clerk", merchant });

async function askedBack(merchant, number) {
  const placed = await order({ merchant, number });
  await command(await clerk(merchant), "requestRefund", { order: { id: placed.id }, reason: { code: "NOT_AS_DESCRIBED", text: "不能用" } });
  return placed;
}

async function found(merchant, id) {
  const query = "query ($id: ID!) { order(by: {id: $id}) { label axes { afterSales } refunds { state amount { amount } } history { nodes { kind reason data } } } }";
  return (await ask(await token({ role: "owner", merchant }), query, { id })).order;
}

/** The dialog's own button says it in full, as on the order's page. */
async function carryOut(page, number, name, full, fill) {
  await row(page, number).getByRole("button", { name: `${name} ${number}` }).click();
  await fill?.(dialog(page));
  await dialog(page).getByRole("button", { name: full, exact: true }).click();
}

export default {
  "refunds go from list to list as they are answered and paid out": async ({ visit }) => {
    const merchant = "tickets";
    await cardShop({ id: merchant });
    const orders = [];
    for (const number of ["T-1", "T-2", "T-3"]) orders.push(await askedBack(merchant, number));
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/after-sales" });
    await eventually(async () => assert.deepEqual(await numbers(page), ["T-1", "T-2", "T-3"]));
    await row(page, "T-1").getByText("Not as described").waitFor();
    await row(page, "T-1").getByRole("button", { name: "Details T-1" }).click();
    await page.getByText("不能用").waitFor();
    await carryOut(page, "T-1", "Approve", "Approve the refund", (form) => form.getByLabel("Note").fill("as agreed"));
    await page.getByText("T-1: done: Approve the refund").waitFor();
    await carryOut(page, "T-2", "Reject", "Reject the refund", (form) => form.getByLabel("Reason", { exact: true }).selectOption("NOT_REFUNDABLE"));
    await page.getByText("T-2: done: Reject the refund").waitFor();
    await eventually(async () => assert.deepEqual(await numbers(page), ["T-3"]));
    await tab(page, "To be paid out 1").click();
    await carryOut(page, "T-1", "Paid out", "Refund paid out", (form) => form.getByLabel("Trade number").fill(`${merchant}-1`));
    await page.getByText("T-1: done: Refund paid out").waitFor();
    await page.getByText("No approved refund waits for being paid out.").waitFor();
    const states = await Promise.all(orders.map(async ({ id }) => (await found(merchant, id)).refunds[0].state));
    assert.deepEqual(states, ["SETTLED", "REJECTED", "REQUESTED"]);
    await page.reload();
    await tab(page, "To be answered 1").click();
    await eventually(async () => assert.deepEqual(await numbers(page), ["T-3"]));
  },

  "many are approved, and paid out, at once": async ({ visit }) => {
    const merchant = "many-back";
    await cardShop({ id: merchant });
    const made = ["B-1", "B-2", "B-3", "B-4"];
    const orders = [];
    for (const number of made) orders.push(await askedBack(merchant, number));
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/after-sales" });
    const bar = page.getByRole("group", { name: "对所选订单的操作" });
    await eventually(async () => assert.deepEqual(await numbers(page), made));
    assert.ok(await bar.getByRole("button", { name: "同意退款" }).isDisabled());
    await page.getByRole("checkbox", { name: "选择当前显示的全部" }).check();
    await page.getByRole("checkbox", { name: "选择订单 B-4 的退款" }).uncheck();
    for (const name of ["同意退款", "退款打款"]) {
      await bar.getByText("已选 3 单，共 3 笔退款").waitFor();
      await bar.getByRole("button", { name }).click();
      await dialog(page).getByRole("button", { name: "先预检" }).click();
      await dialog(page).getByText("共 3 单，其中 0 单将被拒绝。").waitFor();
      await dialog(page).getByText(/合计：\s*¥30\.00/).waitFor();
      await dialog(page).getByRole("button", { name: "开始执行" }).click();
      await dialog(page).getByText("完成 3 单，拒绝 0 单").waitFor();
      await dialog(page).getByRole("button", { name: "关闭" }).click();
      if (name === "退款打款") break;
      await eventually(async () => assert.deepEqual(await numbers(page), ["B-4"]));
      await tab(page, "待打款 3").click();
      await page.getByRole("checkbox", { name: "选择当前显示的全部" }).check();
    }
    await page.getByText("没有已同意、待打款的退款。").waitFor();
    const states = await Promise.all(orders.map(async ({ id }) => (await found(merchant, id)).refunds[0].state));
    assert.deepEqual(states, ["SETTLED", "SETTLED", "SETTLED", "REQUESTED"]);
  },

  "an order's refunds are chosen together, and are counted": async ({ visit }) => {
    const merchant = "siblings";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "B-1" });
    for (const amount of ["3.00", "4.00"]) {
      await command(await clerk(merchant), "requestRefund", { order: { id }, amount: { amount, currency: "CNY" }, reason: { code: "DAMAGED" } });
    }
    await askedBack(merchant, "B-2");
    const page = await visit({ role: "owner", merchant, language: "en", path: "/after-sales" });
    const bar = page.getByRole("group", { name: "What to do with the chosen orders" });
    const boxes = page.getByRole("checkbox", { name: "Choose the refund of order B-1" });
    await boxes.first().check();
    assert.deepEqual(await Promise.all([0, 1].map((index) => boxes.nth(index).isChecked())), [true, true]);
    await bar.getByText("Chosen: 2 refunds of 1 orders").waitFor();
    await boxes.last().uncheck();
    assert.ok(!(await boxes.first().isChecked()));
    await boxes.first().check();
    // One of them is answered on its own meanwhile: only the other one is left to be.
    await row(page, "B-1").filter({ hasText: "CN¥3.00" }).getByRole("button", { name: "Approve B-1" }).click();
    await dialog(page).getByRole("button", { name: "Approve the refund", exact: true }).click();
    await bar.getByText("Chosen: 1 refunds of 1 orders").waitFor();
    await bar.getByRole("button", { name: "Approve refunds" }).click();
    await dialog(page).getByRole("button", { name: "Check first" }).click();
    await dialog(page).getByRole("button", { name: "Start" }).click();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await eventually(async () => assert.deepEqual(await numbers(page), ["B-2"]));
    await tab(page, "To be paid out 2").waitFor();
  },

  "what nobody answered goes to the platform": async ({ visit }) => {
    const merchant = "unanswered";
    await cardShop({ id: merchant, policy: { autoDeliver: false, answerRefundWithinSeconds: 1, escalateRefundAfterSeconds: 2 } });
    const { id } = await askedBack(merchant, "U-1");
    await eventually(async () => {
      const { history } = await found(merchant, id);
      assert.equal(history.nodes.filter(({ kind }) => kind === "deadline-breached").length, 2);
    });
    const page = await visit({ role: "platform", language: "en", path: `/after-sales?tab=platform&merchant=${merchant}` });
    await row(page, "U-1").getByText(/overdue/).waitFor();
    await carryOut(page, "U-1", "Approve", "Approve the refund");
    await page.getByText("U-1: done: Approve the refund").waitFor();
    assert.equal((await found(merchant, id)).refunds[0].state, "APPROVED");
  },

  "a dispute is argued by both sides, and decided by the platform": async ({ visit }) => {
    const merchant = "disputes";
    const buyer = "li@example.org";
    await cardShop({ id: merchant, cards: 2 });
    const orders = [];
    for (const number of ["D-1", "D-2"]) {
      const placed = await order({ merchant, number, account: buyer });
      await command(await clerk(merchant), "deliverCards", { order: { id: placed.id } });
      const secret = await token({ role: "buyer", merchant, buyer });
      await command(secret, "openDispute", { order: { id: placed.id }, reason: { code: "NOT_AS_DESCRIBED" } });
      await command(secret, "addEvidence", { order: { id: placed.id }, text: `${number}：卡密已被使用` });
      orders.push(placed);
    }
    const shop = await visit({ role: "clerk", merchant, language: "zh-CN", path: "/after-sales" });
    await tab(shop, "纠纷 2").click();
    await row(shop, "D-1").getByText("与描述不符").waitFor();
    assert.equal(await shop.getByRole("button", { name: /裁决/ }).count(), 0);
    await carryOut(shop, "D-1", "补充举证", "提交举证", (form) => form.getByLabel("内容").fill("发货时卡密有效，附截图编号 42"));
    await shop.getByText("D-1 已完成：提交举证").waitFor();

    const page = await visit({ role: "platform", language: "en", path: `/after-sales?tab=disputes&merchant=${merchant}` });
    await row(page, "D-1").getByRole("button", { name: "Read evidence D-1" }).click();
    assert.equal(await dialog(page).getByText("卡密已被使用").count(), 0);
    await dialog(page).getByRole("button", { name: "Read the evidence" }).click();
    await dialog(page).getByText("D-1：卡密已被使用").waitFor();
    await dialog(page).getByText("发货时卡密有效，附截图编号 42").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await carryOut(page, "D-1", "Decide", "Decide the dispute", async (form) => {
      await form.getByLabel("For whom").selectOption("BUYER");
      await form.getByLabel("Refund, if any (CNY)").fill("6.00");
      await form.getByLabel("Reason", { exact: true }).selectOption("NOT_AS_DESCRIBED");
    });
    await page.getByText("D-1: done: Decide the dispute").waitFor();
    await carryOut(page, "D-2", "Decide", "Decide the dispute", async (form) => {
      await form.getByLabel("For whom").selectOption("MERCHANT");
      await form.getByLabel("Reason", { exact: true }).selectOption("NOT_REFUNDABLE");
    });
    await page.getByText("No dispute is open.").waitFor();
    // Nobody of the shop has to reload.
    await shop.getByText("没有进行中的纠纷。").waitFor();
    const [won, lost] = await Promise.all(orders.map(({ id }) => found(merchant, id)));
    assert.deepEqual(won.refunds, [{ state: "REQUESTED", amount: { amount: "6.00" } }]);
    assert.deepEqual(lost.refunds, []);
    assert.deepEqual(won.history.nodes.filter(({ kind }) => kind === "evidence-read").length, 1);
    await tab(shop, "待处理退款 1").click();
    await row(shop, "D-1").getByText("¥6.00").waitFor();
  },

  "who only looks chooses nothing": async ({ visit }) => {
    const merchant = "looked-over";
    await cardShop({ id: merchant });
    await askedBack(merchant, "L-1");
    const page = await visit({ role: "auditor", merchant, language: "en", path: "/after-sales" });
    await row(page, "L-1").waitFor();
    assert.equal(await page.getByRole("checkbox", { name: /Choose/ }).count(), 0);
    assert.deepEqual((await row(page, "L-1").getByRole("button").allTextContents()).map((text) => text.trim()), ["Details L-1"]);
  },

  "each list is accessible and fits, however it looks": async ({ visit }) => {
    for (const part of ["waiting", "paying", "platform", "disputes"]) {
      const ready = (page) => page.locator("main table, main .empty").first().waitFor();
      await inEveryLook(visit, { merchant: "huaxia", path: `/after-sales?scope=SUBTREE&tab=${part}` }, ready);
    }
  },
};
