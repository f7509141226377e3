import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Answers } from "./answers.ts";
import type { ExecutorDocument } from "./executor-document.ts";
import { NotADocument, record } from "./json.ts";
import { parseDocument } from "./parse-document.ts";

const LIMIT_BYTES = 64 * 1024 * 1024;
/** What is confirmed again and again need not be written as often. */
const PAUSE_MS = 60_000;
const FORMAT = 2;

export interface CacheFileOptions {
  readonly path: string;
  /** The service's addresses: another service's answers are not ours. */
  readonly urls: readonly URL[];
  readonly answers: Answers;
  readonly clock: Clock;
  readonly log: Logger;
}

interface Kept {
  readonly etag?: string;
  /** When the service last confirmed it, milliseconds since the epoch. */
  readonly checked: number;
  readonly document: ExecutorDocument;
}

/**
 * Keeps the last answers in a file, for a start while the service is away. Several processes may share the file: each keeps
 * what the others wrote (of two that write in the same moment, the first one's news come with its next write). Every answer has a checksum, so that a damaged one is passed over and the rest counts. Failures are
 * logged, and harm nothing.
 */
export class CacheFile {
  readonly #options: CacheFileOptions;
  #dirty = false;
  #writing: Promise<void> | undefined;

  constructor(options: CacheFileOptions) {
    this.#options = options;
  }

  /** Puts what was kept into the answers. Never rejects. */
  async restore(): Promise<void> {
    const { answers, path, log } = this.#options;
    try {
      for (const [type, { etag, checked, document }] of await this.#read()) {
        const answer = answers.open(type);
        if (answer.document) continue;
        answer.restore(document, etag, checked);
        answers.settle(answer);
      }
    } catch (error) {
      log.warn({ path, err: error }, "the file of last answers is passed over");
    }
  }

  /** Something was confirmed: it is written now, or, if it was written just now, a little later. */
  changed(ended: AbortSignal): void {
    this.#dirty = true;
    this.#writing ??= this.#keepWriting(ended).finally(() => (this.#writing = undefined));
  }

  /** Writes what is not written yet. Never rejects. */
  async close(): Promise<void> {
    await this.#writing;
    if (this.#dirty) await this.#write();
  }

  async #keepWriting(ended: AbortSignal): Promise<void> {
    while (this.#dirty && !ended.aborted) {
      await this.#write();
      await this.#options.clock.sleep(PAUSE_MS, ended).catch(() => {});
    }
  }

  /** What the file holds and can be read. @throws whatever makes the file as a whole unreadable */
  async #read(): Promise<ReadonlyMap<string, Kept>> {
    const { path, urls, log } = this.#options;
    const text = await readText(path);
    if (text === undefined) return new Map();
    const { format, urls: theirs, answers } = record(JSON.parse(text), "the file");
    if (format !== FORMAT || !Array.isArray(theirs)) throw new NotADocument("it has another format");
    if (!urls.some(({ href }) => theirs.includes(href))) throw new NotADocument("it is of another service");
    const kept = new Map<string, Kept>();
    const damaged: string[] = [];
    for (const [type, entry] of Object.entries(record(answers, "its member answers"))) {
      const parsed = parseKept(type, entry);
      if (parsed) kept.set(type, parsed);
      else damaged.push(type);
    }
    if (damaged.length > 0) {
      log.warn({ path, types: damaged.slice(0, 10) }, "damaged answers in the file of last answers are passed over");
    }
    return kept;
  }

  async #write(): Promise<void> {
    const { path, log } = this.#options;
    const temporary = `${path}.${randomUUID()}`;
    try {
      this.#dirty = false;
      const text = this.#render(await this.#read().catch(() => new Map<string, Kept>()));
      if (text.length > LIMIT_BYTES) throw new RangeError(`${text.length} bytes are more than ${LIMIT_BYTES}`);
      const file = await open(temporary, "wx", 0o600);
      try {
        await file.writeFile(text);
        // A rename can outlive a power cut that the content does not.
        await file.sync();
      } finally {
        await file.close();
      }
      await rename(temporary, path);
    } catch (error) {
      log.warn({ path, err: error }, "the last answers cannot be kept in a file");
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  /** @param theirs what the file holds: of another process, unless this one learnt something later */
  #render(theirs: ReadonlyMap<string, Kept>): string {
    const { urls, answers } = this.#options;
    const kept = new Map(theirs);
    for (const { type, subject, document, etag, checked } of answers.all()) {
      if (subject !== undefined || checked < (theirs.get(type)?.checked ?? 0)) continue;
      if (document) kept.set(type, { ...(etag !== undefined && { etag }), checked, document });
      else if (checked > 0) kept.delete(type);
    }
    const entries = [...kept].map(([type, entry]) => [type, { ...entry, sha256: checksum(type, entry) }] as const);
    return JSON.stringify({
      format: FORMAT,
      urls: urls.map(({ href }) => href),
      answers: Object.fromEntries(entries),
    });
  }
}

/** Of the entry as it is in the file, members that this version does not know included. */
function checksum(type: string, { etag, checked, document }: { readonly [member in keyof Kept]?: unknown }): string {
  return createHash("sha256")
    .update(JSON.stringify([type, etag, checked, document]))
    .digest("hex");
}

/** Nothing when it is not what was written. */
function parseKept(type: string, entry: unknown): Kept | undefined {
  try {
    const { etag, checked, document, sha256 } = record(entry, "the answer");
    if (typeof checked !== "number" || sha256 !== checksum(type, { etag, checked, document })) return undefined;
    return { ...(typeof etag === "string" && { etag }), checked, document: parseDocument(document, type) };
  } catch (error) {
    if (error instanceof NotADocument) return undefined;
    throw error;
  }
}

/** A file's text; nothing if there is no file. */
async function readText(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > LIMIT_BYTES) throw new RangeError(`${size} bytes are more than ${LIMIT_BYTES}`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
