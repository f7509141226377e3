import type { Command } from "../command.ts";
import { type Flags, GLOBAL_FLAGS } from "../flags.ts";
import { parseFlags } from "../parse-flags.ts";
import type { Io } from "../io.ts";
import { openResolver } from "../session.ts";

/** Milliseconds a user waits for a completion before they would rather type. */
const PATIENCE = 3000;
/** What cobra calls ShellCompDirectiveNoFileComp: no file names, please. */
const NO_FILES = ":4";

/**
 * Answers what may follow, a candidate a line, as kubectl expects it of its plugins.
 * @see https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/ and cobra's `__complete`
 */
export const completeFor = (commands: () => readonly Command[]): Command => ({
  name: "__complete",
  summary: "what may follow",
  usage: "WORDS…",
  flags: {},
  words: { least: 0, most: Infinity },
  takesRest: true,
  hidden: true,
  async run({ rest }, io) {
    const words = rest.slice(0, -1);
    const last = rest.at(-1) ?? "";
    const found = await candidates(commands(), words, last, io);
    for (const candidate of found.filter((one) => one.startsWith(last))) io.stdout.write(`${candidate}\n`);
    io.stdout.write(`${NO_FILES}\n`);
    return 0;
  },
});

async function candidates(
  commands: readonly Command[],
  words: readonly string[],
  last: string,
  io: Io,
): Promise<string[]> {
  const command = commands.find(({ name, hidden }) => !hidden && name === words.find((word) => !word.startsWith("-")));
  if (words.includes("--")) return [];
  const flags: Flags = { ...GLOBAL_FLAGS, ...command?.flags };
  const before =
    flags[words.at(-1)?.replace(/^--/, "") ?? ""] ??
    Object.values(flags).find(({ short }) => `-${short}` === words.at(-1));
  if (before?.type === "string") return [...(before.choices ?? [])];
  if (last.startsWith("-")) return Object.keys(flags).map((name) => `--${name}`);
  if (!command) return commands.filter(({ hidden }) => !hidden).map(({ name, summary }) => `${name}\t${summary}`);
  if (command.name === "completion") return ["bash", "zsh", "fish"];
  if (command.name === "help") return commands.filter(({ hidden }) => !hidden).map(({ name }) => name);
  return command.usage.includes("TYPE") ? types(words, flags, io) : [];
}

async function types(words: readonly string[], flags: Flags, io: Io): Promise<string[]> {
  try {
    const given = parseFlags(words, flags, "__complete");
    if (given.words.length > 1) return [];
    const resolver = openResolver(given, { ...io, stderr: { write() {}, isTTY: false } }, "read");
    try {
      const resolutions = await resolver.list({ signal: AbortSignal.timeout(PATIENCE) });
      return resolutions.map(({ type, version }) => `${type}\t${version}`);
    } finally {
      await resolver.close();
    }
  } catch {
    // No cluster, no rights, no time: nothing to offer, and a prompt is no place for an error.
    return [];
  }
}
