export const WORDS = { en: {}, "zh-CN": {} };
