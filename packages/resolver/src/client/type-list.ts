import { untilAborted } from "../tools/time-limit.ts";
import type { Clock } from "../tools/clock.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import type { Logger } from "../tools/logger.ts";
import type { Resolution } from "../contract/resolution.ts";
import type { Answers } from "./answers.ts";
import { TooStaleError } from "./errors.ts";
import { type ExecutorDocument, LIST_BYTES } from "../contract/executor-document.ts";
import type { Inquiry } from "./inquiry.ts";
import { type ParsedDocuments, parseDocuments } from "../contract/parse-document.ts";
import type { RegistrySettings } from "./settings.ts";

/** The list of everything may take that many times as long as one answer. */
const LIST_TIMEOUTS = 10;

export interface TypeListOptions {
  readonly inquiry: Inquiry;
  readonly answers: Answers;
  readonly settings: Pick<RegistrySettings, "ttl" | "negativeTtl" | "maxStale" | "timeout">;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The service's list of all types, as far as it is known. What it says of each is in the answers. */
export class TypeList {
  /** Why the last attempt to confirm it failed. */
  problem: ExecutorRegistryError | undefined;
  readonly #options: TypeListOptions;
  #documents: ReadonlyMap<string, ExecutorDocument> | undefined;
  #etag: string | undefined;
  /** When the service last confirmed it, and until when it counts without asking; milliseconds since the epoch. */
  #checked = 0;
  #until = 0;
  /** An event said that something changed. */
  #outdated = false;
  #flight: Promise<void> | undefined;
  #again = false;

  constructor(options: TypeListOptions) {
    this.#options = options;
  }

  isCurrent(): boolean {
    const now = this.#options.clock.now();
    return now >= this.#checked && now < this.#until;
  }

  /** Every known type's resolution, sorted by type. @throws ExecutorRegistryError when nothing is known, or too old */
  async resolutions(signal?: AbortSignal): Promise<readonly Resolution[]> {
    const { answers, clock, settings } = this.#options;
    if (!this.isCurrent()) {
      const flight = this.confirm();
      if (!this.#servesMeanwhile()) await (signal ? untilAborted(flight, signal) : flight);
    }
    const types = new Set(this.#documents?.keys());
    for (const { document, subject, type } of answers.all()) if (document && subject === undefined) types.add(type);
    const known = [...types].sort().flatMap((type) => answers.find(type)?.resolution ?? []);
    if (!this.problem) return known;
    if (known.length === 0) throw this.problem;
    const checked = (type: string): number => answers.find(type)?.checked ?? 0;
    const fresh = known.filter(({ type }) => clock.now() - checked(type) < settings.maxStale);
    if (fresh.length > 0) return fresh;
    const latest = known.reduce((last, { type }) => Math.max(last, checked(type)), 0);
    throw new TooStaleError("the list of executor types", new Date(latest).toISOString(), this.problem);
  }

  /** Something in it changed. */
  expire(): void {
    this.#until = 0;
    this.#outdated = true;
    if (this.#flight) this.#again = true;
  }

  /** It counts for `life` from now on, at most. */
  shorten(life: number): void {
    this.#until = Math.min(this.#until, this.#options.clock.now() + life);
  }

  /** Asks for the list, unless that is being done. Rejects only when all has ended. */
  confirm(): Promise<void> {
    this.#flight ??= this.#ask().finally(() => {
      this.#flight = undefined;
      const again = this.#again;
      this.#again = false;
      if (again) void this.confirm();
    });
    // Callers get the rejection; without a caller it is not an unhandled one.
    this.#flight.catch(() => {});
    return this.#flight;
  }

  async #ask(): Promise<void> {
    const { answers, clock, inquiry, settings } = this.#options;
    const began = clock.now();
    const question = {
      path: "executors",
      etag: this.#documents && this.#etag,
      limit: LIST_BYTES,
      timeout: settings.timeout * LIST_TIMEOUTS,
      parse: parseDocuments,
    };
    try {
      const said = await inquiry.ask(question);
      if (said.is === "value") await this.#replace(said.value, said.etag, began);
      this.#checked = clock.now();
      const life = said.behind ? 0 : said.aged ? settings.ttl : inquiry.life;
      this.#until = this.#checked + Math.min(life, inquiry.life);
      this.problem = undefined;
      for (const document of this.#documents?.values() ?? []) this.#listed(document, began, said);
    } catch (error) {
      if (!(error instanceof ExecutorRegistryError)) throw error;
      for (const answer of answers.all()) if (answer.document) inquiry.failed(answer, error);
      this.problem = error;
      this.#until = clock.now() + settings.negativeTtl;
      this.#checked = Math.min(this.#checked, clock.now());
    }
    this.#outdated = false;
  }

  async #replace({ documents, unreadable }: ParsedDocuments, etag: string | undefined, began: number): Promise<void> {
    const { answers, inquiry, log } = this.#options;
    this.#documents = documents;
    this.#etag = etag;
    if (unreadable.size > 0) {
      const [[type, error] = []] = unreadable;
      log.warn({ err: error, type }, `${unreadable.size} executors of the list cannot be read and are left out`);
    }
    // A list leaves out what a service could not read, too. Each type that is missing is asked for by itself.
    const missing = [...answers.all()].filter(
      ({ document, type, checked }) => document && !documents.has(type) && checked <= began,
    );
    for (const answer of missing) answer.expire();
    await Promise.all(missing.map((answer) => inquiry.confirm(answer)));
  }

  /** What the list says counts, unless the type itself was asked for later. */
  #listed(document: ExecutorDocument, began: number, said: { readonly behind?: true; readonly aged?: true }): void {
    const answer = this.#options.answers.open(document.type);
    if (answer.checked > began && answer.document) return;
    const before = answer.document;
    this.#options.inquiry.confirmed(answer, document, said);
    if (answer.document !== before) answer.etag = undefined;
  }

  #servesMeanwhile(): boolean {
    const { clock, inquiry, settings } = this.#options;
    const age = clock.now() - this.#checked;
    if (!this.#documents || age < 0 || age >= settings.maxStale) return false;
    return this.problem !== undefined || (!this.#outdated && age < 2 * inquiry.life);
  }
}
