// Bulk jobs: the list of them, and what became of each order of one.

import assert from "node:assert/strict";

import { eventually, inEveryLook } from "../checks.mjs";
import { cardShop, command, order } from "../commands.mjs";
import { ask, token } from "../shop.mjs";

const results = (page, name) => page.getByRole("table", { name });

/** Three orders, of which one is not paid; and the job that is to deliver their cards, which waits to be started. */
async function waitingJob(merchant) {
  await cardShop({ id: merchant, cards: 3 });
  const orders = [];
  for (const number of ["J-1", "J-2", "J-3"]) orders.push(await order({ merchant, number, paid: number !== "J-2" }));
  const secret = await token({ role: "owner", merchant });
  const { job } = await command(secret, "bulkDeliverCards", { ids: orders.map(({ id }) => id), errorPolicy: "SKIP_REFUSED", previewOnly: true }, "job { id }");
  return { id: job.id, orders };
}

async function found(merchant, id) {
  return (await ask(await token({ role: "owner", merchant }), "query ($id: ID!) { job(id: $id) { state done refused } }", { id })).job;
}

export default {
  "a job says what is to be expected, is started, and tells what became of each order": async ({ visit }) => {
    const merchant = "one-job";
    const { id } = await waitingJob(merchant);
    const page = await visit({ role: "owner", merchant, language: "en", path: "/jobs" });
    const listed = page.getByRole("table", { name: "Bulk work" }).getByRole("row").nth(1);
    await listed.getByRole("cell", { name: "Deliver cards" }).waitFor();
    await listed.getByRole("link").click();
    await page.waitForURL(`**/jobs/${id}`);
    await page.getByText("3 orders; 1 would be refused.").waitFor();
    assert.deepEqual(await found(merchant, id), { state: "WAITING", done: 0, refused: 0 });
    await page.getByRole("button", { name: "Start" }).click();
    await page.getByText("2 done, 1 refused").waitFor();
    await results(page, "Results").getByRole("row").filter({ hasText: "J-2" }).getByText(/^Refused – ./).waitFor();
    assert.equal(await results(page, "Results").locator("tbody").getByRole("row").count(), 1);
    await page.getByRole("group", { name: "Results" }).getByRole("button", { name: "All" }).click();
    await eventually(async () => assert.equal(await results(page, "Results").locator("tbody").getByRole("row").count(), 3));
    assert.equal(await results(page, "Results").getByRole("cell", { name: "Done", exact: true }).count(), 2);
    assert.deepEqual(await found(merchant, id), { state: "DONE", done: 2, refused: 1 });
    await page.getByRole("link", { name: "Bulk work" }).first().click();
    await eventually(async () => assert.deepEqual((await listed.getByRole("cell").allInnerTexts()).slice(1), ["Deliver cards", "Done", "2", "1", "3", "Owner"]));
    await page.goBack();
    await page.getByRole("link", { name: "J-2" }).click();
    await page.getByRole("heading", { level: 1, name: "J-2" }).waitFor();
  },

  "a job that waits is stopped, and does nothing": async ({ visit }) => {
    const merchant = "stopped-job";
    const { id, orders } = await waitingJob(merchant);
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: `/jobs/${id}` });
    await page.getByText("共 3 单，其中 1 单将被拒绝。").waitFor();
    await page.getByRole("button", { name: "停止" }).click();
    await page.getByRole("status").getByText("已取消").waitFor();
    await page.getByRole("button", { name: "停止" }).waitFor({ state: "detached" });
    assert.equal((await found(merchant, id)).state, "CANCELLED");
    const { order: first } = await ask(await token({ role: "owner", merchant }), "query ($id: ID!) { order(by: {id: $id}) { label } }", { id: orders[0].id });
    assert.equal(first.label, "TO_SHIP");
  },

  "many jobs are listed page by page, the newest first": async ({ visit }) => {
    const merchant = "many-jobs";
    await cardShop({ id: merchant });
    const { id } = await order({ merchant, number: "M-1" });
    const secret = await token({ role: "owner", merchant });
    const made = [];
    for (let number = 0; number < 53; number += 1) made.unshift((await command(secret, "bulkAddNote", { ids: [id], text: `${number}`, errorPolicy: "SKIP_REFUSED" }, "job { id }")).job.id);
    const page = await visit({ role: "owner", merchant, language: "en", path: "/jobs" });
    const listed = async () => (await page.getByRole("table", { name: "Bulk work" }).getByRole("link").evaluateAll((links) => links.map(({ href }) => href))).map((href) => href.split("/").at(-1));
    await eventually(async () => assert.deepEqual(await listed(), made.slice(0, 50)));
    await page.getByRole("button", { name: "Next page" }).click();
    await eventually(async () => assert.deepEqual(await listed(), made.slice(50)));
    await page.getByRole("button", { name: "Back to the first page" }).click();
    await eventually(async () => assert.deepEqual(await listed(), made.slice(0, 50)));
  },

  "who has done nothing in bulk is told where to": async ({ visit }) => {
    const merchant = "no-jobs";
    await cardShop({ id: merchant });
    const page = await visit({ role: "owner", merchant, language: "zh-CN", path: "/jobs" });
    await page.getByText("还没有批量任务：请在订单管理中选择订单。").waitFor();
  },

  "of a foreign shop's job nothing is shown": async ({ visit }) => {
    const { id } = await waitingJob("others-job");
    await cardShop({ id: "curious" });
    const page = await visit({ role: "owner", merchant: "curious", language: "en", path: `/jobs/${id}` });
    await page.getByText("There is no such job, or it is not yours to see.").waitFor();
  },

  "list and job are accessible and fit, however they look": async ({ visit }) => {
    const merchant = "looked-at-job";
    const { id } = await waitingJob(merchant);
    await inEveryLook(visit, { role: "owner", merchant, path: `/jobs/${id}` }, (page) => page.locator(".preview").waitFor());
    await command(await token({ role: "owner", merchant }), "startJob", { id });
    await inEveryLook(visit, { role: "owner", merchant, path: `/jobs/${id}` }, (page) => page.locator(".results tbody tr").first().waitFor());
    await inEveryLook(visit, { role: "owner", merchant, path: "/jobs" }, (page) => page.locator("main tbody tr").first().waitFor());
  },
};
