import { encodeText } from "./redis-text.ts";

/** The names of all keys under one prefix. The braces put them into one slot of a cluster. */
export interface RedisKeys {
  /** Which layout the others have. */
  readonly layout: string;
  /** A stream: entry N has the id `N-0` and the fields `h`, its hash, and `e`, its JSON. */
  readonly journal: string;
  /** A sorted set whose scores are all 0: what entries are listed by, and their sequences. */
  readonly index: string;
  /** A hash: names and sequences. */
  readonly cursors: string;
  /** Where appends are announced: no key, but a channel. */
  readonly channel: string;
  /** A hash: which snapshot of this format there is. */
  snapshot(format: number): string;
  /** A hash: its parts. */
  parts(format: number): string;
  lease(name: string): string;
  note(name: string): string;
}

export function redisKeys(prefix: string): RedisKeys {
  const tag = `{${prefix}}`;
  return {
    layout: `${tag}:layout`,
    journal: `${tag}:journal`,
    index: `${tag}:index`,
    cursors: `${tag}:cursors`,
    channel: `${tag}:appended`,
    snapshot: (format) => `${tag}:snapshot:${format}`,
    parts: (format) => `${tag}:snapshot:${format}:parts`,
    lease: (name) => `${tag}:lease:${encodeText(name)}`,
    note: (name) => `${tag}:note:${encodeText(name)}`,
  };
}
