// The buyer's own page: by number and contact code, without any token.

import assert from "node:assert/strict";

import { accessible, eventually, fitsItsWidth, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const dialog = (page) => page.getByRole("dialog");
const contact = { name: "韩梅梅", tel: "139 1234 5678" };

async function lookUp(page, number, code) {
  await page.getByLabel("订单号").fill(number);
  await page.getByLabel("查单密码").fill(code);
  await page.getByRole("button", { name: "查询" }).click();
}

export default {
  "a buyer finds an order, and receives the cards": async ({ visit }) => {
    const merchant = "for-buyers";
    await cardShop({ id: merchant, cards: 3 });
    const { id } = await order({ merchant, number: "B-1", quantity: 2, contact });
    await order({ merchant, number: "B-2", contact, paid: false });
    await command(await token({ role: "clerk", merchant }), "deliverCards", { order: { id } });
    const page = await visit({ role: null, viewport: "phone", path: `/buyer?merchant=${merchant}` });
    await lookUp(page, "B-1", "13912345678");
    await page.getByRole("heading", { level: 1, name: "B-1" }).waitFor();
    await page.getByRole("button", { name: "查看卡密" }).click();
    await dialog(page).getByRole("button", { name: "查看卡密" }).click();
    await dialog(page).getByText(`${merchant}-card-000000`).waitFor();
    await accessible(page);
    await fitsItsWidth(page);
    // Nothing else of the same buyer.
    const all = await page.evaluate(async () => {
      const body = JSON.stringify({ query: "{ orders { nodes { number } } }" });
      return (await fetch("/graphql", { method: "POST", headers: { "Content-Type": "application/json" }, body })).json();
    });
    assert.deepEqual(all.data.orders.nodes, [{ number: "B-1" }]);
  },

  "an unpaid order counts down, and leads to where it is paid": async ({ visit }) => {
    const merchant = "to-be-paid";
    await cardShop({ id: merchant, cards: 1 });
    await command(await token({ role: "platform" }), "setProfile", { merchant, payUrl: "https://pay.example.com/?o={number}&a={amount}" });
    await order({ merchant, number: "U-1", contact: { ...contact, code: "open sesame" }, paid: false });
    const page = await visit({ role: null, path: `/buyer?merchant=${merchant}&number=U-1` });
    await page.getByLabel("查单密码").fill("open sesame");
    await page.getByRole("button", { name: "查询" }).click();
    await page.getByText(/剩余 29分钟/).waitFor();
    assert.equal(await page.getByRole("link", { name: "立即付款" }).getAttribute("href"), "https://pay.example.com/?o=U-1&a=10.00");
  },

  "a buyer asks for a refund, and quarrels": async ({ visit }) => {
    const merchant = "complaints";
    await cardShop({ id: merchant, cards: 1 });
    const { id } = await order({ merchant, number: "C-1", contact });
    await command(await token({ role: "clerk", merchant }), "deliverCards", { order: { id } });
    const page = await visit({ role: null, path: `/buyer?merchant=${merchant}` });
    await lookUp(page, "C-1", "13912345678");
    await page.getByRole("button", { name: "评价" }).click();
    await dialog(page).getByLabel("评价").fill("很快");
    await dialog(page).getByRole("button", { name: "评价" }).click();
    await eventually(async () => assert.equal(await page.getByRole("button", { name: "评价" }).count(), 0));
    await page.getByRole("button", { name: "申请退款" }).click();
    await dialog(page).getByLabel("补充说明（可不填）").fill("卡密无效");
    await dialog(page).getByRole("button", { name: "申请退款" }).click();
    await eventually(async () => {
      const query = "query ($id: ID!) { order(by: {id: $id}) { label refunds { state } } }";
      const { order: found } = await ask(await token({ role: "clerk", merchant }), query, { id });
      assert.deepEqual(found, { label: "AFTER_SALES", refunds: [{ state: "REQUESTED" }] });
    });
  },

  "five wrong codes lock the order for 15 minutes": async ({ visit }) => {
    const merchant = "guessed";
    await cardShop({ id: merchant, cards: 1 });
    await order({ merchant, number: "G-1", contact });
    const page = await visit({ role: null, path: `/buyer?merchant=${merchant}`, refused: ["404 POST /lookup", "429 POST /lookup"] });
    for (let tries = 0; tries < 5; tries += 1) {
      await lookUp(page, "G-1", `1391234567${tries}`);
      await page.getByRole("alert").filter({ hasText: /./ }).waitFor();
      await page.getByRole("button", { name: "查询", disabled: false }).waitFor();
    }
    await lookUp(page, "G-1", "13912345678");
    await page.getByText(/错误次数过多，请 1[45]分钟/).waitFor();
  },

  "it is accessible and fits, however it looks": async ({ visit }) => {
    await inEveryLook(visit, { role: null, path: "/buyer" }, (page) => page.getByRole("textbox").first().waitFor());
  },
};
