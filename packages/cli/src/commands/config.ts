import type { Command } from "../base/command.ts";
import { printJson } from "../output/json.ts";
import { toYaml } from "../output/yaml.ts";
import { text } from "../base/parse-flags.ts";
import { configFile } from "../serve/config-file.ts";
import { UsageError } from "../base/usage-error.ts";

const ACTIONS = ["check", "print"];

export const config: Command = {
  name: "config",
  summary: "check the registry service's configuration, or print it with all defaults",
  usage: "check|print [FILE]",
  details: `The file is found as \`serve\` finds it. Both tell every mistake, and exit with 2 when there is one. \`check\` also looks whether
this machine lets the service start: at the store's place, the address to listen at, secrets, and the cluster that judges tokens.
\`print\` says where a secret is, never what it is.`,
  flags: {
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["yaml", "json"],
      help: "how to print: yaml (default) or json",
    },
  },
  words: { least: 1, most: 2 },
  async run(given, io) {
    const [action = "", named] = given.words;
    if (!ACTIONS.includes(action)) throw new UsageError(`config can ${ACTIONS.join(" or ")}, not ${action}`, "config");
    const file = configFile("config", named, io);
    const { checkConfig, effectiveConfig, readConfig } = await import("@executor-registry/registry");
    const written = await readConfig(file);
    if (action === "check") {
      await checkConfig(written, file, io.clock);
      io.stdout.print(`${file} has no mistakes`);
      return 0;
    }
    const effective = effectiveConfig(written, file);
    io.stdout.print(text(given, "output") === "json" ? printJson(effective) : toYaml(effective));
    return 0;
  },
};
