const ITEMS = Buffer.from('"items":[');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const END = 0x5d;

/**
 * Parses a list, handing over its items one after the other: as one tree, a page of nodes would make V8 reserve tens of megabytes for
 * young objects, which it keeps.
 *
 * The first `"items":[` is the list's own: inside a JSON string each quote follows a backslash, and before its items a list has its
 * kind and its metadata alone.
 * @returns the list without the items that were handed over
 * @throws SyntaxError
 */
export function parseItems(body: Buffer, take: (item: unknown) => void): unknown {
  const key = body.indexOf(ITEMS);
  if (key < 0) return JSON.parse(body.toString());
  const begin = key + ITEMS.length;
  let at = begin;
  let item = begin;
  for (let depth = 0; depth !== 0 || body[at] !== END; at += 1) {
    const byte = body[at];
    if (byte === undefined || depth < 0) throw new SyntaxError("the list does not end, or ends too often");
    if (byte === QUOTE) at = endOfString(body, at);
    else if (byte === OPEN) {
      if (depth === 0) item = at;
      depth += 1;
    } else if (byte === CLOSE) {
      depth -= 1;
      if (depth === 0) take(JSON.parse(body.toString("utf8", item, at + 1)));
    }
  }
  return JSON.parse(body.toString("utf8", 0, begin) + body.toString("utf8", at));
}

/** The place of the quote that ends the string which begins at a place, or the end of the body. */
function endOfString(body: Buffer, from: number): number {
  let at = from + 1;
  while (at < body.length && body[at] !== QUOTE) at += body[at] === BACKSLASH ? 2 : 1;
  return at;
}
