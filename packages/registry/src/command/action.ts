import type { ProcessIo } from "./process-io.ts";

/** What a command line says besides the command. */
export interface Options {
  /** The configuration's file. @throws UsageError where no file is named or found */
  file(): string;
  readonly store?: string;
  /** What the command takes: as many words as it names, or fewer. */
  readonly words: readonly string[];
  /** One of them. @throws UsageError where it is not given */
  word(at: number): string;
  /** Where a file is written. */
  readonly output?: string;
  /** The form of what is printed. @throws UsageError for another one */
  format(): "yaml" | "json";
  readonly force: boolean;
  readonly type?: string;
  /** Files of public keys, in PEM. */
  readonly keys: readonly string[];
  /** A file of exported entries. */
  readonly exported?: string;
  /** The base URL of a running service. */
  readonly url?: string;
  readonly tokenFile?: string;
}

/** The flags that some commands have. */
export const FLAGS = ["config", "store", "output", "force", "key", "export", "type", "url", "token-file"] as const;
type Flag = (typeof FLAGS)[number];

/** One thing that the command does. */
export interface Action {
  /** Its words: `config check`. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What it takes besides, as in the usage: `[FILE]`, which names the configuration, `IMAGE`. */
  readonly takes?: readonly string[];
  /** Milliseconds it may take to end after a signal. @default 2000 */
  readonly endsWithinMs?: number;
  /** Resolves to the exit code. */
  run(options: Options, io: ProcessIo): Promise<number>;
}
