import type { Clock } from "@executor-registry/resolver";
import type { ProcessEvents } from "@executor-registry/resolver/internal";
import type { Printer } from "./printer.ts";

/** What a command sees of the world, so that tests need no process of their own. */
export interface Io extends ProcessEvents {
  readonly stdout: Printer;
  readonly stderr: Printer;
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
  /** How the command was called, such as `executor-registry`, `kubectl executors` or `npm run -s cli --`. */
  readonly program: string;
}

/** A stream that text is written to. */
export interface Output {
  write(text: string): void;
  readonly isTTY: boolean;
}
