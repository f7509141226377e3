import { ExecutorRegistryError, ForbiddenError } from "@executor-registry/resolver";
import type { Command } from "./base/command.ts";
import { commandAt } from "./base/command-at.ts";
import { COMMANDS } from "./commands/index.ts";
import { NOT_RUN } from "./base/exit-codes.ts";
import { causesOf, exitOf, hintOf } from "./base/failure.ts";
import { GLOBAL_FLAGS } from "./base/flags.ts";
import { commandHelp, overview } from "./base/help.ts";
import { endingInTime, interruptedExit, linesOf } from "@executor-registry/resolver/internal";
import type { Io } from "./output/io.ts";
import type { Line, Styled } from "./output/printer.ts";
import { type Given, parseFlags } from "./base/parse-flags.ts";
import { suggestion, UsageError } from "./base/usage-error.ts";

/** Runs one command line; resolves to its exit code. Never rejects. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let command: Command | undefined;
  let verbose = false;
  try {
    if (argv.length === 0 || argv[0] === "--help" || argv[0] === "-h") {
      io.stdout.print(linesOf(overview(io.program, COMMANDS)));
      return 0;
    }
    if (argv[0] === "--version") return await runCli(["version", ...argv.slice(1)], io);
    const at = commandAt(argv);
    const name = argv[at] ?? "";
    command = COMMANDS.find((one) => one.name === name);
    if (!command) throw unknownCommand(name);
    const args = argv.filter((_, index) => index !== at);
    // What is to be completed may look like flags, and is not parsed.
    const given = command.hidden
      ? { flags: {}, words: [], rest: args }
      : parseFlags(args, { ...GLOBAL_FLAGS, ...command.flags }, command.name);
    verbose = given.flags["verbose"] === true;
    if (given.flags["help"]) {
      io.stdout.print(linesOf(commandHelp(io.program, command)));
      return 0;
    }
    checkWords(command, given);
    return await endingInTime(command.run(given, io), io, command.endsWithin);
  } catch (error) {
    return failed(error, command, verbose, io);
  }
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

function checkWords({ name, words, usage, actions, takesRest }: Command, given: Given): void {
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

function failed(error: unknown, command: Command | undefined, verbose: boolean, io: Io): number {
  if (io.signal.aborted) return interruptedExit(io.signal);
  const bug = !(error instanceof UsageError || error instanceof ExecutorRegistryError);
  const message = error instanceof Error ? error.message : String(error);
  const say = (label: Styled, message: string): void => io.stderr.print(labelled(label, message));
  // Roles are to be copied, so they stand at the lines' beginnings. Nothing foreign in them ends a line.
  const roles = error instanceof ForbiddenError ? error.manifest : "";
  say(
    { style: "red", text: "error:" },
    `${bug ? "unexpected: " : ""}${message.slice(0, message.length - roles.length)}`,
  );
  if (roles !== "") io.stderr.print(linesOf(roles));
  const hint = hintOf(error, io.program);
  if (hint !== undefined) say({ style: "dim", text: "hint:" }, hint);
  if (verbose && bug && error instanceof Error) io.stderr.print(linesOf(error.stack ?? ""));
  else if (verbose) for (const cause of causesOf(error)) say({ style: "dim", text: "caused by:" }, cause);
  return command?.name === "run" ? NOT_RUN : exitOf(error);
}

/** What follows the first line is set in, so that no foreign line passes for one of ours. */
function labelled(label: Styled, message: string): Line[] {
  const [first = "", ...others] = linesOf(message.trimEnd());
  return [[label, ` ${first}`], ...others.map((line) => (line.startsWith("  ") ? line : `  ${line}`))];
}
