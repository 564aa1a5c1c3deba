// The server looks through so much of its log at a time: what it has not found yet is not missing.

import assert from "node:assert/strict";

/** As if the first `count` questions to the log had come upon nothing, though it goes on: one entry each is passed over. */
async function findsNothing(page, count) {
  const asked = { count: 0 };
  await page.route("**/graphql", async (route) => {
    const { query, variables } = route.request().postDataJSON() ?? {};
    if (!query?.includes("auditLog")) return route.continue();
    asked.count += 1;
    if (asked.count > count) return route.continue();
    const answer = await route.fetch({ postData: { query, variables: { ...variables, first: 1 } } });
    const { pageInfo } = (await answer.json()).data.auditLog;
    assert.ok(pageInfo.hasNextPage, "the log has something to be found");
    return route.fulfill({ json: { data: { auditLog: { nodes: [], pageInfo } } } });
  });
  return asked;
}

export default {
  "alerts are looked for farther back, at first by itself": async ({ visit }) => {
    const page = await visit({ role: "platform", language: "en", path: "/settings" });
    const asked = await findsNothing(page, 5);
    await page.goto("/alerts");
    await page.getByText("Nothing was raised or cleared in what was looked through so far.").waitFor();
    assert.equal(asked.count, 5);
    await page.getByRole("button", { name: "Look farther back" }).click();
    await page.getByRole("log", { name: "Raised and cleared" }).getByRole("listitem").first().waitFor();
    assert.equal(await page.getByText("in what was looked through so far").count(), 0);
  },

  "what somebody did is looked for on": async ({ visit }) => {
    const page = await visit({ role: "owner", merchant: "xinghe", language: "en", path: "/settings" });
    const asked = await findsNothing(page, 3);
    await page.goto("/dashboard?range=90&look=actor&of=system:pay-within");
    const dialog = page.getByRole("dialog", { name: /What Cancels unpaid orders did/ });
    await dialog.locator("tbody tr").first().waitFor();
    assert.ok(asked.count > 3);
    assert.equal(await dialog.getByText("Nothing here").count(), 0);
  },
};
