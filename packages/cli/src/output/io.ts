import type { Clock } from "@executor-registry/resolver";
import type { Printer } from "./printer.ts";

/** What a command sees of the world, so that tests need no process of their own. */
export interface Io {
  readonly stdout: Printer;
  readonly stderr: Printer;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants it to end (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Calls back on each SIGHUP, which ends the process unless there is a listener. Returns how to stop that. */
  onHangup(listener: () => void): () => void;
  /**
   * Calls back on each rejection that nothing handled, which ends the process unless there is a listener, and on an error that nothing
   * caught, which ends it after that: what it left half done is not known. Returns how to stop that.
   */
  onUnhandled(listener: (error: unknown, kind: "rejection" | "exception") => void): () => void;
  readonly clock: Clock;
  /** How the command was called, such as `executor-registry`, `kubectl executors` or `npm run -s cli --`. */
  readonly program: string;
}

/** A stream that text is written to. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
}
