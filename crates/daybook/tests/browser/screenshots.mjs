// Pictures of the pages for the documentation, on the shop of a demo: `cargo xtask screenshots`.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { launch, Visits } from "./harness.mjs";

const LARGEST_BYTES = 250_000;
const AGENT = { role: "owner", merchant: "huaxia" };

/** What to show; the rest is what `visit` takes. `ready`: what must be there first, by role and, if need be, name. */
const PICTURES = [
  { name: "sign-in-en", role: null, language: "en", ready: ["button", "Sign in"] },
  { name: "desk-zh", ...AGENT, path: "/?scope=SUBTREE", language: "zh-CN", ready: ["rowheader"] },
  { name: "desk-en-dark", ...AGENT, path: "/?scope=SUBTREE", language: "en", dark: true, ready: ["rowheader"] },
  {
    name: "desk-phone-zh", ...AGENT, path: "/?scope=SUBTREE&label=EXCEPTION", language: "zh-CN", viewport: "phone",
    ready: ["rowheader"],
  },
];

/** Playwright itself writes no WebP, which is half of a PNG here. */
async function picture(page) {
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send("Page.captureScreenshot", { format: "webp", quality: 90 });
  return Buffer.from(data, "base64");
}

async function take(browser, { name, ready: [role, label], ...asked }) {
  const visits = new Visits(browser);
  const page = await visits.visit(asked);
  await page.getByRole(role, label && { name: label, exact: true }).first().waitFor();
  await page.waitForLoadState("networkidle");
  const bytes = await picture(page);
  const complaints = visits.complaints();
  if (complaints.length > 0) throw new Error(complaints.join("\n"));
  if (bytes.length > LARGEST_BYTES) throw new Error(`${bytes.length} bytes, more than ${LARGEST_BYTES}: show less of it`);
  await visits.close();
  return bytes;
}

const folder = process.env.OUT;
const only = process.env.SCREENSHOTS_ONLY ?? "";
const chosen = PICTURES.filter(({ name }) => name.includes(only));
if (chosen.length === 0) throw new Error(`no picture has "${only}" in its name`);

await mkdir(folder, { recursive: true });
const browser = await launch();
try {
  for (const asked of chosen) {
    const bytes = await take(browser, asked).catch((error) => {
      throw new Error(`${asked.name}: ${error.message}`);
    });
    const file = join(folder, `${asked.name}.webp`);
    await writeFile(file, bytes);
    console.log(`${file}: ${Math.ceil(bytes.length / 1000)} KB`);
  }
} finally {
  await browser.close();
}
