import { type JournalEntryDocument, SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import type { Io } from "../output/io.ts";
import { printJson } from "../output/json.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { toYaml } from "../output/yaml.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { configFile } from "../serve/config-file.ts";
import { withClient } from "../service/open-client.ts";
import { readPages } from "../service/pages.ts";
import { since } from "./since.ts";
import { UsageError } from "../base/usage-error.ts";

export const journal: Command = {
  name: "journal",
  summary: "list what changed in the registry service's catalogue, by whom and why, newest first",
  usage: "[verify] [flags]",
  details: `\`verify\` reads the service's store itself, without changing it, while the service runs or not: it checks the whole chain of hashes,
and names the first entry that does not hold. The store is that of --store, else of the configuration, found as \`serve\` finds it.`,
  flags: {
    store: {
      type: "string",
      value: "ADDRESS",
      help: "verify: the store, such as sqlite:/var/lib/registry/catalogue.db",
    },
    config: { type: "string", value: "FILE", names: "file", help: "verify: the configuration that names the store" },
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
    if (action === "verify") return verify(given, io);
    if (action !== undefined) throw new UsageError(`journal can verify, not ${action}`, "journal");
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

async function verify(given: Given, io: Io): Promise<number> {
  const { loadConfig, verifyStore } = await import("@executor-registry/registry");
  const named = text(given, "store");
  const address = named ?? (await loadConfig(configFile("journal", text(given, "config"), io))).config.store;
  const { sequence, hash } = await withProgress(io, "verifying the journal", verifyStore(address, io.signal));
  const last =
    sequence === 0 ? "there are no entries" : `entries 1 to ${sequence} are as written; the last has hash ${hash}`;
  io.stdout.print(`${address}: ${last}`);
  return 0;
}

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
