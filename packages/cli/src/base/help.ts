import type { Command } from "./command.ts";
import { exitCodes } from "./exit-codes.ts";
import { type Flags, GLOBAL_FLAGS } from "./flags.ts";

/** What all commands are, how they end. */
export function overview(program: string, commands: readonly Command[]): string {
  const shown = commands.filter(({ hidden }) => !hidden);
  return `Finds out which image an executor type means, and runs it.

Usage: ${program} COMMAND [flags]

Commands:
${columns(shown.map(({ name, summary }) => [name, summary]))}
Flags of every command:
${flagLines(GLOBAL_FLAGS)}
Exit codes:
${columns(exitCodes().flatMap(({ code, meanings }) => meanings.map((meaning, index) => [index === 0 ? String(code) : "", meaning] as const)))}
\`${program} help COMMAND\` shows a command's flags.
`;
}

/** What one command is. */
export function commandHelp(program: string, { name, summary, usage, details, flags }: Command): string {
  const own = Object.keys(flags).length > 0 ? `\nFlags:\n${flagLines(flags)}` : "";
  const others = Object.fromEntries(Object.entries(GLOBAL_FLAGS).filter(([flag]) => !Object.hasOwn(flags, flag)));
  const more = details ? `\n${details}\n` : "";
  return (
    `${summary[0]?.toUpperCase()}${summary.slice(1)}.\n\nUsage: ${program} ${name} ${usage}`.trimEnd() +
    `\n${more}${own}
Flags of every command:
${flagLines(others)}`
  );
}

function flagLines(flags: Flags): string {
  return columns(
    Object.entries(flags).map(([name, { short, value, help }]) => [
      `${short ? `-${short}, ` : "    "}--${name}${value ? ` ${value}` : ""}`,
      help,
    ]),
  );
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length));
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}\n`).join("");
}
