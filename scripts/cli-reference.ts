import { COMMANDS, exitCodes, type Flags, GLOBAL_FLAGS } from "executor-registry/internal";
import { table } from "./reference-page.ts";

/** The tables of docs/cli.md that are made from the code, by the name in their `<!-- begin … -->`. */
export function referenceTables(): ReadonlyMap<string, string> {
  const ofCommands = COMMANDS.filter(({ hidden, flags }) => !hidden && Object.keys(flags).length > 0).map(
    ({ name, flags }) => [`flags of ${name}`, flagTable(flags)] as const,
  );
  const rows = exitCodes().map(({ code, meanings }) => [String(code), meanings.join("; ")]);
  return new Map([
    ["flags of every command", flagTable(GLOBAL_FLAGS)],
    ...ofCommands,
    ["exit codes", table(["code", "meaning"], rows)],
  ]);
}

/** The document with each of these tables as the code has it now. */
export function withTables(document: string, tables: ReadonlyMap<string, string>): string {
  return document.replaceAll(
    /(<!-- begin (.+) -->)[^]*?(<!-- end -->)/g,
    (whole, begin: string, name: string, end: string) => {
      const made = tables.get(name);
      return made === undefined ? whole : `${begin}\n\n${made}\n${end}`;
    },
  );
}

function flagTable(flags: Flags): string {
  const rows = Object.entries(flags).map(([name, { short, value, help }]) => [
    `${short ? `\`-${short}\`, ` : ""}\`--${name}${value ? ` ${value}` : ""}\``,
    help,
  ]);
  return table(["flag", "meaning"], rows);
}
