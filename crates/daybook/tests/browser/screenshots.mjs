// Pictures of the pages for the documentation, on the shop of a demo: `cargo xtask screenshots`.

import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

import { launch, Visits } from "./harness.mjs";
import { leaveOpen } from "./open-work.mjs";
import { ask, token } from "./shop.mjs";

const LARGEST_BYTES = 150_000;
const AGENT = { role: "owner", merchant: "huaxia" };
const SHOP = { role: "owner", merchant: "xinghe" };

/** Of the orders that were refunded, the one of which there is most to tell. */
async function eventful() {
  const query = `{ orders(where: {label: {eq: REFUNDED}, merchant: {eq: "xinghe"}}, first: 50) {
    nodes { id buyer { account } history(first: 100) { nodes { position } } } } }`;
  const { nodes } = (await ask(await token(SHOP), query)).orders;
  return nodes.reduce((most, one) => (one.history.nodes.length > most.history.nodes.length ? one : most));
}

/** What to show; the rest is what `visit` takes, or, of what has to be asked first, `asked` answers. `ready`: what must be there
 * first, by role and, if need be, name. */
const PICTURES = [
  { name: "sign-in-en", role: null, language: "en", ready: ["button", "Sign in"] },
  { name: "desk-zh", ...AGENT, path: "/?scope=SUBTREE", language: "zh-CN", ready: ["rowheader"] },
  { name: "desk-en-dark", ...AGENT, path: "/?scope=SUBTREE", language: "en", dark: true, ready: ["rowheader"] },
  {
    name: "desk-phone-zh", ...AGENT, path: "/?scope=SUBTREE&label=EXCEPTION", language: "zh-CN", viewport: "phone",
    ready: ["rowheader"],
  },
  {
    name: "order-zh", ...SHOP, asked: async () => ({ path: `/orders/${(await eventful()).id}` }), language: "zh-CN",
    ready: ["region", "操作轨迹"],
  },
  { name: "exceptions-en", role: "platform", path: "/exceptions", language: "en", ready: ["article"] },
  { name: "after-sales-zh", role: "platform", path: "/after-sales", language: "zh-CN", ready: ["rowheader"] },
  { name: "stock-zh", ...SHOP, path: "/stock", language: "zh-CN", ready: ["rowheader"] },
  { name: "alerts-en", role: "platform", path: "/alerts", language: "en", ready: ["log"] },
  { name: "audit-en-dark", ...SHOP, path: "/audit?kind=price-edited", language: "en", dark: true, ready: ["rowheader"] },
  { name: "dashboard-zh", ...AGENT, path: "/dashboard?scope=SUBTREE", language: "zh-CN", ready: ["list", "核心指标"] },
  {
    name: "dashboard-phone-en-dark", ...AGENT, path: "/dashboard?scope=SUBTREE", language: "en", viewport: "phone", dark: true,
    ready: ["list", "Figures"],
  },
  { name: "sub-orders-zh", ...AGENT, path: "/sub-orders", language: "zh-CN", ready: ["rowheader"] },
  { name: "settings-en", ...SHOP, path: "/settings", language: "en", ready: ["button", "Change policies"] },
  {
    name: "buyer-phone-zh", role: "buyer", merchant: "xinghe",
    asked: async () => {
      const { id, buyer } = await eventful();
      return { buyer: buyer.account, path: `/buyer?order=${id}` };
    },
    language: "zh-CN", viewport: "phone", ready: ["heading"],
  },
];

/** Playwright itself writes no WebP, which is half of a PNG here. */
async function picture(page) {
  const client = await page.context().newCDPSession(page);
  const { data } = await client.send("Page.captureScreenshot", { format: "webp", quality: 90 });
  return Buffer.from(data, "base64");
}

async function take(browser, { name, ready: [role, label], asked, ...options }) {
  const visits = new Visits(browser);
  const page = await visits.visit({ ...options, ...(await asked?.()) });
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
await leaveOpen();
const browser = await launch();
try {
  for (const shown of chosen) {
    const bytes = await take(browser, shown).catch((error) => {
      throw new Error(`${shown.name}: ${error.message}`);
    });
    const file = join(folder, `${shown.name}.webp`);
    await writeFile(file, bytes);
    console.log(`${file}: ${Math.ceil(bytes.length / 1000)} KB`);
  }
} finally {
  await browser.close();
}
