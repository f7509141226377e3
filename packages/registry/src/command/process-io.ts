import type { Clock } from "@executor-registry/resolver";
import type { ProcessEvents } from "@executor-registry/resolver/internal";

/** What the command sees of its process, so that tests need no process of their own. */
export interface ProcessIo extends ProcessEvents {
  /** Prints whole lines. What is foreign in them is escaped before. */
  readonly stdout: { print(lines: string | readonly string[]): void };
  readonly stderr: { print(lines: string | readonly string[]): void };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly clock: Clock;
}
