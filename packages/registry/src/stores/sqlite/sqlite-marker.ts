import { closeSync, openSync, readSync, writeSync } from "node:fs";
import type { Head } from "../../journal/entry.ts";
import type { StoreFinding } from "../../journal/store.ts";

/** `SEQUENCE HASH`, always as long. */
const LENGTH = 20 + 1 + 64 + 1;

/**
 * The last entry that was acknowledged, in a small file beside the database: SQLite silently drops what lies behind a damage of
 * its write-ahead log. The file is not forced to the disk, so that it costs nothing: after the machine died it may be behind, and then
 * says nothing false.
 */
export class HeadMarker {
  readonly #descriptor: number | undefined;

  /** @param file is made where there is none. What cannot be opened marks nothing */
  constructor(file: string) {
    this.#descriptor = opened(file, "r+") ?? opened(file, "wx+");
  }

  /** @param actual the database's head */
  missing(actual: Head): StoreFinding | undefined {
    const marked = this.#descriptor === undefined ? undefined : readHead(this.#descriptor);
    if (marked === undefined || marked.sequence <= actual.sequence) return undefined;
    const from = actual.sequence + 1;
    const which = from === marked.sequence ? `entry ${from} is` : `entries ${from} to ${marked.sequence} are`;
    const message = `${which} missing, though acknowledged: a backup was restored, or the end of the file was lost; it was recovered up to entry ${actual.sequence}`;
    return { message, missing: from };
  }

  /** Never fails: the entry is stored. */
  set({ sequence, hash }: Head): void {
    if (this.#descriptor === undefined) return;
    try {
      writeSync(this.#descriptor, `${String(sequence).padStart(20)} ${hash}\n`, 0);
    } catch {
      // A full disk: the marker stays behind.
    }
  }

  close(): void {
    if (this.#descriptor !== undefined) closeSync(this.#descriptor);
  }

  /** What a file marks, if there is one. */
  static read(file: string): Head | undefined {
    const descriptor = opened(file, "r");
    if (descriptor === undefined) return undefined;
    try {
      return readHead(descriptor);
    } finally {
      closeSync(descriptor);
    }
  }
}

function readHead(descriptor: number): Head | undefined {
  const bytes = Buffer.alloc(LENGTH);
  readSync(descriptor, bytes, 0, LENGTH, 0);
  const [, sequence, hash] = /^ *(\d{1,15}) ([0-9a-f]{64})\n$/.exec(bytes.toString("latin1")) ?? [];
  return sequence === undefined || hash === undefined ? undefined : { sequence: Number(sequence), hash };
}

function opened(file: string, flags: string): number | undefined {
  try {
    return openSync(file, flags, 0o600);
  } catch {
    return undefined;
  }
}
