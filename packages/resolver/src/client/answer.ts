import { isDeepStrictEqual } from "node:util";
import type { ExecutorRegistryError } from "../tools/errors.ts";
import type { Resolution } from "../contract/resolution.ts";
import type { UnknownTypeError } from "../contract/resolver-errors.ts";
import { TooStaleError } from "./errors.ts";
import type { ExecutorDocument } from "../contract/executor-document.ts";
import { resolutionOf, staleSince } from "../contract/resolution-of.ts";

/** What is known of one executor type, or of one subject's share in it. Touches memory only. */
export class Answer {
  readonly type: string;
  readonly subject: string | undefined;
  /** What `resolve()` returns while {@link isCurrent}. The same promise until what it says changes. */
  promise: Promise<Resolution> | undefined;
  /** What `promise` resolves to. */
  resolution: Resolution | undefined;
  document: ExecutorDocument | undefined;
  etag: string | undefined;
  /** The service says that this answer is every subject's. */
  shared = false;
  /** When the service last confirmed it, milliseconds since the epoch. */
  checked = 0;
  /** Why the last attempt to confirm it failed. */
  problem: ExecutorRegistryError | undefined;
  /** An event said that it changed. */
  outdated = false;
  /** How often in a row who answered about it was behind, and whether it will be asked for again by itself. */
  behind = 0;
  waits = false;
  /** The one request under way, and whether what it brings may be too old already. */
  flight: Promise<void> | undefined;
  again = false;
  /** Whether `resolution` is what the service says, not what it said. */
  #confirmed = false;
  #since = Number.POSITIVE_INFINITY;
  #until = 0;

  constructor(type: string, subject?: string) {
    this.type = type;
    this.subject = subject;
  }

  /** Whether it counts without asking. A clock that went back says nothing about the age, so then it does not. */
  isCurrent(now: number): boolean {
    return now >= this.#since && now < this.#until;
  }

  /** The service says so. Returns whether it said otherwise before. */
  confirm(document: ExecutorDocument, now: number, life: number): boolean {
    const before = this.resolution;
    if (!this.document || !isDeepStrictEqual(this.document, document) || !this.#confirmed) {
      this.document = document;
      this.#show(resolutionOf(document));
      this.#confirmed = true;
    }
    this.checked = now;
    this.problem = undefined;
    this.#hold(now, now + life);
    return this.resolution !== before;
  }

  /** The service knows no such type. Returns whether it did before. */
  deny(unknown: UnknownTypeError, now: number, life: number): boolean {
    const before = this.resolution;
    this.#forget();
    this.promise = Promise.reject(unknown);
    // Callers get the rejection; without a caller it is not an unhandled one.
    this.promise.catch(() => {});
    this.problem = undefined;
    this.checked = now;
    this.#hold(now, now + life);
    return before !== undefined;
  }

  /** The service gave no answer: what there is counts on, as stale, for a pause, and no longer than `maxStale`. */
  fail(problem: ExecutorRegistryError, now: number, pause: number, maxStale: number): boolean {
    const before = this.resolution;
    this.problem = problem;
    if (!this.document) {
      this.#forget();
      return false;
    }
    // Otherwise a clock that went back would stretch the time that is left.
    this.checked = Math.min(this.checked, now);
    if (!before || this.#confirmed || Date.parse(before.staleSince ?? "") > now) {
      this.#show(staleSince(resolutionOf(this.document), this.checked));
      this.#confirmed = false;
    }
    this.#hold(now, Math.min(now + pause, this.checked + maxStale));
    return this.resolution !== before;
  }

  /** As kept in a file: to be confirmed before it counts, and stale if that fails. */
  restore(document: ExecutorDocument, etag: string | undefined, checked: number): void {
    this.document = document;
    this.etag = etag;
    this.checked = checked;
    this.outdated = true;
  }

  /** It changed, says an event: from now on it has to be confirmed. */
  expire(): void {
    this.#until = 0;
    this.outdated = true;
    if (this.flight) this.again = true;
  }

  /** If it counts now, it was right at `heard` too, and counts for `life` from then on. */
  extend(heard: number, now: number, life: number): void {
    if (this.problem || !this.resolution || !this.isCurrent(now)) return;
    this.checked = Math.max(this.checked, heard);
    this.#hold(this.checked, this.checked + life);
  }

  /** Whether it may be given while it is being confirmed behind. */
  servesMeanwhile(now: number, life: number, maxStale: number): boolean {
    const age = now - this.checked;
    if (!this.resolution || age < 0 || age >= maxStale) return false;
    return this.problem !== undefined || (!this.outdated && age < 2 * life);
  }

  /** The outcome after an attempt. */
  outcome(now: number, maxStale: number): Promise<Resolution> {
    const { promise, problem, document, checked, type } = this;
    if (problem && document && now - checked >= maxStale) {
      const when = new Date(checked).toISOString();
      return Promise.reject(new TooStaleError(`the image of executor type "${type}"`, when, problem));
    }
    if (promise) return promise;
    return Promise.reject(problem ?? new Error("no attempt was made"));
  }

  #hold(since: number, until: number): void {
    this.outdated = false;
    this.#since = since;
    this.#until = until;
  }

  #show(resolution: Resolution): void {
    this.resolution = resolution;
    this.promise = Promise.resolve(resolution);
  }

  #forget(): void {
    this.resolution = undefined;
    this.document = undefined;
    this.promise = undefined;
    this.etag = undefined;
    this.#until = 0;
  }
}
