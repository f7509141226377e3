import type { SourceReport } from "@executor-registry/resolver";
import { lacking, parseNeeds } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { printList, type Format } from "../output/resolutions.ts";
import { warnOfEach, warnOfSource } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { openResolver } from "../service/session.ts";
import { text } from "../base/parse-flags.ts";
import { listed } from "../service/asked.ts";
import { UsageError } from "../base/usage-error.ts";
import { followChanges } from "./watch.ts";

export const list: Command = {
  name: "list",
  summary: "list the executor types and their newest images",
  usage: "[--capability NEED]… [-o FORMAT] [--watch]",
  flags: {
    capability: {
      type: "string",
      multiple: true,
      value: "NEED",
      help: "only types that can do this, such as 'cuda>=12'; may be repeated",
    },
    watch: { type: "boolean", short: "w", help: "go on printing what changes" },
  },
  words: { least: 0, most: 0 },
  async run(given, io) {
    const format = (text(given, "output") ?? "table") as Format;
    const words = listed(given, "capability");
    const needs = words.length === 0 ? [] : parseNeeds(words);
    if (given.flags["watch"] && needs.length > 0) throw new UsageError("--watch prints every type", "list");
    const resolver = await openResolver(given, io, "read");
    try {
      if (given.flags["watch"]) return await followChanges(resolver, undefined, format, io);
      const all = await withProgress(io, "reading executors", resolver.list({ signal: io.signal }));
      const resolutions = all.filter((resolution) => lacking(needs, resolution).length === 0);
      const reports = await resolver.sources({ signal: io.signal });
      for (const report of reports) warnOfSource(report, io);
      const empty = resolutions.length === 0 && (format === "table" || format === "wide");
      if (empty && all.length > 0)
        io.stderr.print(
          `none of ${all.length} executors has ${words.join(" and ")}; resolve --needs says what each lacks`,
        );
      else if (empty) io.stderr.print(`no executors found: ${nextStep(reports, io.program)}`);
      else io.stdout.print(printList(resolutions, format, io.clock.now()));
      warnOfEach(resolutions, io);
      return 0;
    } finally {
      await resolver.close();
    }
  },
};

/** What to do where there is nothing to list. */
function nextStep(reports: readonly SourceReport[], program: string): string {
  const names = new Set(reports.map(({ name }) => name));
  if (names.has("registry")) return `the registry service knows none; \`${program} refresh\` looks for new images`;
  if (names.has("oci-layout")) return "the folder holds no image called executor-TYPE";
  return `declare one by a suspended CronJob named executor-TYPE, or load an image called executor-TYPE into the nodes; -n names another namespace, and \`${program} doctor\` checks what may be read`;
}
