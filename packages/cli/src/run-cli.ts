import { ERRORS, ExecutorRegistryError } from "@executor-registry/resolver";
import type { Command } from "./command.ts";
import { COMMANDS } from "./commands/index.ts";
import { CANCELLED, NOT_RUN } from "./commands/run.ts";
import { type Flags, GLOBAL_FLAGS } from "./flags.ts";
import { commandHelp, overview } from "./help.ts";
import type { Io } from "./io.ts";
import { styler } from "./output/colour.ts";
import { parseFlags } from "./parse-flags.ts";
import { suggestion } from "./suggestion.ts";
import { UsageError } from "./usage-error.ts";

/** Runs one command line; resolves to its exit code. Never rejects. */
export async function runCli(argv: readonly string[], io: Io): Promise<number> {
  let command: Command | undefined;
  try {
    if (argv.length === 0 || argv[0] === "--help" || argv[0] === "-h") {
      io.stdout.write(overview(io.program, COMMANDS));
      return 0;
    }
    const at = commandAt(argv);
    const name = argv[at] ?? "";
    command = COMMANDS.find((one) => one.name === name);
    if (!command) throw unknownCommand(name);
    const args = argv.filter((_, index) => index !== at);
    // What is to be completed may look like flags; it is none of ours.
    const given = command.hidden
      ? { flags: {}, words: [], rest: args }
      : parseFlags(args, { ...GLOBAL_FLAGS, ...command.flags }, command.name);
    if (given.flags["help"]) {
      io.stdout.write(commandHelp(io.program, command));
      return 0;
    }
    checkWords(command, given.words.length, given.rest.length);
    return await command.run(given, io);
  } catch (error) {
    return failed(error, command, argv, io);
  }
}

/** Where the command's name is: flags of every command may stand before it. */
function commandAt(argv: readonly string[]): number {
  let index = 0;
  while (argv[index]?.startsWith("-")) {
    const word = argv[index] ?? "";
    const flag = Object.entries<Flags[string]>(GLOBAL_FLAGS).find(
      ([name, { short }]) => word === `--${name}` || word === `-${short}`,
    );
    index += flag?.[1].type === "string" ? 2 : 1;
  }
  return index;
}

function unknownCommand(name: string): UsageError {
  if (name === "") return new UsageError("no command is given");
  const known = COMMANDS.flatMap((one) => (one.hidden ? [] : [one.name]));
  return new UsageError(`there is no command ${name}${suggestion(name, known)}`);
}

function checkWords({ name, words, usage, takesRest }: Command, count: number, rest: number): void {
  if (count < words.least) throw new UsageError(`${name} needs ${usage.split(" ")[0]}`, name);
  if (count > words.most)
    throw new UsageError(`${name} takes fewer words${takesRest ? "; the executor's own go after --" : ""}`, name);
  if (rest > 0 && !takesRest) throw new UsageError(`${name} takes no words after --`, name);
}

function failed(error: unknown, command: Command | undefined, argv: readonly string[], io: Io): number {
  const running = command?.name === "run";
  if (io.signal.aborted) return CANCELLED;
  const red = styler(io, io.stderr);
  const message = error instanceof Error ? error.message : String(error);
  io.stderr.write(`${red("red", "error:")} ${message}\n`);
  if (error instanceof UsageError) {
    io.stderr.write(`see \`${io.program} help${error.command ? ` ${error.command}` : ""}\`\n`);
    return running ? NOT_RUN : 2;
  }
  if (argv.includes("-v") || argv.includes("--verbose")) io.stderr.write(causes(error));
  if (running) return NOT_RUN;
  return error instanceof ExecutorRegistryError ? ERRORS[error.code].exit : 1;
}

function causes(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error ? `caused by: ${cause.message}\n${causes(cause)}` : "";
}
