import { createHash, randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../tools/clock.ts";
import type { Logger } from "../tools/logger.ts";
import { isExecutorType } from "../reference/template.ts";
import { readRegularFile } from "../tools/regular-file.ts";
import type { Answers } from "./answers.ts";
import type { ExecutorDocument } from "../contract/executor-document.ts";
import { NotADocument, record } from "../contract/json.ts";
import { parseDocument } from "../contract/parse-document.ts";

const LIMIT_BYTES = 64 * 1024 * 1024;
/** What is confirmed again and again need not be written as often. */
const PAUSE_MS = 60_000;
const FORMAT = 3;
/** Lines between two moments in which others get their turn. */
const AT_ONCE = 200;
/** How often a file is put together again because another process was faster. */
const ATTEMPTS = 5;

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
 * Keeps the last answers in a file, for a start while the service is away: a line that says what it is, then one for each answer, with
 * a checksum, so that what is damaged or cut off is passed over and the rest counts. Several processes may share the file: each keeps
 * what the others wrote. Readers and writers leave the process its time, however many answers there are. Failures are logged, and
 * harm nothing.
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

  /** What the file holds and can be read. @throws what makes the file as a whole unreadable */
  async #read(): Promise<ReadonlyMap<string, Kept>> {
    const { path, urls, log } = this.#options;
    const text = await readText(path);
    if (text === undefined) return new Map();
    const [header = "", ...lines] = text.split("\n");
    const { format, urls: theirs } = record(JSON.parse(header), "its first line");
    if (format !== FORMAT || !Array.isArray(theirs)) throw new NotADocument("it has another format");
    if (!urls.some(({ href }) => theirs.includes(href))) throw new NotADocument("it is of another service");
    // Each line ends in a line feed.
    const cut = lines.pop() !== "";
    const kept = new Map<string, Kept>();
    let damaged = Number(cut);
    for (const [index, line] of lines.entries()) {
      if (index % AT_ONCE === 0) await setImmediate();
      const parsed = parseLine(line);
      if (parsed) kept.set(parsed.document.type, parsed);
      else damaged += 1;
    }
    if (damaged > 0) log.warn({ path, damaged }, "damaged answers in the file of last answers are passed over");
    return kept;
  }

  async #write(): Promise<void> {
    const { path, log } = this.#options;
    const temporary = `${path}.${randomUUID()}`;
    try {
      this.#dirty = false;
      for (let attempt = 1; ; attempt += 1) {
        const before = await identityOf(path);
        const theirs = await this.#read().catch(() => new Map<string, Kept>());
        await this.#writeTo(temporary, theirs);
        // Another process wrote meanwhile: what is new in that is kept, too.
        if (attempt < ATTEMPTS && (await identityOf(path)) !== before) continue;
        await rename(temporary, path);
        return;
      }
    } catch (error) {
      log.warn({ path, err: error }, "the last answers cannot be kept in a file");
      await rm(temporary, { force: true }).catch(() => {});
    }
  }

  async #writeTo(path: string, theirs: ReadonlyMap<string, Kept>): Promise<void> {
    const file = await open(path, "w", 0o600);
    try {
      const urls = this.#options.urls.map(({ href }) => href);
      let text = `${JSON.stringify({ format: FORMAT, urls })}\n`;
      let [bytes, lines] = [0, 0];
      const flush = async (): Promise<void> => {
        bytes += Buffer.byteLength(text);
        if (bytes > LIMIT_BYTES) throw new RangeError(`they are more than ${LIMIT_BYTES} bytes`);
        await file.appendFile(text);
        text = "";
      };
      for (const kept of this.#merged(theirs)) {
        text += lineOf(kept);
        lines += 1;
        if (lines % AT_ONCE === 0) await flush();
      }
      await flush();
      // A rename can outlive a power cut that the content does not.
      await file.sync();
    } finally {
      await file.close();
    }
  }

  /** @param theirs what the file holds: of another process, unless this one learnt something later */
  #merged(theirs: ReadonlyMap<string, Kept>): Iterable<Kept> {
    const kept = new Map(theirs);
    for (const { type, subject, document, etag, checked } of this.#options.answers.all()) {
      if (subject !== undefined || checked < (theirs.get(type)?.checked ?? 0)) continue;
      if (document) kept.set(type, { ...(etag !== undefined && { etag }), checked, document });
      else if (checked > 0) kept.delete(type);
    }
    return kept.values();
  }
}

const checksum = (text: string): string => createHash("sha256").update(text).digest("hex");

function lineOf(kept: Kept): string {
  const text = JSON.stringify(kept);
  return `${checksum(text)} ${text}\n`;
}

/** Nothing when it is not what was written. */
function parseLine(line: string): Kept | undefined {
  const [sum, text] = [line.slice(0, 64), line.slice(65)];
  if (checksum(text) !== sum) return undefined;
  try {
    const { etag, checked, document } = record(JSON.parse(text), "the answer");
    if (typeof checked !== "number") return undefined;
    const { type } = record(document, "the document");
    if (typeof type !== "string" || !isExecutorType(type)) return undefined;
    return { ...(typeof etag === "string" && { etag }), checked, document: parseDocument(document, type) };
  } catch {
    // A later version's.
    return undefined;
  }
}

/** A file's text; nothing if there is no file. */
async function readText(path: string): Promise<string | undefined> {
  try {
    return (await readRegularFile(path, LIMIT_BYTES)).toString("utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Changes whenever somebody replaces the file. @throws Error for what must not be replaced, such as a device */
async function identityOf(path: string): Promise<string | undefined> {
  try {
    const found = await stat(path, { bigint: true });
    if (!found.isFile()) throw new Error("it is not a regular file");
    return `${found.ino} ${found.mtimeNs}`;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}
