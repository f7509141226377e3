import type { Clock } from "@executor-registry/resolver";

/** What a command sees of the world, so that tests need no process of their own. */
export interface Io {
  readonly stdout: Output;
  readonly stderr: Output;
  readonly env: Readonly<Record<string, string | undefined>>;
  /** Aborts when the user wants it to end (Ctrl-C). */
  readonly signal: AbortSignal;
  /** Calls back on each SIGHUP, which ends the process unless somebody listens. Returns how to stop that. */
  onHangup(listener: () => void): () => void;
  readonly clock: Clock;
  /** How the command is called: `executor-registry` or `kubectl executors`. */
  readonly program: string;
}

/** A stream that text is written to. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
}
