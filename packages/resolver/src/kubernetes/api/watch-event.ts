/** One line of a watch, as far as a reflector reads it. */
export interface WatchEvent {
  readonly type: string;
  readonly object: unknown;
}

const MODIFIED = Buffer.from('{"type":"MODIFIED"');
const KEY = Buffer.from('"resourceVersion":"');
const QUOTE = 0x22;

/** Whether a raw line is surely a MODIFIED event. The server writes `type` first; were it not so, the line would be parsed. */
export function isModified(line: Buffer): boolean {
  return line.length > MODIFIED.length && MODIFIED.compare(line, 0, MODIFIED.length) === 0;
}

/**
 * The object's `metadata.resourceVersion`, without parsing the line.
 *
 * The first match is the object's own. It is a key and no text, for inside a JSON string each quote follows a backslash,
 * and these bytes have a bare one. And it is the first such key, for the server writes built-in kinds in the order
 * of their Go structs: `kind`, `apiVersion`, `metadata` with names and uid, then this.
 * (Custom resources are written in alphabetical order, where a `data.resourceVersion` would come first: do not skip those.)
 */
export function rawResourceVersion(line: Buffer): string | undefined {
  const key = line.indexOf(KEY);
  if (key === -1) return undefined;
  const start = key + KEY.length;
  const end = line.indexOf(QUOTE, start);
  return end > start ? line.toString("latin1", start, end) : undefined;
}

/** `metadata.resourceVersion` of an object or a list. */
export function resourceVersionOf(object: unknown): string | undefined {
  const version = metadataOf(object)["resourceVersion"];
  return typeof version === "string" && version !== "" ? version : undefined;
}

/** `metadata` of an object or a list. */
export function metadataOf(object: unknown): Readonly<Record<string, unknown>> {
  const metadata = (object as { metadata?: unknown } | null | undefined)?.metadata;
  return typeof metadata === "object" && metadata !== null ? (metadata as Record<string, unknown>) : {};
}

/** Parses a line, or nothing when it is no event. */
export function parseWatchEvent(line: Buffer): WatchEvent | undefined {
  try {
    const event = JSON.parse(line.toString()) as Partial<WatchEvent> | null;
    return typeof event?.type === "string" ? { type: event.type, object: event.object } : undefined;
  } catch {
    return undefined;
  }
}
