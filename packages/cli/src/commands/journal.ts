import { type JournalEntryDocument, SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { withClient } from "../service/open-client.ts";
import { readPages } from "../service/pages.ts";
import { since } from "./since.ts";
import { UsageError } from "../base/usage-error.ts";

export const journal: Command = {
  name: "journal",
  summary: "list what changed in the registry service's catalogue, by whom and why, newest first",
  usage: "[flags]",
  flags: {
    type: { type: "string", value: "TYPE", names: "type", help: "only changes of this executor type" },
    kind: { type: "string", value: "KIND", help: "only changes of this kind, such as image-found" },
    actor: { type: "string", value: "NAME", help: "only changes by this user, source or system" },
    since: { type: "string", value: "TIME", help: "only changes since then: 90m, 2d, or 2026-11-23T14:00:00Z" },
    limit: { type: "string", value: "NUMBER", help: "how many at most (default: 100)" },
  },
  words: { least: 0, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [action] = given.words;
    if (action === "verify")
      throw new UsageError("a store is verified where it is: `executor-registry-server journal verify`");
    if (action !== undefined) throw new UsageError(`journal takes no word ${action}`, "journal");
    const [type, kind, actor] = [text(given, "type"), text(given, "kind"), text(given, "actor")];
    const from = since(text(given, "since"), io.clock.now());
    const most = limitOf(given);
    return withClient(given, io, async (client) => {
      const reading = readPages<JournalEntryDocument>(most, async (limit, read) => {
        const before = read.at(-1)?.sequence;
        const query = { type, kind, actor, from, limit, before };
        const { entries } = await client.ask(SERVICE_OPERATIONS.listJournal, {}, { query, signal: io.signal });
        const last = entries.at(-1)?.sequence ?? 0;
        // Pages lead from the newest entry to the first.
        return { items: entries, more: last > 1 && last < (before ?? Infinity) };
      });
      const entries = await withProgress(io, "reading the journal", reading);
      io.stdout.print(print(entries, (text(given, "output") ?? "table") as Format));
      return 0;
    });
  },
};

function limitOf(given: Given): number {
  const value = text(given, "limit") ?? "100";
  if (/^[1-9]\d{0,6}$/.test(value)) return Number(value);
  throw new UsageError(`--limit ${value} is not a number from 1 on`, "journal");
}

function print(entries: readonly JournalEntryDocument[], format: Format): string[] {
  if (format === "json") return printJson(entries);
  if (format === "yaml") return toYaml(entries);
  if (format === "name") return entries.map(({ sequence }) => `entry/${sequence}`);
  const wide = format === "wide";
  const rows = entries.map(({ sequence, at, actor, change: { kind, type = "<none>", digest = "" }, reason, hash }) => [
    String(sequence),
    at,
    actor,
    kind,
    type,
    ...(wide ? [digest, hash] : []),
    reason,
  ]);
  return table(["SEQUENCE", "AT", "ACTOR", "KIND", "TYPE", ...(wide ? ["DIGEST", "HASH"] : []), "WHY"], rows);
}
