// Lists of merchants.

export const MERCHANTS = {
  en: {
    "merchants.cut": "The first {count} merchants are shown.",
    "merchants.more": "Show more of them",
  },
  "zh-CN": {
    "merchants.cut": "仅显示前 {count} 个商家。",
    "merchants.more": "显示更多商家",
  },
};
