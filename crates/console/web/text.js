// What people read, in their language; money, times and numbers as the language writes them.

import { FRAME } from "./texts/frame.js";
import { WORDS } from "./texts/words.js";

const LANGUAGES = ["en", "zh-CN"];
const KEPT = "daybook-language";
const texts = { en: {}, "zh-CN": {} };

/** Each page brings its own texts: `{en: {key: text}, "zh-CN": {key: text}}`. A test holds that no language lacks one. */
export function addTexts(more) {
  for (const language of LANGUAGES) Object.assign(texts[language], more[language]);
}

addTexts(FRAME);
addTexts(WORDS);

/** The language that was chosen here, else the browser's. */
export function chosenLanguage() {
  const kept = localStorage.getItem(KEPT);
  if (LANGUAGES.includes(kept)) return kept;
  return navigator.languages.some((language) => language.startsWith("zh")) ? "zh-CN" : "en";
}

export function keepLanguage(language) {
  localStorage.setItem(KEPT, language);
}

/** `t("failed", {why})`: the text with what stands in its braces; `{s:count}` is an s unless the count is 1. What has no text, such as a code of a newer server, is shown as it is. */
export function translator(language) {
  return (key, values = {}) => {
    const text = texts[language][key] ?? texts.en[key] ?? key;
    return text.replace(/\{(s:)?(\w+)\}/g, (_, plural, name) => (plural ? (String(values[name]) === "1" ? "" : "s") : (values[name] ?? "")));
  };
}

/** How the language, in a time zone, writes what a page shows. Formats are made once: making one costs more than using it a hundred times. */
export function formats(language, zone) {
  const currencies = new Map();
  // With the digits of the amount: browsers leave out those of some currencies that ISO 4217 has.
  const currency = (code, digits) => {
    const key = `${code}${digits}`;
    if (!currencies.has(key)) {
      const options = { style: "currency", currency: code, minimumFractionDigits: digits, maximumFractionDigits: digits };
      currencies.set(key, new Intl.NumberFormat(language, options));
    }
    return currencies.get(key);
  };
  const dateTime = (options) => new Intl.DateTimeFormat(language, { timeZone: zone, ...options });
  const short = dateTime({ dateStyle: "short", timeStyle: "short" });
  const exact = dateTime({ dateStyle: "medium", timeStyle: "medium" });
  const day = dateTime({ month: "short", day: "numeric" });
  const clock = dateTime({ hour: "2-digit", minute: "2-digit" });
  const whole = new Intl.NumberFormat(language);
  const share = new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 1 });
  return {
    /** An exact decimal with its currency. A string keeps all digits: `format` takes it as it is. */
    money: ({ amount, currency: code }) => currency(code, String(amount).split(".")[1]?.length ?? 0).format(amount),
    number: (value) => whole.format(value),
    /** Of a ratio, such as "0.054545"; null, without a denominator, is a dash. */
    percent: (ratio) => (ratio === null || ratio === undefined ? "–" : share.format(ratio)),
    moment: (at) => short.format(new Date(at)),
    exact: (at) => exact.format(new Date(at)),
    day: (at) => day.format(new Date(at)),
    clock: (at) => clock.format(new Date(at)),
    /** The two largest units of it. */
    span: (seconds) => span(language, seconds),
  };
}

const UNITS = [["day", 86_400], ["hour", 3_600], ["minute", 60], ["second", 1]];
const unitFormats = new Map();

function span(language, seconds) {
  const total = Math.max(0, Math.round(seconds));
  let at = UNITS.findIndex(([, size]) => total >= size);
  if (at < 0) at = UNITS.length - 1;
  const parts = [];
  let rest = total;
  for (const [unit, size] of UNITS.slice(at, at + 2)) {
    const count = Math.floor(rest / size);
    rest -= count * size;
    if (count === 0 && parts.length > 0) continue;
    const key = `${language} ${unit}`;
    if (!unitFormats.has(key)) unitFormats.set(key, new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "short" }));
    parts.push(unitFormats.get(key).format(count));
  }
  return parts.join(" ");
}
