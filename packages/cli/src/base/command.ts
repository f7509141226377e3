import type { Flags } from "./flags.ts";
import type { Io } from "../output/io.ts";
import type { Given } from "./parse-flags.ts";

/** One command of the command line. */
export interface Command {
  readonly name: string;
  /** One line for `help`. */
  readonly summary: string;
  /** What follows the command's name in its usage line. */
  readonly usage: string;
  /** More to know, below the usage line. */
  readonly details?: string;
  readonly flags: Flags;
  /** How many words it takes. */
  readonly words: { readonly least: number; readonly most: number };
  /** What its first word says is to be done. */
  readonly actions?: readonly string[];
  /** Whether words after `--` are its own. */
  readonly takesRest?: true;
  /** Who knows the types that its words or flags name. @default what resolves them */
  readonly typesOf?: "service";
  /** Milliseconds it may take to end after Ctrl-C. @default 2000 */
  readonly endsWithin?: number;
  /** Left out of help and completion. */
  readonly hidden?: true;
  /** Resolves to the exit code. */
  run(given: Given, io: Io): Promise<number>;
}
