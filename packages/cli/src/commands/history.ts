import { isDigest, shortDigest } from "@executor-registry/resolver";
import { type HistoryPage, SELECTION_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { withClient } from "../service/open-client.ts";
import { typeOf } from "../service/selection.ts";

const MAX = 100;

export const history: Command = {
  name: "history",
  summary: "list the versions that an executor type was answered with, since when, by whom and why, newest first",
  usage: "TYPE [--limit NUMBER] [-o FORMAT]",
  details: "`rollback TYPE --to REV` goes back to one of them.",
  flags: { limit: { type: "string", value: "NUMBER", help: `how many at most (default and most: ${MAX})` } },
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const type = typeOf(given.words[0], "history");
    const limit = text(given, "limit") ?? String(MAX);
    if (!/^(?:[1-9]\d?|100)$/.test(limit)) {
      throw new UsageError(`--limit ${limit} is not a number from 1 to ${MAX}`, "history");
    }
    return withClient(given, io, async (client) => {
      const asked = client.ask(SELECTION_OPERATIONS.history, { type }, { query: { limit }, signal: io.signal });
      const page = await withProgress(io, `reading the history of ${type}`, asked);
      const format = (text(given, "output") ?? "table") as Format;
      io.stdout.print(print(page, format));
      return 0;
    });
  },
};

function print(page: HistoryPage, format: Format): string[] {
  if (format === "json") return printJson(page);
  if (format === "yaml") return toYaml(page);
  const { type, revisions } = page;
  if (format === "name") return revisions.map(({ revision }) => `executor/${type}/${revision}`);
  const wide = format === "wide";
  const rows = revisions.map(({ revision, version, digest, image, since, decidedBy, by, reason }) => [
    String(revision),
    version,
    isDigest(digest) ? shortDigest(digest) : digest,
    since,
    decidedBy,
    by,
    ...(wide ? [image] : []),
    reason,
  ]);
  return table(["REV", "VERSION", "DIGEST", "SINCE", "WHY", "WHO", ...(wide ? ["IMAGE"] : []), "REASON"], rows);
}
