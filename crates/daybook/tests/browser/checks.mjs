// What tests of several pages look at.

import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

import { LANGUAGES } from "./harness.mjs";

const AXE = await readFile(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"];

/** Fails on anything that WCAG 2.2 A or AA is known to be against. Wait until the page is there. */
export async function accessible(page) {
  // By way of the debugger: the page's own policy lets no script in.
  if (!(await page.evaluate(() => "axe" in globalThis))) await page.evaluate(AXE);
  const violations = await page.evaluate(async (tags) => {
    // This one is off by default.
    const rules = { "target-size": { enabled: true } };
    const options = { runOnly: { type: "tag", values: tags }, rules, resultTypes: ["violations"] };
    return (await globalThis.axe.run(document, options)).violations;
  }, TAGS);
  const told = violations.map(({ id, impact, help, helpUrl, nodes }) => {
    const where = nodes.map(({ target, html, failureSummary }) => `${target.join(" ")}\n      ${html}\n      ${failureSummary.replace(/\n\s*/g, " ")}`);
    return `${id} (${impact}): ${help}\n  ${helpUrl}\n    ${where.join("\n    ")}`;
  });
  if (told.length > 0) assert.fail(`not accessible at ${page.url()}:\n${told.join("\n")}`);
}

/** Fails when a page is wider than its window, and says what sticks out. */
export async function fitsItsWidth(page) {
  const found = await page.evaluate(() => {
    const width = document.documentElement.clientWidth;
    if (document.documentElement.scrollWidth <= width) return null;
    const wide = [...document.body.querySelectorAll("*")].filter((one) => one.getBoundingClientRect().right > width + 1);
    return `${document.documentElement.scrollWidth} > ${width}: ${wide.slice(0, 5).map((one) => one.outerHTML.slice(0, 120)).join("\n")}`;
  });
  if (found) assert.fail(`wider than its window at ${page.url()}: ${found}`);
}

/** What 1280 pixels are at 400 %: WCAG 1.4.10. */
const NARROW = { width: 320, height: 640 };

/** Both of it for one page, in each language, on a desk and a phone, light and dark. `ready(page, language)` waits. */
export async function inEveryLook(visit, options, ready) {
  for (const language of LANGUAGES) {
    for (const viewport of ["desktop", "phone"]) {
      const page = await visit({ ...options, language, viewport });
      await ready(page, language);
      await accessible(page);
      await fitsItsWidth(page);
      await page.emulateMedia({ colorScheme: "dark" });
      await accessible(page);
      if (viewport === "phone") {
        await page.setViewportSize(NARROW);
        await fitsItsWidth(page);
      }
    }
  }
}

/** Until it no longer throws, since lists are a moment behind and clocks run out in between. */
export async function eventually(check, withinMs = 10_000) {
  const deadline = Date.now() + withinMs;
  for (;;) {
    try {
      return await check();
    } catch (error) {
      if (Date.now() > deadline) throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
}
