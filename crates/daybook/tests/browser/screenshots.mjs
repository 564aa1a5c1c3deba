// Pictures of the pages for the documentation, on the shop of a demo: `cargo xtask screenshots`.

import { mkdir, stat } from "node:fs/promises";
import { join } from "node:path";

import { launch, Visits } from "./harness.mjs";

const LARGEST_BYTES = 250_000;

/** What to show; the rest is what `visit` takes. `ready` is what must be there first: a role, and a name if need be. */
const PICTURES = [
  { name: "sign-in-en", role: null, language: "en", ready: ["button", "Sign in"] },
  { name: "desk-zh", language: "zh-CN", path: "/?scope=SUBTREE", merchant: "huaxia", ready: ["rowheader"] },
  { name: "desk-en-dark", language: "en", dark: true, path: "/?scope=SUBTREE", merchant: "huaxia", ready: ["rowheader"] },
  { name: "desk-phone-zh", language: "zh-CN", viewport: "phone", merchant: "fengche", path: "/?label=TO_SHIP", ready: ["rowheader"] },
];

const folder = process.env.OUT;
await mkdir(folder, { recursive: true });
const chosen = PICTURES.filter(({ name }) => name.includes(process.env.SCREENSHOTS_ONLY ?? ""));
if (chosen.length === 0) throw new Error(`no picture has "${process.env.SCREENSHOTS_ONLY}" in its name`);

const browser = await launch();
for (const { name, ready: [role, label], ...asked } of chosen) {
  const visits = new Visits(browser);
  const page = await visits.visit(asked);
  await page.getByRole(role, label && { name: label, exact: true }).first().waitFor();
  await page.waitForLoadState("networkidle");
  const path = join(folder, `${name}.png`);
  await page.screenshot({ path });
  const complaints = visits.complaints();
  if (complaints.length > 0) throw new Error(`${name}: ${complaints.join("\n")}`);
  const { size } = await stat(path);
  console.log(`${name}.png: ${Math.ceil(size / 1000)} KB`);
  if (size > LARGEST_BYTES) throw new Error(`${name}.png has ${size} bytes, more than ${LARGEST_BYTES}: show less, or a smaller window`);
  await visits.close();
}
await browser.close();
