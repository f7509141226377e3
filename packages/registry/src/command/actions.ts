import { setFlagsFromString } from "node:v8";
import { escaped, linesOf } from "@executor-registry/resolver/internal";
import type { Document } from "yaml";
import type { StoreName } from "../stores/open.ts";
import type { ProcessIo } from "./process-io.ts";

/** What a command line says besides the command. */
export interface Options {
  /** The configuration's file. @throws UsageError where no file is named or found */
  file(): string;
  readonly store?: string;
  readonly output: "yaml" | "json";
  /** An image reference. @throws UsageError where none is given */
  image(): string;
  readonly type?: string;
  /** Files of public keys, in PEM. */
  readonly keys: readonly string[];
  /** A file of exported entries. */
  readonly exported?: string;
}

/** The flags that some commands have. */
export const FLAGS = ["config", "store", "output", "key", "export", "type"] as const;
type Flag = (typeof FLAGS)[number];

/** One thing that the command does. */
interface Action {
  /** Its words: `config check`. */
  readonly name: string;
  readonly usage: string;
  readonly summary: string;
  readonly flags: readonly Flag[];
  /** What a word names. */
  readonly takes?: "file" | "image";
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
    takes: "file",
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
    takes: "file",
    async run({ file, output }, io) {
      const named = file();
      const [{ readConfig }, { effectiveConfig }, { Document }] = await Promise.all([
        import("../config/load-config.ts"),
        import("../config/effective-config.ts"),
        import("yaml"),
      ]);
      const effective = effectiveConfig(await readConfig(named), named, io.env);
      io.stdout.print(printed(effective, output, Document));
      return 0;
    },
  },
  {
    name: "policy test",
    usage: "policy test IMAGE [--type TYPE] [--output yaml|json]",
    summary: "print what the checks say of an image, without changing anything",
    flags: ["config", "output", "type"],
    takes: "image",
    async run({ file, image, type, output }, io) {
      const [tested, named] = [image(), file()];
      const [{ testPolicy }, { Document }] = await Promise.all([
        import("../supervisor/test-policy.ts"),
        import("yaml"),
      ]);
      const about = { image: tested, file: named, ...(type !== undefined && { type }) };
      const { clock, env: variables, signal } = io;
      const answer = await testPolicy(about, { clock, variables, signal });
      io.stdout.print(printed(answer, output, Document));
      return answer.types.every(({ state }) => state === "admitted") ? 0 : NOT_ADMITTED_EXIT;
    },
  },
  {
    name: "journal verify",
    usage: "journal verify [--store ADDRESS | --export FILE] [--key FILE]…",
    summary: "check the whole chain of hashes, and the checkpoints in it",
    flags: ["config", "store", "key", "export"],
    async run({ file, store, keys, exported }, io) {
      const { verifyExported, verifyStored } = await import("./verify-journal.ts");
      const found =
        exported === undefined
          ? await verifyStored(store ?? (await storeIn(file(), io)), keys, io.signal)
          : await verifyExported(exported, keys, io.signal);
      io.stdout.print(found);
      return 0;
    },
  },
];

/** The same as the command line's. */
const NOT_ADMITTED_EXIT = 7;

function printed(value: unknown, output: Options["output"], Yaml: typeof Document): string[] {
  const text =
    output === "json" ? JSON.stringify(value, null, 2) : new Yaml(value, { aliasDuplicateObjects: false }).toString();
  return linesOf(text).map(escaped);
}

async function storeIn(file: string, { env }: ProcessIo): Promise<StoreName> {
  const { loadConfig } = await import("../config/load-config.ts");
  return (await loadConfig(file, env)).config.store;
}
