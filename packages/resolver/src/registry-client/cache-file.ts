import { randomUUID } from "node:crypto";
import { open, rename, rm } from "node:fs/promises";
import type { Clock } from "../clock.ts";
import type { Logger } from "../logger.ts";
import type { Answers } from "./answers.ts";
import { NotADocument } from "./json.ts";
import { parseDocument } from "./parse-document.ts";

const LIMIT = 64 * 1024 * 1024;
/** What is confirmed again and again need not be written as often. */
const PAUSE = 60_000;
const FORMAT = 1;

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
  readonly checked: number;
  readonly document: unknown;
}

/** Keeps the last answers in a file, for a start while the service is away. Its failures are logged, and harm nothing. */
export class CacheFile {
  readonly #options: CacheFileOptions;
  #dirty = false;
  #writing: Promise<void> | undefined;

  constructor(options: CacheFileOptions) {
    this.#options = options;
  }

  /** Puts what was kept into the answers. Never rejects. */
  async restore(): Promise<void> {
    const { path, urls, answers, log } = this.#options;
    try {
      const text = await read(path);
      if (text === undefined) return;
      const { format, urls: theirs, answers: kept } = JSON.parse(text) as Partial<Record<string, unknown>>;
      if (format !== FORMAT || !Array.isArray(theirs) || typeof kept !== "object" || kept === null) {
        throw new NotADocument("it has another format");
      }
      if (!urls.some(({ href }) => theirs.includes(href))) throw new NotADocument("it is another service's");
      const parsed = Object.entries(kept).map(([type, value]) => {
        const { etag, checked, document } = value as Kept;
        if (typeof checked !== "number") throw new NotADocument("it has another format");
        return {
          type,
          etag: typeof etag === "string" ? etag : undefined,
          checked,
          document: parseDocument(document, type),
        };
      });
      for (const { type, etag, checked, document } of parsed) {
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
      await this.#options.clock.sleep(PAUSE, ended).catch(() => {});
    }
  }

  async #write(): Promise<void> {
    const { path, log } = this.#options;
    const temporary = `${path}.${randomUUID()}`;
    try {
      this.#dirty = false;
      const text = this.#render();
      if (text.length > LIMIT) throw new RangeError(`${text.length} bytes are more than ${LIMIT}`);
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

  #render(): string {
    const { urls, answers } = this.#options;
    const kept: Record<string, Kept> = {};
    for (const { type, subject, document, etag, checked } of answers.all()) {
      if (document && subject === undefined) kept[type] = { ...(etag !== undefined && { etag }), checked, document };
    }
    return JSON.stringify({ format: FORMAT, urls: urls.map(({ href }) => href), answers: kept });
  }
}

/** A file's text; nothing if there is no file. */
async function read(path: string): Promise<string | undefined> {
  const file = await open(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (!file) return undefined;
  try {
    const { size } = await file.stat();
    if (size > LIMIT) throw new RangeError(`${size} bytes are more than ${LIMIT}`);
    return await file.readFile("utf8");
  } finally {
    await file.close();
  }
}
