// What pages reckon with: days of a zone, sums of money, the tree of merchants.

import assert from "node:assert/strict";
import { join } from "node:path";

/** Where modules are in the browser: of those that the server joins, nothing outside sees a single one. */
const folder = "/modules";

/** Calls a function of a module, as it is written: `call("money.js", "sum", ["1"])`. */
async function modules(visit) {
  const page = await visit({ role: null, language: "en" });
  await page.route(`**${folder}/**`, (route) => {
    const { pathname } = new URL(route.request().url());
    return route.fulfill({ path: join(process.env.DAYBOOK_WEB, pathname.slice(folder.length)), contentType: "text/javascript" });
  });
  return (file, name, ...given) => page.evaluate(
    async ([address, exported, values]) => (await import(address))[exported](...values),
    [`${folder}/${file}`, name, given],
  );
}

export default {
  "a day begins when its zone says so": async ({ visit }) => {
    const call = await modules(visit);
    const startOf = (zone, day) => call("zone.js", "startOf", zone, day);
    assert.equal(await startOf("Asia/Shanghai", "2026-11-27"), "2026-11-26T16:00:00.000Z");
    assert.equal(await startOf("America/New_York", "2026-03-08"), "2026-03-08T05:00:00.000Z");
    assert.equal(await startOf("America/New_York", "2026-03-09"), "2026-03-09T04:00:00.000Z");
    assert.equal(await startOf("America/New_York", "2026-11-01"), "2026-11-01T04:00:00.000Z");
    assert.equal(await startOf("America/New_York", "2026-11-02"), "2026-11-02T05:00:00.000Z");
    // There was no midnight on this day.
    assert.equal(await startOf("America/Sao_Paulo", "2018-11-04"), "2018-11-04T03:00:00.000Z");
    assert.equal(await startOf("Pacific/Kiritimati", "2026-01-01"), "2025-12-31T10:00:00.000Z");
    assert.equal(await call("zone.js", "dayOf", "America/New_York", Date.parse("2026-11-01T03:59:59Z")), "2026-10-31");
  },

  "days away it is the same time of day, also across a change of clocks": async ({ visit }) => {
    const call = await modules(visit);
    const away = async (zone, from, days) => new Date(await call("zone.js", "awayByDays", zone, Date.parse(from), days)).toISOString();
    assert.equal(await away("Asia/Shanghai", "2026-11-27T10:00:00.125Z", -7), "2026-11-20T10:00:00.125Z");
    assert.equal(await away("America/New_York", "2026-11-03T20:30:15.250Z", -7), "2026-10-27T19:30:15.250Z");
    assert.equal(await away("America/New_York", "2026-03-10T15:00:00Z", -7), "2026-03-03T16:00:00.000Z");
    // 2:30 was skipped.
    assert.equal(await away("America/New_York", "2026-03-15T06:30:00Z", -7), "2026-03-08T07:00:00.000Z");
    assert.equal(await away("Asia/Shanghai", "1969-12-25T00:00:00.250Z", 1), "1969-12-26T00:00:00.250Z");
  },

  "a running week is compared with one that ended at the same time of day": async ({ visit }) => {
    const call = await modules(visit);
    // Clocks went back on 1 November.
    const range = await call("dashboard/range.js", "rangeOf", { range: "7" }, "America/New_York", Date.parse("2026-11-03T20:30:00Z"));
    assert.deepEqual(range.now, { gte: "2026-10-28T04:00:00.000Z", lt: "2026-11-03T20:30:00.000Z" });
    assert.deepEqual(range.before, { gte: "2026-10-21T04:00:00.000Z", lt: "2026-10-27T19:30:00.000Z" });
  },

  "what is being typed is no day yet": async ({ visit }) => {
    const call = await modules(visit);
    const isDay = (text) => call("zone.js", "isDay", text);
    for (const text of ["2026-11-27", "2000-01-01", "2028-02-29"]) assert.equal(await isDay(text), true, text);
    for (const text of ["0202-11-27", "2026-13-01", "2026-11", "", null]) assert.equal(await isDay(text), false, String(text));
  },

  "money is summed and compared to the last digit": async ({ visit }) => {
    const call = await modules(visit);
    const sum = (...amounts) => call("money.js", "sum", amounts);
    assert.equal(await sum(), "0");
    assert.equal(await sum("0.10", "0.20"), "0.30");
    assert.equal(await sum("90071992547409.93", "0.01", "-0.02"), "90071992547409.92");
    assert.equal(await sum("150", "250"), "400");
    assert.equal(await sum("1.234", "0", "0.001"), "1.235");
    assert.equal(await sum("-0.05", "0.02"), "-0.03");
    const difference = (amount, less) => call("money.js", "difference", amount, less);
    assert.equal(await difference("90071992547409.93", "90071992547409.92"), "0.01");
    assert.equal(await difference("1.000", "1.001"), "-0.001");
    assert.equal(await difference("5", "5"), "0");
  },

  "merchants stand below each other by name": async ({ visit }) => {
    const call = await modules(visit);
    const one = (id, parent) => ({ id, name: id.toUpperCase(), parent });
    const merchants = [one("root", null), one("b", "root"), one("a", "root"), one("a-2", "a"), one("a-1", "a"), one("lost", "elsewhere")];
    const depths = async (...given) => (await call("merchants.js", "inOrder", ...given)).map(({ id, depth }) => `${id} ${depth}`);
    assert.deepEqual(await depths(merchants), ["lost 0", "root 0", "a 1", "a-1 2", "a-2 2", "b 1"]);
    assert.deepEqual(await depths(merchants, "root"), ["a 0", "a-1 1", "a-2 1", "b 0", "lost 0"]);
    // Whoever asks is not always among those that are listed.
    assert.deepEqual(await depths(merchants.slice(1), "root"), ["a 0", "a-1 1", "a-2 1", "b 0", "lost 0"]);
  },
};
