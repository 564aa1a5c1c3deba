// The exception queue: each kind of order that waits, and what ends it.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");
const lane = (page, name) => page.getByRole("region", { name, exact: true });
const waiting = (page, kind, number) => lane(page, kind).getByRole("article", { name: number, exact: true });
const buttons = async (card) => (await card.getByRole("button").allTextContents()).map((text) => text.trim());
const clerk = (merchant) => token({ role: "clerk", merchant });
const contact = { name: "李雷", tel: "13800001234", address: "上海市中山路 1 号" };

async function found(merchant, id) {
  const query = `query ($id: ID!) { order(by: {id: $id}) { label axes { lifecycle holds } delivery { contact }
    refunds { state amount { amount } } history { nodes { kind reason actor { id role } } } } }`;
  return (await ask(await token({ role: "owner", merchant }), query, { id })).order;
}

/** Paid orders of a thing that is not on its shelf, the first of them first. */
async function missing(merchant, numbers) {
  await cardShop({ id: merchant });
  const secret = await clerk(merchant);
  const sku = "mouse";
  await command(secret, "receiveStock", { merchant, sku, quantity: numbers.length });
  const placed = [];
  for (const number of numbers) placed.push(await order({ merchant, number, sku, kind: "PHYSICAL", contact }));
  await command(secret, "countStock", { merchant, sku, counted: 0 });
  for (const { id } of placed) await command(secret, "placeHold", { order: { id }, hold: "STOCK", reason: { code: "OUT_OF_STOCK" } });
  return placed;
}

async function askedBack(merchant, number, more = {}) {
  const placed = await order({ merchant, number });
  await command(await clerk(merchant), "requestRefund", { order: { id: placed.id }, reason: { code: "NOT_RECEIVED" }, ...more });
  return placed;
}

/** Presses a card's button, fills in what the dialog asks, and sends it: its own button says it in full, as on the order's page. */
async function carryOut(page, card, name, full, fill) {
  await card.getByRole("button", { name: new RegExp(`^${name}`) }).click();
  await fill?.(dialog(page));
  await dialog(page).getByRole("button", { name: full, exact: true }).click();
}

export default {
  "goods that come free the order that waits longest, and the other one is refunded": async ({ visit }) => {
    const merchant = "short";
    const [first, second] = await missing(merchant, ["S-1", "S-2"]);
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions" });
    await waiting(page, "Out of stock", "S-1").waitFor();
    const numbers = () => lane(page, "Out of stock").getByRole("article").evaluateAll((all) => all.map((one) => one.getAttribute("aria-label")));
    assert.deepEqual(await numbers(), ["S-1", "S-2"]);
    // What is missing comes first.
    assert.match(await waiting(page, "Out of stock", "S-1").locator(".buttons > :not(.quiet, .plain)").innerText(), /^Restock/);
    await carryOut(page, waiting(page, "Out of stock", "S-1"), "Release", "Release the hold");
    await dialog(page).getByText("there is too little of mouse").waitFor();
    await dialog(page).getByRole("button", { name: "Close" }).click();

    await waiting(page, "Out of stock", "S-1").getByRole("link", { name: /Restock/ }).click();
    await dialog(page).getByLabel("Quantity").fill("1");
    await dialog(page).getByRole("button", { name: "Receive" }).click();
    await page.getByText(/^mouse: received/).waitFor();
    await page.goBack();
    await eventually(async () => assert.deepEqual(await numbers(), ["S-2"]));
    assert.equal((await found(merchant, first.id)).label, "TO_SHIP");

    await carryOut(page, waiting(page, "Out of stock", "S-2"), "Refund", "Ask for a refund", (form) => form.getByLabel("In words, if wanted").fill("never came"));
    await page.getByText("S-2: done: Ask for a refund").waitFor();
    await waiting(page, "Refund", "S-2").getByText("Out of stock").waitFor();
    for (const [name, full] of [["Approve", "Approve the refund"], ["Paid out", "Refund paid out"]]) {
      await carryOut(page, waiting(page, "Refund", "S-2"), name, full);
      await page.getByText(`S-2: done: ${full}`).waitFor();
    }
    await lane(page, "Refund").getByText("No refund is open.").waitFor();
    await lane(page, "Out of stock").getByText("No paid order waits for goods.").waitFor();
    const { label, refunds, history } = await found(merchant, second.id);
    assert.deepEqual([label, refunds.map(({ state }) => state)], ["CANCELLED", ["SETTLED"]]);
    assert.equal(history.nodes.find(({ kind }) => kind === "refund-requested").reason, "OUT_OF_STOCK");
  },

  "an order whose goods will not come is cancelled": async ({ visit }) => {
    const merchant = "never-comes";
    const [{ id }] = await missing(merchant, ["C-1"]);
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/exceptions?kind=STOCK" });
    // Its only card is the oldest one, also after some seconds.
    await eventually(async () => {
      const [heading, card] = await lane(page, "库存不足").evaluate((one) => [".oldest", ".since"].map((part) => one.querySelector(part).textContent.match(/[2-9] ?秒/)?.[0]));
      assert.ok(card && heading === card, `${heading} and ${card}`);
    });
    await carryOut(page, waiting(page, "库存不足", "C-1"), "取消订单", "取消订单");
    await page.getByText("C-1 已完成：取消订单").waitFor();
    await lane(page, "库存不足").getByText("没有缺货的已付款订单。").waitFor();
    await page.getByRole("navigation", { name: "异常类型" }).getByRole("link", { name: "退款申请 1" }).click();
    await waiting(page, "退款申请", "C-1").getByRole("button", { name: "同意退款" }).waitFor();
    // What was cancelled is owed: it cannot be kept.
    assert.equal(await waiting(page, "退款申请", "C-1").getByRole("button", { name: "拒绝退款" }).count(), 0);
    const { axes, history } = await found(merchant, id);
    assert.equal(axes.lifecycle, "CANCELLED");
    assert.equal(history.nodes.find(({ kind }) => kind === "order-cancelled").reason, "OUT_OF_STOCK");
  },

  "who asked for another address does not decide on it, another one does": async ({ visit }) => {
    const merchant = "addresses";
    await cardShop({ id: merchant });
    const address = "北京市长安街 2 号";
    const orders = [];
    for (const number of ["A-1", "A-2"]) {
      const placed = await order({ merchant, number, sku: "mouse", kind: "PHYSICAL", contact });
      await command(await clerk(merchant), "requestAddressChange", { order: { id: placed.id }, contact: { ...contact, address } });
      orders.push(placed);
    }
    const asker = await visit({ role: "clerk", merchant, language: "zh-CN", path: "/exceptions" });
    await waiting(asker, "地址／账号异常", "A-1").getByText("该变更由您提交，需由另一人审核。").waitFor();
    assert.equal(await waiting(asker, "地址／账号异常", "A-1").getByRole("button", { name: /变更/ }).count(), 0);

    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/exceptions" });
    const card = waiting(page, "地址／账号异常", "A-1");
    await card.getByText(address).waitFor();
    await card.getByText(contact.address).waitFor();
    await carryOut(page, card, "同意变更", "同意变更");
    await page.getByText("A-1 已完成：同意变更").waitFor();
    await carryOut(page, waiting(page, "地址／账号异常", "A-2"), "驳回变更", "驳回变更", async (form) => {
      await form.getByLabel("原因", { exact: true }).selectOption("FRAUD");
      await form.getByLabel("补充说明").fill("与买家核对过");
    });
    await page.getByText("A-2 已完成：驳回变更").waitFor();
    // The asker's page hears of it.
    await lane(asker, "地址／账号异常").getByText("没有待审核的地址或账号。").waitFor();
    const [changed, kept] = await Promise.all(orders.map(({ id }) => found(merchant, id)));
    assert.deepEqual([changed.delivery.contact.address, changed.axes.holds], [address, []]);
    assert.deepEqual([kept.delivery.contact.address, kept.axes.holds], [contact.address, []]);
  },

  "money that was looked at is let go on, and so is a risk": async ({ visit }) => {
    const merchant = "looked-at";
    await cardShop({ id: merchant, cards: 2 });
    const over = await order({ merchant, number: "P-1", paid: false });
    const platform = await token({ role: "platform" });
    await command(platform, "recordPayment", { order: { id: over.id }, provider: "alipay", tradeNumber: `${merchant}-P-1`, amount: { amount: "12.00", currency: "CNY" } });
    const risky = await order({ merchant, number: "P-2" });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions" });
    await waiting(page, "Payment", "P-1").getByText("Paid too much").waitFor();
    assert.equal(await lane(page, "Risk").count(), 0);
    await command(await token({ role: "support", merchant }), "placeHold", { order: { id: risky.id }, hold: "RISK", reason: { code: "FRAUD", text: "three accounts, one address" } });
    await waiting(page, "Risk", "P-2").getByRole("button", { name: "Details P-2" }).click();
    await waiting(page, "Risk", "P-2").getByText("three accounts, one address").waitFor();
    for (const [kind, number] of [["Risk", "P-2"], ["Payment", "P-1"]]) {
      await carryOut(page, waiting(page, kind, number), "Release", "Release the hold", (form) => form.getByLabel("Reason", { exact: true }).selectOption("NEGOTIATED"));
      await page.getByText(`${number}: done: Release the hold`).waitFor();
      await waiting(page, kind, number).waitFor({ state: "detached" });
    }
    for (const { id } of [over, risky]) assert.deepEqual((await found(merchant, id)).axes.holds, []);
  },

  "what was paid too much goes back first, and that ends the hold": async ({ visit }) => {
    const merchant = "too-much";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "O-1", paid: false });
    await command(await token({ role: "platform" }), "recordPayment", { order: { id }, provider: "alipay", tradeNumber: `${merchant}-O-1`, amount: { amount: "12.00", currency: "CNY" } });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions?kind=PAYMENT" });
    const card = waiting(page, "Payment", "O-1");
    const main = card.locator(".buttons > :not(.quiet, .plain)");
    await card.getByText("Paid too much").waitFor();
    await eventually(async () => assert.match(await main.innerText(), /^Refund/));
    await main.click();
    assert.equal(await dialog(page).getByLabel("Reason", { exact: true }).inputValue(), "OVERPAID");
    await dialog(page).getByRole("button", { name: "Ask for a refund", exact: true }).click();
    for (const name of ["Approve the refund", "Refund paid out"]) {
      await eventually(async () => assert.ok((await main.innerText()).startsWith(`${name} CN¥2.00`)));
      await main.click();
      await dialog(page).getByRole("button", { name, exact: true }).click();
      await page.getByText(`O-1: done: ${name}`).waitFor();
    }
    await lane(page, "Payment").getByText("No payment has to be looked at.").waitFor();
    const { axes, refunds } = await found(merchant, id);
    assert.deepEqual([axes.holds, refunds], [[], [{ state: "SETTLED", amount: { amount: "2.00" } }]]);
  },

  "a wrong account is shown, and changed by two people": async ({ visit }) => {
    const merchant = "accounts";
    await cardShop({ id: merchant });
    const platform = await token({ role: "platform" });
    const unitPrice = { amount: "50.00", currency: "CNY" };
    const line = { sku: "phone-50", title: "手机话费", quantity: 1, kind: "TOP_UP", unitPrice, inputs: { account: "13800001234" } };
    const { order: placed } = await command(platform, "placeOrder", { merchant, number: "W-1", buyer: { account: "li" }, lines: [line] }, "order { id total { amount currency } }");
    await command(platform, "recordPayment", { order: { id: placed.id }, provider: "alipay", tradeNumber: `${merchant}-W-1`, amount: placed.total });
    await command(await clerk(merchant), "failTopUp", { order: { id: placed.id }, line: 1, failure: "NO_SUCH_ACCOUNT", wrongAccount: true });
    const kind = "Address or account";
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions?kind=ADDRESS" });
    await waiting(page, kind, "W-1").getByText("13800001234").waitFor();
    await waiting(page, kind, "W-1").getByText("Wrong account").waitFor();
    assert.deepEqual((await buttons(waiting(page, kind, "W-1"))).slice(0, 2), ["Change it W-1", "Release W-1"]);
    await carryOut(page, waiting(page, kind, "W-1"), "Change it", "Ask for a change of address or account", (form) => form.getByLabel("手机话费 · account").fill("13900005678"));
    await waiting(page, kind, "W-1").getByText("You asked for this change").waitFor();
    const owner = await visit({ role: "owner", merchant, language: "en", path: "/exceptions?kind=ADDRESS" });
    await waiting(owner, kind, "W-1").getByText("13900005678").waitFor();
    await carryOut(owner, waiting(owner, kind, "W-1"), "Approve change", "Approve the change");
    await lane(page, kind).getByText("No address or account waits for a decision.").waitFor();
    assert.deepEqual((await found(merchant, placed.id)).axes.holds, []);
  },

  "of several goods, those are restocked of which there is too little": async ({ visit }) => {
    const merchant = "two-goods";
    await cardShop({ id: merchant });
    const secret = await clerk(merchant);
    const platform = await token({ role: "platform" });
    for (const sku of ["mouse", "pad"]) await command(secret, "receiveStock", { merchant, sku, quantity: 1 });
    const lines = ["mouse", "pad"].map((sku) => ({ sku, title: sku, quantity: 1, kind: "PHYSICAL", unitPrice: { amount: "5.00", currency: "CNY" } }));
    const { order: placed } = await command(platform, "placeOrder", { merchant, number: "G-1", buyer: { account: "li", contact }, lines }, "order { id total { amount currency } }");
    await command(secret, "countStock", { merchant, sku: "pad", counted: 0 });
    await command(platform, "recordPayment", { order: { id: placed.id }, provider: "alipay", tradeNumber: `${merchant}-G-1`, amount: placed.total });
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions?kind=STOCK" });
    await waiting(page, "Out of stock", "G-1").getByRole("link", { name: "Restock pad" }).click();
    await dialog(page).getByLabel("Quantity").fill("1");
    await dialog(page).getByRole("button", { name: "Receive" }).click();
    await eventually(async () => assert.equal((await found(merchant, placed.id)).label, "TO_SHIP"));
  },

  "a refund is approved, fails to be paid out, and is paid out": async ({ visit }) => {
    const merchant = "pay-outs";
    await cardShop({ id: merchant });
    const { id } = await askedBack(merchant, "R-1", { amount: { amount: "4.00", currency: "CNY" } });
    const kept = await askedBack(merchant, "R-2");
    const page = await visit({ role: "clerk", merchant, language: "zh-CN", path: "/exceptions?kind=REFUND" });
    const card = waiting(page, "退款申请", "R-1");
    await card.getByText("¥4.00").waitFor();
    await carryOut(page, card, "同意退款", "同意退款", (form) => form.getByLabel("备注").fill("同意退一部分"));
    await page.getByText("R-1 已完成：同意退款").waitFor();
    await carryOut(page, card, "打款失败", "登记打款失败", (form) => form.getByLabel("失败原因").fill("ACQ.SELLER_BALANCE_NOT_ENOUGH"));
    await page.getByText("R-1 已完成：登记打款失败").waitFor();
    await card.getByRole("button", { name: /详情/ }).click();
    await card.getByText("ACQ.SELLER_BALANCE_NOT_ENOUGH").waitFor();
    await carryOut(page, card, "登记打款", "登记打款", async (form) => {
      await form.getByLabel("打款渠道").fill("wechat");
      await form.getByLabel("交易流水号").fill(`${merchant}-back-1`);
    });
    await page.getByText("R-1 已完成：登记打款", { exact: true }).waitFor();
    await carryOut(page, waiting(page, "退款申请", "R-2"), "拒绝退款", "拒绝退款", (form) => form.getByLabel("原因", { exact: true }).selectOption("NEGOTIATED"));
    await page.getByText("R-2 已完成：拒绝退款").waitFor();
    await lane(page, "退款申请").getByText("没有未结的退款。").waitFor();
    const paid = await found(merchant, id);
    assert.deepEqual(paid.refunds, [{ state: "SETTLED", amount: { amount: "4.00" } }]);
    assert.equal((await found(merchant, kept.id)).refunds[0].state, "REJECTED");
  },

  "what is decided elsewhere meanwhile is refused, and said": async ({ visit }) => {
    const merchant = "meanwhile";
    await cardShop({ id: merchant });
    const { id } = await askedBack(merchant, "M-1");
    const page = await visit({ role: "clerk", merchant, language: "en", path: "/exceptions?kind=REFUND" });
    await waiting(page, "Refund", "M-1").getByRole("button", { name: /^Approve/ }).click();
    await command(await token({ role: "owner", merchant }), "rejectRefund", { order: { id }, ticket: 1, reason: { code: "NEGOTIATED" } });
    await dialog(page).getByRole("button", { name: "Approve the refund", exact: true }).click();
    await dialog(page).getByText("the ticket is closed").waitFor();
    assert.equal((await found(merchant, id)).refunds[0].state, "REJECTED");
    await dialog(page).getByRole("button", { name: "Close" }).click();
    await lane(page, "Refund").getByText("No refund is open.").waitFor();
  },

  "an agent sees what waits below, and decides on nothing of it": async ({ visit }) => {
    await cardShop({ id: "queue-agent" });
    await cardShop({ id: "queue-below", parent: "queue-agent" });
    await askedBack("queue-below", "B-1");
    const page = await visit({ role: "owner", merchant: "queue-agent", language: "en", path: "/exceptions" });
    await lane(page, "Refund").getByText("No refund is open.").waitFor();
    await page.getByRole("checkbox", { name: "With the merchants below" }).check();
    const card = waiting(page, "Refund", "B-1");
    await card.getByText("queue-below", { exact: true }).waitFor();
    assert.deepEqual(await buttons(card), ["Details B-1"]);
    await page.getByLabel("Merchant", { exact: true }).selectOption("queue-below");
    await page.waitForURL(/merchant=queue-below/);
    await page.reload();
    await card.waitFor();
  },

  "who only looks has no buttons, and support asks only": async ({ visit }) => {
    const merchant = "lookers";
    await missing(merchant, ["L-1"]);
    const auditor = await visit({ role: "auditor", merchant, language: "en", path: "/exceptions" });
    await waiting(auditor, "Out of stock", "L-1").waitFor();
    assert.deepEqual(await buttons(waiting(auditor, "Out of stock", "L-1")), ["Details L-1"]);
    const support = await visit({ role: "support", merchant, language: "en", path: "/exceptions" });
    await waiting(support, "Out of stock", "L-1").waitFor();
    assert.deepEqual(await buttons(waiting(support, "Out of stock", "L-1")), ["Refund L-1", "Details L-1"]);
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { merchant: "huaxia", path: "/exceptions?scope=SUBTREE" }, async (page) => {
      await page.getByRole("article").first().waitFor();
      await page.getByRole("article").first().getByRole("button", { name: /Details|详情/ }).click();
      await page.locator(".story").first().waitFor();
    });
  },
};
