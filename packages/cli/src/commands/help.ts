import type { Command } from "../base/command.ts";
import { suggestion, UsageError } from "../base/usage-error.ts";
import { linesOf } from "@executor-registry/resolver/internal";
import { commandHelp, overview } from "../base/help.ts";

/** @param commands asked late, since help is one of them */
export const helpFor = (commands: () => readonly Command[]): Command => ({
  name: "help",
  summary: "show help, of one command or all",
  usage: "[COMMAND]",
  flags: {},
  words: { least: 0, most: 1 },
  async run({ words: [name] }, io) {
    const command = commands().find((one) => one.name === name);
    if (name !== undefined && !command) {
      const known = commands().flatMap((one) => (one.hidden ? [] : [one.name]));
      throw new UsageError(`there is no command ${name}${suggestion(name, known)}`);
    }
    io.stdout.print(linesOf(command ? commandHelp(io.program, command) : overview(io.program, commands())));
    return 0;
  },
});
