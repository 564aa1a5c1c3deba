// The choice of a currency.

export const CURRENCY = {
  en: {
    "currency.name": "Currency",
    "currency.inUse": "In use",
    "currency.others": "Others",
  },
  "zh-CN": {
    "currency.name": "币种",
    "currency.inUse": "在用",
    "currency.others": "其他",
  },
};
