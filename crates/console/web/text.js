// What people read, in each language; a test holds that none lacks what another has.

export const TEXTS = {
  en: {
    signIn: "Sign in",
    token: "Token",
    tokenHint: "Make one with: daybook token create --role owner --merchant ID --data DIR",
    signOut: "Sign out",
    orders: "Orders",
    all: "All",
    number: "Number",
    placedAt: "Placed",
    goods: "Goods",
    buyer: "Buyer",
    amount: "Amount",
    status: "Status",
    merchant: "Merchant",
    loading: "Loading…",
    none: "No orders here.",
    newer: "Newer",
    older: "Older",
    subtree: "With the merchants below",
    failed: "That did not work: {why}",
    again: "Try again",
    skip: "Skip to the content",
    language: "中文",
    AWAITING_PAYMENT: "Awaiting payment",
    TO_SHIP: "To ship",
    SHIPPED: "Shipped",
    COMPLETED: "Completed",
    CANCELLED: "Cancelled",
    REFUNDED: "Refunded",
    AFTER_SALES: "After-sales",
    EXCEPTION: "Exception",
  },
  "zh-CN": {
    signIn: "登录",
    token: "令牌",
    tokenHint: "用此命令生成：daybook token create --role owner --merchant 商家 --data 目录",
    signOut: "退出登录",
    orders: "订单管理",
    all: "全部",
    number: "订单号",
    placedAt: "下单时间",
    goods: "商品",
    buyer: "买家",
    amount: "金额",
    status: "状态",
    merchant: "商家",
    loading: "加载中…",
    none: "这里没有订单。",
    newer: "较新",
    older: "较早",
    subtree: "包含下级商家",
    failed: "操作未成功：{why}",
    again: "重试",
    skip: "跳到内容",
    language: "English",
    AWAITING_PAYMENT: "待付款",
    TO_SHIP: "待发货",
    SHIPPED: "已发货",
    COMPLETED: "已完成",
    CANCELLED: "已取消",
    REFUNDED: "已退款",
    AFTER_SALES: "售后中",
    EXCEPTION: "异常",
  },
};

const KEPT = "daybook-language";

/** The language that was chosen here, else the browser's. */
export function chosenLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (kept in TEXTS) return kept;
  return navigator.languages.some((language) => language.startsWith("zh")) ? "zh-CN" : "en";
}

export function keepLanguage(language) {
  localStorage.setItem(KEPT, language);
}

/** `t("failed", {why})`: the text with what stands in its braces. */
export function translator(language) {
  return (key, values = {}) => TEXTS[language][key].replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
}

/** An exact decimal with its currency, as the language writes it. */
export function money(language, { amount, currency }) {
  // A string keeps all digits: `format` takes it as it is.
  return new Intl.NumberFormat(language, { style: "currency", currency }).format(amount);
}

export function moment(language, at) {
  return new Intl.DateTimeFormat(language, { dateStyle: "short", timeStyle: "short" }).format(new Date(at));
}
