import type { Command } from "../command.ts";
import { candidates } from "../completion/candidates.ts";
import type { Flags } from "../flags.ts";
import type { Io } from "../io.ts";
import { parseFlags } from "../parse-flags.ts";
import { openResolver } from "../session.ts";

/** Milliseconds a user waits for a completion before they would rather type. */
const PATIENCE = 3000;

/**
 * Answers what may follow, as cobra's commands do, so that kubectl can ask it of its plugins.
 * @param commands asked late, since this is one of them
 * @see https://kubernetes.io/docs/tasks/extend-kubectl/kubectl-plugins/
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
    const { lines, directive } = await candidates(commands(), rest, (words, flags) => types(words, flags, io));
    for (const line of lines) io.stdout.write(`${line}\n`);
    io.stdout.write(`:${directive}\n`);
    return 0;
  },
});

async function types(words: readonly string[], flags: Flags, io: Io): Promise<string[]> {
  try {
    const resolver = openResolver(parseFlags(words, flags, ""), io, "read");
    try {
      const signal = AbortSignal.any([io.signal, AbortSignal.timeout(PATIENCE)]);
      const resolutions = await resolver.list({ signal });
      return resolutions.map(({ type, version }) => `${type}\t${version}`);
    } finally {
      await resolver.close();
    }
  } catch {
    // No cluster, no rights, no time: nothing to offer, and a prompt is no place for an error.
    return [];
  }
}
