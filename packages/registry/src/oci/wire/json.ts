import type { Digest } from "@executor-registry/resolver";
import type { z } from "zod";
import { type Place, RegistryError, shown, TooLargeError } from "./errors.ts";

/** Far deeper than any document that registries serve. */
const MAX_DEPTH = 64;
/** Of a page of tags, by far the longest list there is. */
const MAX_VALUES = 1_000_000;

interface JsonBounds {
  /** Most members of lists and objects, all in all. @default 1_000_000 */
  readonly values?: number;
  /** The manifest that the bytes belong to, where they are verified: what is wrong with them stays wrong. */
  readonly digest?: Digest;
}

/**
 * Foreign bytes as a typed value. Counted before they are parsed: a few megabytes of empty lists become hundreds.
 * @param what in messages: what it should have been
 * @throws RegistryError code `registry-protocol`
 * @throws TooLargeError
 */
export function parseJson<T extends z.ZodType>(
  schema: T,
  bytes: Uint8Array,
  what: string,
  place: Place,
  { values = MAX_VALUES, digest }: JsonBounds = {},
): z.output<T> {
  const lasting = digest === undefined ? {} : { digest, retryable: false };
  const odd = (why: string, cause: unknown): RegistryError =>
    new RegistryError("registry-protocol", `${what} ${why}`, place, { cause, ...lasting });
  const { depth, members } = measure(bytes, values);
  if (depth > MAX_DEPTH)
    throw new TooLargeError(`${what} nests deeper than ${MAX_DEPTH} levels`, MAX_DEPTH, place, lasting);
  if (members > values) throw new TooLargeError(`${what} holds more than ${values} values`, values, place, lasting);
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (cause) {
    throw odd("is not text in UTF-8, as JSON must be", cause);
  }
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw odd("is not JSON", cause);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const where = issue && issue.path.length > 0 ? ` at ${shown(issue.path.join("."), 100)}` : "";
  throw odd(`is not as the specification says${where}: ${shown(issue?.message ?? "unknown", 200)}`, parsed.error);
}

const [QUOTE, COMMA, BACKSLASH] = [0x22, 0x2c, 0x5c];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];

/** How deep JSON nests and how many lists, objects and members it has, up to where either is too much. */
function measure(bytes: Uint8Array, most: number): { readonly depth: number; readonly members: number } {
  let [depth, deepest, members] = [0, 0, 0];
  for (let at = 0; at < bytes.length && members <= most && deepest <= MAX_DEPTH; at += 1) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      at += 1;
      while (at < bytes.length && bytes[at] !== QUOTE) at += bytes[at] === BACKSLASH ? 2 : 1;
    } else if (byte === COMMA) members += 1;
    else if (byte === OPEN_LIST || byte === OPEN_OBJECT) {
      members += 1;
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (byte === CLOSE_LIST || byte === CLOSE_OBJECT) depth -= 1;
  }
  return { depth: deepest, members };
}
