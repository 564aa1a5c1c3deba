// Card secrets as people have them, a line each: what of a text is a card, and in which parts it is sent.

/** As the API bounds them. */
const LONGEST = 1_024;
const AT_ONCE = 5_000;
/** Of a request, with room for what stands around the secrets. */
const BYTES_AT_ONCE = 800_000;
const HEADS = ["secret", "card", "code", "key", "cdkey", "cd-key", "卡密", "兑换码", "激活码"];
const SHOWN = 3;
const bytes = new TextEncoder();

/** `{cards: [{line, secret}], left: [{line, why}], isTable}`: `left` are the lines that are no card; of a table, each line would be
 * taken as it stands. */
export function readSecrets(text) {
  const cards = [];
  const left = [];
  const lines = text.replace(/^\uFEFF/, "").split(/\r\n|\r|\n/);
  lines.forEach((raw, index) => {
    const secret = raw.trim();
    const line = index + 1;
    if (!secret) return;
    if (cards.length === 0 && left.length === 0 && HEADS.includes(secret.toLowerCase())) left.push({ line, why: "head" });
    else if (bytes.encode(secret).length > LONGEST) left.push({ line, why: "long" });
    else if (secret.includes("\uFFFD")) left.push({ line, why: "broken" });
    else if (/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u.test(secret)) left.push({ line, why: "unseen" });
    else cards.push({ line, secret });
  });
  const separated = cards.filter(({ secret }) => /[,;\t]/.test(secret)).length;
  return { cards, left, isTable: 2 * separated > cards.length || cards.some(({ secret }) => secret.startsWith('"')) };
}

/** `[{cards}]`, each of which one request can take. */
export function partsOf(cards) {
  const parts = [];
  let size = Infinity;
  for (const card of cards) {
    const more = bytes.encode(JSON.stringify(card.secret)).length + 1;
    if (size + more > BYTES_AT_ONCE || parts.at(-1).length === AT_ONCE) {
      parts.push([]);
      size = 0;
    }
    parts.at(-1).push(card);
    size += more;
  }
  return parts;
}

/** Enough of the first ones to know the file again, too little to use them. */
export function masked(cards) {
  return cards.slice(0, SHOWN).map(({ line, secret }) => {
    const letters = [...secret];
    const seen = letters.length >= 12 ? 2 : letters.length >= 8 ? 1 : 0;
    return { line, text: `${letters.slice(0, seen).join("")}••••${seen ? letters.slice(-seen).join("") : ""}`, length: letters.length };
  });
}

/** `[1, 2, 3, 7]` as `1–3, 7`. */
export function ranges(numbers) {
  const found = [];
  for (const number of numbers) {
    if (found.at(-1)?.[1] === number - 1) found.at(-1)[1] = number;
    else found.push([number, number]);
  }
  return found.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
}
