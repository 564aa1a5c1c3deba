// A browser, and visits to the console in it: each has its own cookies, language, size and colours.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { chromium } from "playwright-core";

import { base, token } from "./shop.mjs";
import { watch } from "./watch.mjs";

const VIEWPORTS = {
  desktop: { viewport: { width: 1440, height: 900 } },
  phone: { viewport: { width: 390, height: 844 }, deviceScaleFactor: 2, isMobile: true, hasTouch: true },
};

export const LANGUAGES = ["zh-CN", "en"];

export function launch() {
  // Only our own pages are opened: no sandbox is needed, and none can be had as root or in most containers.
  const args = ["--no-sandbox", "--font-render-hinting=none", "--force-color-profile=srgb"];
  // Nothing leaves the machine, not even by mistake. Routes of Playwright's would switch the cache off.
  args.push(`--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE ${new URL(base).hostname}`);
  return chromium.launch({ executablePath: process.env.DAYBOOK_CHROMIUM, args });
}

/** What one test has opened. */
export class Visits {
  #browser;
  #open = [];

  constructor(browser) {
    this.#browser = browser;
  }

  /**
   * Opens a page as somebody, in a context of its own, and returns Playwright's `Page`.
   *
   * `role: null` is not signed in; `secret` is a token that the test has already. `refused` lists the answers above 399
   * that the test means to get, such as "401 POST /session".
   */
  visit = async ({
    path = "/",
    role = "owner",
    merchant = ["platform", "auditor", "analyst"].includes(role) ? undefined : "xinghe",
    buyer,
    secret,
    language = "zh-CN",
    viewport = "desktop",
    dark = false,
    refused = [],
  } = {}) => {
    const context = await this.#browser.newContext({
      ...VIEWPORTS[viewport],
      baseURL: base,
      locale: language,
      timezoneId: "Asia/Shanghai",
      colorScheme: dark ? "dark" : "light",
      reducedMotion: "reduce",
    });
    context.setDefaultTimeout(15_000);
    const seen = watch(context, refused);
    if (role) {
      const body = { token: secret ?? (await token({ role, merchant, buyer })) };
      const answer = await context.request.post("/session", { data: body, headers: { Origin: base } });
      if (!answer.ok()) throw new Error(`no session for ${role}: ${answer.status()} ${await answer.text()}`);
    }
    const page = await context.newPage();
    this.#open.push({ context, page, seen, refused });
    await page.goto(path);
    return page;
  };

  /** What all visits had to complain of; gone afterwards. */
  complaints() {
    return this.#open.flatMap(({ seen }) => seen.complaints.splice(0));
  }

  /** A picture, the document and the console of each visit, for whoever has to find out why. */
  async keepEvidence(folder, name) {
    await mkdir(folder, { recursive: true });
    const kept = [];
    for (const [index, { page, seen }] of this.#open.entries()) {
      const stem = join(folder, `${name.replace(/[^\p{L}\p{N}]+/gu, "-")}-${index + 1}`);
      await writeFile(`${stem}.log`, `${page.url()}\n${seen.log.join("\n")}\n`);
      kept.push(`${stem}.log`);
      // A page that crashed has neither.
      const files = [
        [`${stem}.png`, () => page.screenshot({ path: `${stem}.png`, fullPage: true, timeout: 10_000 })],
        [`${stem}.html`, async () => writeFile(`${stem}.html`, await page.content())],
      ];
      for (const [file, keep] of files) await keep().then(() => kept.push(file), () => {});
    }
    return kept;
  }

  async close() {
    await Promise.all(this.#open.splice(0).map(({ context }) => context.close()));
  }
}
