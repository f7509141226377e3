import { escaped, linesOf } from "@executor-registry/resolver/internal";
import type { Document } from "yaml";
import type { Action, Options } from "./action.ts";
import { keepYoungSpaceSmall } from "./process-io.ts";
import { STORE_ACTIONS } from "./store-actions.ts";

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
      keepYoungSpaceSmall();
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
    takes: ["[FILE]"],
    async run({ file }, io) {
      const named = file();
      const [{ readConfig }, { checkConfig }] = await Promise.all([
        import("../config/load-config.ts"),
        import("../supervisor/check-config.ts"),
      ]);
      const { policies, warnings } = await checkConfig(await readConfig(named), named, io.clock, io.env);
      for (const { code, path, message } of warnings) {
        io.stderr.print(escaped(`warning: ${named}: ${path}: ${message} (${code})`));
      }
      io.stdout.print([
        `${named} has no mistakes`,
        "what images must pass, by policy:",
        ...policies.summary.map((line) => escaped(`  ${line}`)),
      ]);
      return 0;
    },
  },
  {
    name: "config print",
    usage: "config print [FILE] [--output yaml|json]",
    summary: "print the configuration with all defaults",
    flags: ["config", "output"],
    takes: ["[FILE]"],
    async run({ file, format }, io) {
      const [named, output] = [file(), format()];
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
    takes: ["IMAGE"],
    async run({ file, word, type, format }, io) {
      const [tested, named, output] = [word(0), file(), format()];
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
  ...STORE_ACTIONS,
  {
    name: "debug bundle",
    usage: "debug bundle [--url URL] [--output FILE] [--force]",
    summary: "collect what helps to find a fault, without secrets, in one file",
    flags: ["config", "url", "token-file", "output", "force"],
    async run({ file, url, tokenFile, output, force }, io) {
      const { writeDebugBundle } = await import("./debug-bundle.ts");
      await writeDebugBundle({ file, url, tokenFile, output, force }, io);
      return 0;
    },
  },
];

/** The same as the command line's. */
const NOT_ADMITTED_EXIT = 7;

function printed(value: unknown, output: ReturnType<Options["format"]>, Yaml: typeof Document): string[] {
  const text =
    output === "json" ? JSON.stringify(value, null, 2) : new Yaml(value, { aliasDuplicateObjects: false }).toString();
  return linesOf(text).map(escaped);
}
