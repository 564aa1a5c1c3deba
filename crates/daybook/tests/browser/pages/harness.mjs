// The harness itself: what the other tests rely on being seen is seen.

import assert from "node:assert/strict";

import { accessible, fitsItsWidth } from "../checks.mjs";

const SIGN_IN = { role: null, language: "en" };

async function ready(page) {
  await page.getByRole("button", { name: "Sign in" }).waitFor();
  return page;
}

export default {
  "what a page must not do is complained of": async ({ visit, visits }) => {
    const page = await ready(await visit(SIGN_IN));
    await page.evaluate(async () => {
      console.error("a word of ours");
      setTimeout(() => {
        throw new Error("thrown by a page");
      });
      new Image().src = "http://pictures.invalid/one.png";
      const style = document.createElement("style");
      document.body.append(style);
      style.textContent = "h1 { color: red }";
      await fetch("/nowhere");
    });
    await page.goto("http://elsewhere.invalid/").catch(() => {});
    const complaints = visits.complaints().join("\n");
    for (const expected of [
      /console: a word of ours/,
      /throws: .*thrown by a page/,
      /pictures\.invalid.*Content Security Policy/s,
      /inline style.*Content Security Policy/s,
      /is refused: 404 GET \/nowhere/,
      /asks another host: http:\/\/elsewhere\.invalid\//,
    ]) {
      assert.match(complaints, expected);
    }
  },

  "what shuts people out is found": async ({ visit }) => {
    const page = await ready(await visit(SIGN_IN));
    await accessible(page);
    await page.evaluate(() => {
      document.documentElement.removeAttribute("lang");
      const main = document.querySelector("main");
      main.insertAdjacentHTML("beforeend", '<input id="unnamed"><p id="faint">hardly there</p><button>a</button><button>b</button>');
      main.querySelector("#faint").style.color = "#ccc";
      for (const button of main.querySelectorAll("button:not([class])")) {
        Object.assign(button.style, { minHeight: 0, padding: 0, height: "8px", width: "8px" });
      }
    });
    await assert.rejects(accessible(page), (error) => {
      for (const rule of ["html-has-lang", "label", "color-contrast", "target-size"]) {
        assert.match(error.message, new RegExp(`^${rule} `, "m"));
      }
      return true;
    });
  },

  "what sticks out is found": async ({ visit }) => {
    const page = await ready(await visit({ ...SIGN_IN, viewport: "phone" }));
    await fitsItsWidth(page);
    await page.evaluate(() => document.querySelector("main").insertAdjacentHTML("beforeend", "<pre>long</pre>"));
    await page.evaluate(() => (document.querySelector("pre").style.width = "500px"));
    await assert.rejects(fitsItsWidth(page), /<pre/);
  },
};
