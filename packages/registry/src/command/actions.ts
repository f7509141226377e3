import { setFlagsFromString } from "node:v8";
import { escaped, linesOf } from "@executor-registry/resolver/internal";
import type { ProcessIo } from "./process-io.ts";

/** What a command line says besides the command. */
export interface Options {
  /** The configuration's file. @throws UsageError where no file is named or found */
  file(): string;
  readonly store?: string;
  readonly output: "yaml" | "json";
  /** Files of public keys, in PEM. */
  readonly keys: readonly string[];
  /** A file of exported entries. */
  readonly exported?: string;
}

/** The flags that some commands have. */
export const FLAGS = ["config", "store", "output", "key", "export"] as const;
type Flag = (typeof FLAGS)[number];

/** One thing that the command does. */
interface Action {
  /** Its words: `config check`. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** Whether a word may name the configuration's file. */
  readonly takesFile: boolean;
  /** Milliseconds it may take to end after a signal. @default 2000 */
  readonly endsWithinMs?: number;
  /** Resolves to the exit code. */
  run(options: Options, io: ProcessIo): Promise<number>;
}

/**
 * Loading a service and its catalogue makes V8 let the space for young objects grow to tens of megabytes, which it keeps.
 * Requests leave next to nothing behind, so a small space serves them as fast (see bench/README.md).
 */
const SMALL_YOUNG_SPACE = "--semi-space-growth-factor=1";

/** Every command, in the order of help. What each needs is loaded when it runs. */
export const ACTIONS: readonly Action[] = [
  {
    name: "serve",
    usage: "serve [--config FILE]",
    summary: "run the service",
    flags: ["config"],
    takesFile: false,
    // Draining and ending have limits of their own.
    endsWithinMs: 12_000,
    async run({ file }, io) {
      setFlagsFromString(SMALL_YOUNG_SPACE);
      const named = file();
      const { runService } = await import("./run-service.ts");
      return runService(named, io);
    },
  },
  {
    name: "config check",
    usage: "config check [FILE]",
    summary: "report every mistake of the configuration",
    flags: ["config"],
    takesFile: true,
    async run({ file }, io) {
      const named = file();
      const [{ readConfig }, { checkConfig }] = await Promise.all([
        import("../config/load-config.ts"),
        import("../supervisor/check-config.ts"),
      ]);
      const { summary } = await checkConfig(await readConfig(named), named, io.clock, io.env);
      io.stdout.print([
        `${named} has no mistakes`,
        "what images must pass, by policy:",
        ...summary.map((line) => escaped(`  ${line}`)),
      ]);
      return 0;
    },
  },
  {
    name: "config print",
    usage: "config print [FILE] [--output yaml|json]",
    summary: "print the configuration with all defaults",
    flags: ["config", "output"],
    takesFile: true,
    async run({ file, output }, io) {
      const named = file();
      const [{ readConfig }, { effectiveConfig }, { Document }] = await Promise.all([
        import("../config/load-config.ts"),
        import("../config/effective-config.ts"),
        import("yaml"),
      ]);
      const effective = effectiveConfig(await readConfig(named), named, io.env);
      const text =
        output === "json"
          ? JSON.stringify(effective, null, 2)
          : new Document(effective, { aliasDuplicateObjects: false }).toString();
      io.stdout.print(linesOf(text).map(escaped));
      return 0;
    },
  },
  {
    name: "journal verify",
    usage: "journal verify [--store ADDRESS | --export FILE] [--key FILE]…",
    summary: "check the whole chain of hashes, and the checkpoints in it",
    flags: ["config", "store", "key", "export"],
    takesFile: false,
    async run({ file, store, keys, exported }, io) {
      const { verifyExported, verifyStored } = await import("./verify-journal.ts");
      const found =
        exported === undefined
          ? await verifyStored(store ?? (await addressIn(file(), io)), keys, io.signal)
          : await verifyExported(exported, keys, io.signal);
      io.stdout.print(found);
      return 0;
    },
  },
];

async function addressIn(file: string, { env }: ProcessIo): Promise<string> {
  const { loadConfig } = await import("../config/load-config.ts");
  return (await loadConfig(file, env)).config.store;
}
