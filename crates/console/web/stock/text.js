// The text of a file as people's machines write it.

/** Of which byte order mark which encoding follows. */
const MARKED = [["utf-16le", [0xff, 0xfe]], ["utf-16be", [0xfe, 0xff]]];
/** Chinese Windows writes the second one: GBK is a part of it. */
const TRIED = ["utf-8", "gb18030"];

/** `{text, encoding}`; null where it is no text that is known. Nothing is replaced: half a secret is none. */
export async function readText(file) {
  const bytes = new Uint8Array(await file.arrayBuffer());
  const marked = MARKED.find(([, mark]) => mark.every((byte, index) => bytes[index] === byte));
  for (const encoding of marked ? [marked[0]] : TRIED) {
    try {
      return { text: new TextDecoder(encoding, { fatal: true }).decode(bytes), encoding };
    } catch {
      // It is written otherwise.
    }
  }
  return null;
}
