// What a browser that was never here has to fetch, and whether it can keep Daybook as an app.

import assert from "node:assert/strict";

const MOST_BYTES = 100_000;
/** Of a build without optimisation on a busy machine; what is meant is 300 ms. */
const MOST_MS = 3_000;

export default {
  "the list is there soon, with few bytes": async ({ visit, report }) => {
    // The server has been asked once, as by anybody before.
    await (await visit({ language: "zh-CN" })).getByRole("rowheader").first().waitFor();
    const page = await visit({ language: "zh-CN" });
    const rows = await page.waitForFunction(() => document.querySelector("tbody tr") && performance.now());
    const milliseconds = Math.round(await rows.jsonValue());
    await page.waitForLoadState("networkidle");
    const fetched = await page.evaluate(() =>
      [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) => ({
        path: new URL(entry.name).pathname,
        bytes: entry.transferSize,
      })),
    );
    const sum = (entries) => entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
    const answers = fetched.filter(({ path }) => path === "/graphql");
    const files = fetched.filter(({ path }) => path !== "/graphql").sort((one, other) => other.bytes - one.bytes);
    report(`${sum(files)} bytes of files in ${files.length} requests, ${sum(answers)} of answers in ${answers.length}`);
    report(`the list is there after ${milliseconds} ms`);
    assert.ok(answers.length > 0, "the list is asked for");
    assert.ok(fetched.every(({ bytes }) => bytes > 0), `not counted: ${JSON.stringify(fetched)}`);
    assert.ok(sum(fetched) < MOST_BYTES, `${sum(fetched)} bytes: ${JSON.stringify(fetched, null, 1)}`);
    assert.ok(milliseconds < MOST_MS, `${milliseconds} ms`);
  },

  "a second visit fetches only what can have changed": async ({ visit }) => {
    const page = await visit({ language: "en" });
    await page.getByRole("rowheader").first().waitFor();
    await page.goto("/?label=COMPLETED");
    await page.getByRole("rowheader").first().waitFor();
    const fetched = await page.evaluate(() =>
      performance.getEntriesByType("resource").filter(({ transferSize }) => transferSize > 0).map(({ name }) => new URL(name).pathname),
    );
    assert.ok(!fetched.some((path) => path.startsWith("/console/")), `fetched again: ${fetched}`);
  },

  "it can be installed": async ({ visit }) => {
    const page = await visit({ language: "en" });
    await page.getByRole("rowheader").first().waitFor();
    const client = await page.context().newCDPSession(page);
    const { url, errors, data } = await client.send("Page.getAppManifest");
    assert.deepEqual(errors, []);
    const { installabilityErrors } = await client.send("Page.getInstallabilityErrors");
    // Of the test's own contexts, not of the page.
    assert.deepEqual(installabilityErrors.filter(({ errorId }) => errorId !== "in-incognito"), []);
    const manifest = JSON.parse(data);
    assert.equal(manifest.name, "Daybook");
    assert.equal(manifest.display, "standalone");
    assert.equal(new URL(manifest.start_url, url).pathname, "/");
    assert.equal(new URL(manifest.scope, url).pathname, "/");
    for (const icon of manifest.icons) {
      const answer = await page.request.get(new URL(icon.src, url).href);
      assert.equal(answer.status(), 200);
      assert.equal(answer.headers()["content-type"], icon.type);
    }
  },
};
