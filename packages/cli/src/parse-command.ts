import type { Command } from "./base/command.ts";
import { commandAt } from "./base/command-at.ts";
import { GLOBAL_FLAGS } from "./base/flags.ts";
import { type Given, parseFlags } from "./base/parse-flags.ts";
import { suggestion, UsageError } from "./base/usage-error.ts";
import { COMMANDS } from "./commands/index.ts";

/** The command that a command line names. @throws UsageError where there is none */
export function commandOf(argv: readonly string[]): Command {
  const name = argv[commandAt(argv)] ?? "";
  const command = COMMANDS.find((one) => one.name === name);
  if (!command) throw unknownCommand(name);
  return command;
}

/** What a command line gives to its command. @throws UsageError as {@link parseFlags} does */
export function givenTo(command: Command, argv: readonly string[]): Given {
  const at = commandAt(argv);
  const args = argv.filter((_, index) => index !== at);
  // What is to be completed may look like flags, and is not parsed.
  if (command.hidden) return { flags: {}, words: [], rest: args };
  return parseFlags(args, { ...GLOBAL_FLAGS, ...command.flags }, command.name);
}

function unknownCommand(name: string): UsageError {
  if (name === "") return new UsageError("no command is given");
  if (name === "serve" || name === "config") {
    return new UsageError(`the service has a command of its own: \`executor-registry-server ${name}\``);
  }
  if (name === "store") {
    return new UsageError(
      "stores are opened by `executor-registry-server store`, on the machine or in the pod of the service",
    );
  }
  const known = COMMANDS.flatMap((one) => (one.hidden ? [] : [one.name]));
  return new UsageError(`there is no command ${name}${suggestion(name, known)}`);
}

/** Checks that a command is given as many words as it takes. @throws UsageError */
export function checkWords({ name, words, usage, actions, takesRest }: Command, given: Given): void {
  const { length } = given.words;
  if (length < words.least) {
    const needed = usage.split(" ").slice(length, words.least).join(" and ");
    throw new UsageError(`${name} needs ${actions?.join(", ") ?? needed}`, name);
  }
  if (length > words.most) {
    const hint = takesRest ? "; the executor's own arguments go after --" : "";
    throw new UsageError(`${name} takes no argument "${given.words[words.most]}"${hint}`, name);
  }
  if (given.rest.length > 0 && !takesRest) throw new UsageError(`${name} takes no arguments after --`, name);
}
