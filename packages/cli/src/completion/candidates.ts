import type { Command } from "../base/command.ts";
import { commandAt, flagOf } from "../base/command-at.ts";
import { type Flag, type Flags, GLOBAL_FLAGS } from "../base/flags.ts";
import { parseFlags } from "../base/parse-flags.ts";

/**
 * What the shell may offer besides the candidates, by cobra's numbers: file names, none, or folders.
 * @see https://pkg.go.dev/github.com/spf13/cobra#ShellCompDirective
 */
const DIRECTIVE = { files: 0, noFiles: 4, folders: 16 } as const;

export interface Candidates {
  /** A candidate each, its description after a tab. */
  readonly lines: readonly string[];
  readonly directive: (typeof DIRECTIVE)[keyof typeof DIRECTIVE];
}

const FILES: Candidates = { lines: [], directive: DIRECTIVE.files };

/** Finds executor types that begin with what is typed, as the flags typed so far say where. */
export type FindTypes = (words: readonly string[], flags: Flags, of: Command["typesOf"]) => Promise<readonly string[]>;

/**
 * What may stand in the place of the last word.
 * @param words all after the program's name; the last one is being typed, and may be empty
 */
export async function candidates(
  commands: readonly Command[],
  words: readonly string[],
  findTypes: FindTypes,
): Promise<Candidates> {
  const before = words.slice(0, -1);
  const last = words.at(-1) ?? "";
  const offer = (lines: readonly string[], typed = last): Candidates => ({
    lines: lines.filter((line) => line.startsWith(typed)),
    directive: DIRECTIVE.noFiles,
  });
  // What an executor's arguments may be is not known.
  if (before.includes("--")) return FILES;

  const shown = commands.filter(({ hidden }) => !hidden);
  const at = commandAt(before);
  const command = shown.find(({ name }) => name === before[at]);
  const flags: Flags = { ...GLOBAL_FLAGS, ...command?.flags };
  const types = async (typed: string, given: readonly string[]): Promise<Candidates> =>
    offer(await findTypes(given, flags, command?.typesOf), typed);
  const sign = last.startsWith("--") ? last.indexOf("=") : -1;
  const named = sign > 0 ? flagOf(last.slice(0, sign), flags) : undefined;
  if (sign > 0)
    return named?.names === "type" ? types(last.slice(sign + 1), before) : values(named, last.slice(sign + 1), offer);
  const flag = flagOf(before.at(-1) ?? "", flags);
  if (flag?.names === "type") return types(last, before.slice(0, -1));
  if (flag?.type === "string") return values(flag, last, offer);
  if (last.startsWith("-")) return offer(Object.entries(flags).map(([name, { help }]) => `--${name}\t${help}`));
  if (at >= before.length) return offer(shown.map(({ name, summary }) => `${name}\t${summary}`));
  if (!command || count(before, flags) > command.words.most) return offer([]);
  if (command.name === "completion") return offer(["bash", "zsh", "fish"]);
  if (command.name === "help") return offer(shown.map(({ name }) => name));
  const nth = count(before, flags);
  if (command.actions && nth === 1) return offer(command.actions);
  // A type is the first word, or that of an action.
  const ofType = command.usage.includes("TYPE") && nth === (command.actions ? 2 : 1);
  return ofType ? types(last, before) : offer([]);
}

function values(
  flag: Flag | undefined,
  typed: string,
  offer: (lines: readonly string[], typed: string) => Candidates,
): Candidates {
  if (flag?.names === "file") return FILES;
  if (flag?.names === "folder") return { lines: [], directive: DIRECTIVE.folders };
  return offer(flag?.choices ?? [], typed);
}

/** How many words there are, the command's name among them. */
function count(words: readonly string[], flags: Flags): number {
  try {
    return parseFlags(words, flags, "").words.length;
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}
