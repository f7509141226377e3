import { setImmediate } from "node:timers/promises";

/** What is kept of a JSON object while it is read; all else is passed over, however large. */
export interface Wanted {
  /** Members that are kept where they are texts. */
  readonly texts?: ReadonlySet<string>;
  /** Members of which the bytes are kept where they are texts, also very long ones: see {@link textOf}. */
  readonly long?: ReadonlySet<string>;
  /** Members that are looked into: an object, or the objects of a list. May lead back to this one. */
  readonly within?: ReadonlyMap<string, Wanted>;
  /** Given each object once it is read. Without it, the object is kept as a part of the one around it. */
  readonly found?: (object: Kept) => void;
}

/** What was kept of an object. */
export interface Kept {
  readonly texts: Map<string, string>;
  readonly long: Map<string, Uint8Array>;
  readonly parts: Map<string, Kept[]>;
}

/** Why bytes are no JSON, or too much of it. */
export class JsonWalkError extends Error {
  override readonly name = "JsonWalkError";
  /** It is more than is read, and may be JSON all the same. */
  readonly tooMuch: boolean;

  constructor(message: string, tooMuch = false) {
    super(message);
    this.tooMuch = tooMuch;
  }
}

/** Levels that JSON may nest. */
const MAX_DEPTH = 64;
/** Bytes of a text that is kept; a longer one counts as missing. */
const MAX_TEXT = 2048;
/** Parts that are kept of one object. */
const MAX_PARTS = 200;
/** Bytes between two moments in which others get their turn: some milliseconds. */
const AT_ONCE = 128 << 10;

const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
const SCALAR = /^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)$/;
const MAX_SCALAR = 64;
const NO_OBJECT = "it is not a JSON object";

interface Frame {
  readonly isObject: boolean;
  /** Of the object, or of each object in the list; absent where all of it is passed over. */
  readonly wanted: Wanted | undefined;
  /** The object that is read, or the one that the list is a part of. */
  readonly kept: Kept | undefined;
  /** Of an object the member that is read, where it matters; of a list the member that it is. */
  key: string | undefined;
}

/**
 * Reads JSON in one pass, in turns, and keeps little of it: an SBOM of 32 MB would take several hundred as objects, and nobody would be
 * answered while it is parsed.
 * @returns what was kept of the outermost object
 * @throws JsonWalkError
 */
export async function walkJson(bytes: Uint8Array, root: Wanted, signal: AbortSignal): Promise<Kept> {
  const source = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const result = emptyKept();
  const stack: Frame[] = [];
  let expects: "value" | "value-or-end" | "key-or-end" | "key" | "colon" | "comma-or-end" | "nothing" = "value";
  let turn = AT_ONCE;
  let at = startsWithMark(bytes) ? 3 : 0;

  const odd = (): JsonWalkError =>
    new JsonWalkError(at < bytes.length ? `it is not JSON at byte ${at}` : "it ends in the middle");
  const open = (isObject: boolean): void => {
    const frame = stack.at(-1);
    const wanted = frame === undefined ? root : frame.isObject ? memberOf(frame) : isObject ? frame.wanted : undefined;
    if (frame === undefined) {
      if (!isObject) throw new JsonWalkError(NO_OBJECT);
      stack.push({ isObject, wanted, kept: result, key: undefined });
    } else if (!isObject) stack.push({ isObject, wanted, kept: frame.kept, key: frame.key });
    else stack.push({ isObject, wanted, kept: wanted && emptyKept(), key: undefined });
    if (stack.length > MAX_DEPTH) throw new JsonWalkError(`it nests deeper than ${MAX_DEPTH} levels`, true);
  };
  const close = (isObject: boolean): void => {
    const frame = stack.pop();
    if (frame?.isObject !== isObject) throw odd();
    if (!isObject || frame.kept === undefined) return;
    const around = stack.at(-1);
    if (frame.wanted?.found) frame.wanted.found(frame.kept);
    else if (around?.kept && around.key !== undefined) addPart(around.kept, around.key, frame.kept);
  };

  for (; at < bytes.length; at += 1) {
    if (at >= turn) {
      turn = at + AT_ONCE;
      await setImmediate();
      signal.throwIfAborted();
    }
    const byte = bytes[at];
    if (byte === 0x20 || byte === 0x0a || byte === 0x0d || byte === 0x09) continue;
    const frame = stack.at(-1);
    if (byte === QUOTE) {
      const start = at + 1;
      at = textEnd(bytes, start);
      if (expects === "key" || expects === "key-or-end") {
        if (frame?.wanted) frame.key = at - start > MAX_TEXT ? undefined : decoded(source, start, at);
        expects = "colon";
      } else if (expects === "value" || expects === "value-or-end") {
        if (frame === undefined) throw new JsonWalkError(NO_OBJECT);
        if (frame.isObject) keepText(frame, source, start, at);
        expects = "comma-or-end";
      } else throw odd();
    } else if (byte === COMMA) {
      if (expects !== "comma-or-end") throw odd();
      expects = frame?.isObject ? "key" : "value";
    } else if (byte === COLON) {
      if (expects !== "colon") throw odd();
      expects = "value";
    } else if (byte === OPEN_OBJECT || byte === OPEN_LIST) {
      if (expects !== "value" && expects !== "value-or-end") throw odd();
      open(byte === OPEN_OBJECT);
      expects = byte === OPEN_OBJECT ? "key-or-end" : "value-or-end";
    } else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) {
      const empty = byte === CLOSE_OBJECT ? "key-or-end" : "value-or-end";
      if (expects !== "comma-or-end" && expects !== empty) throw odd();
      close(byte === CLOSE_OBJECT);
      expects = stack.length === 0 ? "nothing" : "comma-or-end";
    } else {
      if (frame === undefined || (expects !== "value" && expects !== "value-or-end")) throw odd();
      const end = scalarEnd(bytes, at);
      if (!SCALAR.test(source.toString("latin1", at, end))) throw odd();
      at = end - 1;
      expects = "comma-or-end";
    }
  }
  if (expects !== "nothing") throw odd();
  return result;
}

/** A long text that was kept, without JSON's escapes. */
export function textOf(bytes: Uint8Array): string {
  return decoded(Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength), 0, bytes.length);
}

const emptyKept = (): Kept => ({ texts: new Map(), long: new Map(), parts: new Map() });

const memberOf = ({ wanted, key }: Frame): Wanted | undefined =>
  key === undefined ? undefined : wanted?.within?.get(key);

function addPart({ parts }: Kept, key: string, part: Kept): void {
  const parted = parts.get(key) ?? [];
  if (parted.length < MAX_PARTS) parted.push(part);
  parts.set(key, parted);
}

function keepText({ wanted, kept, key }: Frame, source: Buffer, start: number, end: number): void {
  if (wanted === undefined || kept === undefined || key === undefined) return;
  if (wanted.long?.has(key)) kept.long.set(key, source.subarray(start, end));
  else if (wanted.texts?.has(key) && end - start <= MAX_TEXT) kept.texts.set(key, decoded(source, start, end));
}

/** Where the quote is that ends a text. @throws JsonWalkError */
function textEnd(bytes: Uint8Array, start: number): number {
  for (let at = start; at < bytes.length; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) return at;
    if (byte === BACKSLASH) at += 1;
    else if (byte < 0x20) throw new JsonWalkError(`it has a control character within a text at byte ${at}`);
  }
  throw new JsonWalkError("it ends within a text");
}

function scalarEnd(bytes: Uint8Array, start: number): number {
  let at = start;
  for (; at < bytes.length && at < start + MAX_SCALAR; at += 1) {
    const byte = bytes[at] ?? 0;
    if (byte <= 0x20 || byte === COMMA || byte === CLOSE_LIST || byte === CLOSE_OBJECT) break;
  }
  return at;
}

/** @throws JsonWalkError for escapes that JSON does not have */
function decoded(source: Buffer, start: number, end: number): string {
  const text = source.toString("utf8", start, end);
  if (!text.includes("\\")) return text;
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    throw new JsonWalkError(`it has a text with an unknown escape at byte ${start}`);
  }
}

/** Tools on Windows begin files with the mark of UTF-8. */
const startsWithMark = (bytes: Uint8Array): boolean => bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
