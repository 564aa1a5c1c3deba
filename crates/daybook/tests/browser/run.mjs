// Runs the tests of pages/*.mjs one after another. Each file exports by default an object of tests: name → function of
// `{ visit, report }`. BROWSER_ONLY=text runs those with the text in their name.

import { readdir } from "node:fs/promises";
import { stripVTControlCharacters } from "node:util";

import { launch, Visits } from "./harness.mjs";

const LONGEST_MS = Number(process.env.BROWSER_LONGEST_MS ?? 120_000);
const only = process.env.BROWSER_ONLY ?? "";
const evidence = process.env.OUT;

const files = (await readdir(new URL("pages/", import.meta.url))).filter((file) => file.endsWith(".mjs")).sort();
const tests = [];
for (const file of files) {
  const { default: found } = await import(`./pages/${file}`);
  for (const [name, test] of Object.entries(found)) tests.push({ name: `${file.replace(".mjs", "")}: ${name}`, test });
}
const chosen = tests.filter(({ name }) => name.includes(only));
if (chosen.length === 0) throw new Error(`no test has "${only}" in its name`);

async function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`not done after ${milliseconds / 1000} s`)), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

const browser = await launch();
let failures = 0;
for (const { name, test } of chosen) {
  const visits = new Visits(browser);
  const reports = [];
  const began = performance.now();
  let why = null;
  try {
    await within(LONGEST_MS, test({ visit: visits.visit, visits, report: (text) => reports.push(text) }));
  } catch (error) {
    why = error.stack ?? String(error);
  }
  const complaints = visits.complaints();
  if (complaints.length > 0) why = [why, ...complaints].filter(Boolean).join("\n");
  const seconds = ((performance.now() - began) / 1000).toFixed(1);
  console.log(`${why ? "FAILED" : "ok"} ${name} (${seconds} s)`);
  reports.forEach((text) => console.log(`   ${text}`));
  if (why) {
    failures += 1;
    console.log(stripVTControlCharacters(why).replace(/^/gm, "   "));
    const kept = await visits.keepEvidence(evidence, name);
    if (kept.length > 0) console.log(`   see ${kept.join("\n       ")}`);
  }
  await visits.close();
}
await browser.close();
console.log(`${chosen.length - failures} of ${chosen.length} hold in Chromium ${browser.version()}`);
process.exitCode = failures === 0 ? 0 : 1;
