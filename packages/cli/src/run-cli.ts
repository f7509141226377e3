import { ExecutorRegistryError, ForbiddenError } from "@executor-registry/resolver";
import type { Command } from "./base/command.ts";
import { COMMANDS } from "./commands/index.ts";
import { NOT_RUN } from "./base/exit-codes.ts";
import { causesOf, exitOf, hintOf } from "./base/failure.ts";
import { commandHelp, overview } from "./base/help.ts";
import { endingInTime, interruptedExit, linesOf } from "@executor-registry/resolver/internal";
import type { Io } from "./output/io.ts";
import type { Line, Styled } from "./output/printer.ts";
import { UsageError } from "./base/usage-error.ts";
import { checkWords, commandOf, givenTo } from "./parse-command.ts";

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
    command = commandOf(argv);
    const given = givenTo(command, argv);
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
