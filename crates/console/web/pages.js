// The pages, in the order of the menu, and which roles have something to see there.

import { WORKERS } from "./roles.js";

const PEOPLE = ["PLATFORM", "OWNER", "CLERK", "SUPPORT", "AUDITOR"];

/** `path` may end in `:id`; what has `isHidden` stands in no menu. The server answers each of these paths: see lib.rs. */
const PAGES = [
  { key: "orders", path: "/", roles: PEOPLE, load: () => import("./pages/desk.js") },
  { key: "order", path: "/orders/:id", roles: PEOPLE, isHidden: true, load: () => import("./pages/order.js") },
  { key: "exceptions", path: "/exceptions", roles: PEOPLE, load: () => import("./pages/exceptions.js") },
  { key: "afterSales", path: "/after-sales", roles: PEOPLE, load: () => import("./pages/after-sales.js") },
  { key: "stock", path: "/stock", roles: PEOPLE, load: () => import("./pages/stock.js") },
  { key: "dashboard", path: "/dashboard", roles: [...WORKERS, "AUDITOR", "ANALYST"], load: () => import("./pages/dashboard.js") },
  { key: "subOrders", path: "/sub-orders", roles: PEOPLE, load: () => import("./pages/sub-orders.js") },
  { key: "jobs", path: "/jobs", roles: WORKERS, load: () => import("./pages/jobs.js") },
  { key: "job", path: "/jobs/:id", roles: WORKERS, isHidden: true, load: () => import("./pages/job.js") },
  { key: "alerts", path: "/alerts", roles: PEOPLE, load: () => import("./pages/alerts.js") },
  { key: "audit", path: "/audit", roles: ["PLATFORM", "OWNER", "AUDITOR"], load: () => import("./pages/audit.js") },
  { key: "settings", path: "/settings", roles: [...PEOPLE, "ANALYST"], load: () => import("./pages/settings.js") },
];

/** For whoever bought: without the frame. */
export const BUYER_PAGE = { key: "buyer", load: () => import("./pages/buyer.js") };

export function pagesFor(role) {
  return PAGES.filter(({ roles, isHidden }) => roles.includes(role) && !isHidden);
}

/** What is wrongly written is nobody's id. */
function decoded(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** `{page, id}` of an address; page is undefined where there is none. */
export function pageAt(path) {
  for (const page of PAGES) {
    if (page.path === path) return { page };
    const stem = page.path.endsWith(":id") && page.path.slice(0, -3);
    const id = stem && path.startsWith(stem) && path.slice(stem.length);
    if (id && !id.includes("/")) return { page, id: decoded(id) };
  }
  return {};
}
