import { parseVersionNames, SERVICE_OPERATIONS, printable } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { candidates, type FindTypes } from "../completion/candidates.ts";
import type { Io } from "../output/io.ts";
import { type Given, parseFlags } from "../base/parse-flags.ts";
import { withClient } from "../service/open-client.ts";
import { openResolver } from "../service/session.ts";

/** Milliseconds a user waits for a completion before they would rather type. */
const ANSWER_WITHIN_MS = 3000;

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
    const { lines, directive } = await candidates(commands(), rest, (...asked) => types(io, ...asked));
    // A tab divides a candidate from its description.
    for (const line of lines) io.stdout.raw(`${line.split("\t").map(printable).join("\t")}\n`);
    io.stdout.print(`:${directive}`);
    return 0;
  },
});

async function types(io: Io, ...[words, flags, of]: Parameters<FindTypes>): Promise<string[]> {
  const signal = AbortSignal.any([io.signal, AbortSignal.timeout(ANSWER_WITHIN_MS)]);
  try {
    const given = parseFlags(words, flags, "");
    if (of === "service") return await typesOfService(given, io, signal);
    const resolver = await openResolver(given, io, "read");
    try {
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

async function typesOfService(given: Given, io: Io, signal: AbortSignal): Promise<string[]> {
  return withClient(given, io, async (client) => {
    const operation = { ...SERVICE_OPERATIONS.listExecutors, parse: parseVersionNames };
    const versions = await client.ask(operation, {}, { query: { fields: "version" }, signal });
    return [...versions].map(([type, version]) => `${type}\t${version}`);
  });
}
