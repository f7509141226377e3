import type { Clock } from "@executor-registry/resolver";

/** What the command sees of its process, so that tests need no process of their own. */
export interface ProcessIo {
  /** Prints whole lines. What is foreign in them is escaped before. */
  readonly stdout: { print(lines: string | readonly string[]): void };
  readonly stderr: { print(lines: string | readonly string[]): void };
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts with an `Interruption` when the process is to end. */
  readonly signal: AbortSignal;
  /** Calls back on each SIGHUP, which ends the process unless there is a listener. Returns how to stop that. */
  onHangup(listener: () => void): () => void;
  /**
   * Calls back on each rejection that nothing handled, which ends the process unless there is a listener, and on an error that nothing
   * caught, which ends it after that: what it left half done is not known. Returns how to stop that.
   */
  onUnhandled(listener: (error: unknown, kind: "rejection" | "exception") => void): () => void;
  readonly clock: Clock;
}
