// What a browser that was never here has to fetch, and whether it can keep Daybook as an app.

import assert from "node:assert/strict";

const MOST_BYTES = 100_000;
/** Of a build without optimisation on a busy machine; what is meant is 300 ms (`just first-page`). */
const MOST_MS = 3_000;
const VISITS = Number(process.env.FIRST_PAGE_VISITS ?? 3);
/** A window that has just opened is busy with itself. */
const SETTLED_MS = 2_000;

/** In the page: when `selector` is first there, and when it has been painted. */
function watchFor(selector) {
  const seen = new MutationObserver(() => {
    if (!document.querySelector(selector)) return;
    seen.disconnect();
    performance.mark("there");
    requestAnimationFrame(() => {
      const { port1, port2 } = new MessageChannel();
      port1.onmessage = () => performance.mark("painted");
      port2.postMessage(null);
    });
  });
  seen.observe(document, { childList: true, subtree: true });
}

/** `{there, painted, fetched}`: the times in milliseconds since the page was asked for, by a browser that was never here. */
async function timed(visit, path, selector) {
  const page = await visit({ path: "about:blank", language: "zh-CN" });
  await page.waitForTimeout(SETTLED_MS);
  await page.addInitScript(watchFor, selector);
  await page.goto(path);
  const took = await page.waitForFunction(() => {
    const at = (name) => performance.getEntriesByName(name)[0]?.startTime;
    return at("painted") && { there: at("there"), painted: at("painted") };
  });
  const times = await took.jsonValue();
  await page.waitForLoadState("networkidle");
  const fetched = await page.evaluate(() =>
    [...performance.getEntriesByType("navigation"), ...performance.getEntriesByType("resource")].map((entry) => ({
      path: new URL(entry.name).pathname,
      bytes: entry.transferSize,
    })),
  );
  // The next one is to have the machine to itself.
  await page.context().close();
  return { fetched, ...times };
}

const written = (times) => {
  const sorted = times.map(Math.round).sort((one, other) => one - other);
  return `${sorted[0]} to ${sorted.at(-1)} ms, median ${sorted[Math.floor(sorted.length / 2)]}`;
};

export default {
  "the list is there soon, with few bytes": async ({ visit, report }) => {
    // The server has been asked once, as by anybody before.
    await (await visit({ language: "zh-CN" })).getByRole("rowheader").first().waitFor();
    const limit = [];
    const visits = [];
    for (let count = 0; count < VISITS; count += 1) {
      limit.push(await timed(visit, "/healthz", "body"));
      visits.push(await timed(visit, "/", "tbody tr"));
    }
    const { fetched } = visits.at(-1);
    const sum = (entries) => entries.reduce((bytes, entry) => bytes + entry.bytes, 0);
    const answers = fetched.filter(({ path }) => path === "/graphql");
    const files = fetched.filter(({ path }) => path !== "/graphql").sort((one, other) => other.bytes - one.bytes);
    report(`${sum(files)} bytes of files in ${files.length} requests, ${sum(answers)} of answers in ${answers.length}`);
    report(`the list is there after ${written(visits.map(({ there }) => there))}`);
    report(`and painted after ${written(visits.map(({ painted }) => painted))}; three bytes of text after ${written(limit.map(({ painted }) => painted))}`);
    assert.ok(answers.length > 0, "the list is asked for");
    assert.ok(fetched.every(({ bytes }) => bytes > 0), `not counted: ${JSON.stringify(fetched)}`);
    assert.ok(sum(fetched) < MOST_BYTES, `${sum(fetched)} bytes: ${JSON.stringify(fetched, null, 1)}`);
    assert.ok(visits.every(({ there }) => there < MOST_MS), "the list is late");
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

  "an address where nothing is leads back": async ({ visit }) => {
    const page = await visit({ path: "/order/1", language: "en", refused: ["404 GET /order/1"] });
    await page.getByRole("heading", { name: "There is no such page." }).waitFor();
    await page.getByRole("main").getByRole("link", { name: "Orders", exact: true }).click();
    await page.getByRole("rowheader").first().waitFor();
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
