import { type ScanReportDocument, SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import { INCOMPLETE } from "../base/exit-codes.ts";
import type { Command } from "../base/command.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { text } from "../base/parse-flags.ts";
import { withClient } from "../service/open-client.ts";
import { withScanProgress } from "../service/scan-progress.ts";

/** Milliseconds for a scan of everything: ten thousand tags at a registry that lets ten requests a second pass. */
const SCAN_MS = 3_600_000;

export const refresh: Command = {
  name: "refresh",
  summary: "let the registry service look at the registries now",
  usage: "[TYPE] [--wait]",
  details: `With TYPE, every tag of its repositories is looked up again. With --wait, exits with ${INCOMPLETE} when a source could not
be read completely.`,
  flags: { wait: { type: "boolean", help: "wait until the scans have ended, and print what they found" } },
  words: { least: 0, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [type] = given.words;
    const wait = given.flags["wait"] === true;
    return withClient(given, io, async (client) => {
      const { signal } = io;
      const question = { query: { type, wait: String(wait) }, signal };
      if (!wait) {
        await client.ask(SERVICE_OPERATIONS.refresh, {}, question);
        io.stderr.print("the service will scan now");
        return 0;
      }
      const scanning = client.ask(SERVICE_OPERATIONS.refresh, {}, { ...question, timeout: SCAN_MS });
      const result = await withScanProgress(client, io, scanning);
      const scans = "scans" in result ? result.scans : [];
      io.stdout.print(print(scans, (text(given, "output") ?? "table") as Format));
      return scans.every(({ complete }) => complete) ? 0 : INCOMPLETE;
    });
  },
};

function print(scans: readonly ScanReportDocument[], format: Format): string[] {
  if (format === "json") return printJson(scans);
  if (format === "yaml") return toYaml(scans);
  if (format === "name") return scans.map(({ source }) => `source/${source}`);
  const rows = scans.map(({ source, repositories, changes, unread, requests, complete, problem }) => [
    source,
    ...[repositories, changes, unread, requests].map(String),
    complete ? "yes" : "no",
    problem?.message ?? "",
  ]);
  return table(["SOURCE", "REPOSITORIES", "CHANGES", "UNREAD", "REQUESTS", "COMPLETE", "PROBLEM"], rows);
}
