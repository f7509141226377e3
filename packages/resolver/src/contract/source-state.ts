import type { Clock } from "../tools/clock.ts";
import type { ExecutorRegistryError } from "../tools/errors.ts";
import type { SourceStatus } from "./resolver.ts";

/** The part every source needs: its status, who waits for the first state, who listens to changes. */
export class SourceState {
  readonly #clock: Clock;
  readonly #listeners = new Set<(type?: string) => void>();
  readonly #settle: () => void;
  readonly settled: Promise<void>;
  #status: SourceStatus;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#status = { state: "starting", since: clock.now() };
    let settle: () => void = () => {};
    this.settled = new Promise((resolve) => (settle = resolve));
    this.#settle = settle;
  }

  status(): SourceStatus {
    return this.#status;
  }

  /** Complete and current. */
  ready(): void {
    if (this.#status.state === "ready") return;
    this.#become({ state: "ready", since: this.#clock.now() });
  }

  /** A complete state has come. What is stale stays so until contact is back. */
  complete(): void {
    if (this.#status.state !== "stale") this.ready();
  }

  /** Lost contact. What was complete once stays, as `stale`. */
  lost(problem: ExecutorRegistryError): void {
    const { state, since } = this.#status;
    const next = state === "ready" || state === "stale" ? "stale" : "unavailable";
    this.#become({ state: next, since: state === next ? since : this.#clock.now(), problem });
  }

  /** Notifies the listeners that a type changed, or that all may have. */
  changed(type?: string): void {
    for (const listener of this.#listeners) listener(type);
  }

  onChange(listener: (type?: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Ends all waits, and calls no listener again. */
  close(): void {
    this.#settle();
    this.#listeners.clear();
  }

  #become(status: SourceStatus): void {
    this.#status = status;
    this.#settle();
    this.changed();
  }
}
