import {
  type JournalEntryDocument,
  SERVICE_OPERATIONS,
  type ServiceClient,
} from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { GLOBAL_FLAGS } from "../base/flags.ts";
import { type Given, text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Io } from "../output/io.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { withClient } from "../service/open-client.ts";
import { readPages } from "../service/pages.ts";
import { eachEntry, isExportFormat, type JournalFilter, printExport } from "./journal-export.ts";
import { verifyJournal } from "./journal-verify.ts";
import { since } from "./since.ts";

export const journal: Command = {
  name: "journal",
  summary: "list what changed in the registry service's catalogue, by whom and why, newest first",
  usage: "[verify] [flags]",
  details:
    "As ndjson and csv all that matches is written, oldest first; as ndjson whole, it can be verified on any machine. `verify` checks the " +
    "chain of hashes, and the checkpoints in it, of the service's journal or of such a file.",
  flags: {
    type: { type: "string", value: "TYPE", names: "type", help: "only changes of this executor type" },
    kind: { type: "string", value: "KIND", help: "only changes of this kind, such as image-found" },
    actor: { type: "string", value: "NAME", help: "only changes by this user, source or system" },
    repository: { type: "string", value: "REPOSITORY", help: "only changes of images in registry/path" },
    digest: { type: "string", value: "DIGEST", help: "only changes of the image with this digest" },
    since: { type: "string", value: "TIME", help: "only changes since then: 90m, 2d, or 2026-11-23T14:00:00Z" },
    until: { type: "string", value: "TIME", help: "only changes before then" },
    limit: { type: "string", value: "NUMBER", help: "how many at most (default: 100; as ndjson and csv all)" },
    key: {
      type: "string",
      multiple: true,
      value: "FILE",
      names: "file",
      help: "verify: a public key in PEM that checkpoints must be signed by; several where keys were replaced",
    },
    export: { type: "string", value: "FILE", names: "file", help: "verify: a file of exported entries (NDJSON)" },
    output: {
      ...GLOBAL_FLAGS.output,
      choices: [...GLOBAL_FLAGS.output.choices, "ndjson", "csv"],
      help: "how to print: table, wide, json, yaml, name, ndjson or csv",
    },
  },
  words: { least: 0, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [action] = given.words;
    const verifying = action === "verify";
    if (action !== undefined && !verifying) throw new UsageError(`journal takes no argument "${action}"`, "journal");
    const unused = (verifying ? LISTING_FLAGS : VERIFY_FLAGS).find((name) => given.flags[name] !== undefined);
    if (unused !== undefined) {
      throw new UsageError(`journal${verifying ? " verify" : ""} takes no flag --${unused}`, "journal");
    }
    if (verifying) return verifyJournal(given, io);
    const filter = filterOf(given, io);
    const most = limitOf(given);
    const format = text(given, "output") ?? "table";
    return withClient(given, io, async (client) => {
      if (isExportFormat(format)) await printExport(eachEntry(client, filter, io.signal, most), format, io.stdout);
      else io.stdout.print(print(await newest(client, filter, most ?? DEFAULT_LIMIT, io), format as Format));
      return 0;
    });
  },
};

const DEFAULT_LIMIT = 100;
const VERIFY_FLAGS = ["key", "export"];
const LISTING_FLAGS = ["type", "kind", "actor", "repository", "digest", "since", "until", "limit", "output"];

function filterOf(given: Given, io: Io): JournalFilter {
  const now = io.clock.now();
  return {
    type: text(given, "type"),
    kind: text(given, "kind"),
    actor: text(given, "actor"),
    repository: text(given, "repository"),
    digest: text(given, "digest"),
    from: since(text(given, "since"), now, "--since"),
    until: since(text(given, "until"), now, "--until"),
  };
}

function newest(client: ServiceClient, filter: JournalFilter, most: number, io: Io) {
  const reading = readPages<JournalEntryDocument>(most, async (limit, read) => {
    const before = read.at(-1)?.sequence;
    const query = { ...filter, limit, before };
    const { entries } = await client.ask(SERVICE_OPERATIONS.listJournal, {}, { query, signal: io.signal });
    const last = entries.at(-1)?.sequence ?? 0;
    // Pages lead from the newest entry to the first.
    return { items: entries, more: last > 1 && last < (before ?? Infinity) };
  });
  return withProgress(io, "reading the journal", reading);
}

function limitOf(given: Given): number | undefined {
  const value = text(given, "limit");
  if (value === undefined) return undefined;
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
