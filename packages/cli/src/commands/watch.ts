import type { ResolutionChange, Resolver } from "@executor-registry/resolver";
import type { Command } from "../base/command.ts";
import { interruptedExit } from "@executor-registry/resolver/internal";
import type { Io } from "../output/io.ts";
import { headers, row, type TableFormat } from "../output/columns.ts";
import { jsonLine, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { tableLine } from "../output/table.ts";
import { warnOfChange, warnOfSource } from "../output/warnings.ts";
import { openResolver } from "../service/session.ts";
import { text } from "../base/parse-flags.ts";

export const watch: Command = {
  name: "watch",
  summary: "print each change of what types resolve to, until interrupted",
  usage: "[TYPE] [-o FORMAT]",
  details: "Keeps, where RBAC allows it, when images were first seen, so that later commands can order them.",
  flags: {},
  words: { least: 0, most: 1 },
  async run(given, io) {
    const resolver = await openResolver(given, io, "write");
    try {
      return await followChanges(resolver, given.words[0], (text(given, "output") ?? "table") as Format, io);
    } finally {
      await resolver.close();
    }
  },
};

/** A watch cannot know how wide its cells will get. */
const WIDTHS = [16, 20, 10, 9, 14, 60, 12, 20];

/** Prints what is and then what changes; JSON as one object a line, YAML as documents. */
export async function followChanges(
  resolver: Resolver,
  type: string | undefined,
  format: Format,
  io: Io,
): Promise<number> {
  for (const report of await resolver.sources({ signal: io.signal })) warnOfSource(report, io);
  if (isTable(format)) io.stdout.print(tableLine(headers(format), WIDTHS));
  for await (const change of resolver.watch(type, { signal: io.signal })) {
    io.stdout.print(isTable(format) ? changedRow(change, format, io.clock.now()) : print(change, format));
    // The other formats hold them.
    if (isTable(format)) warnOfChange(change, io);
  }
  return io.signal.aborted ? interruptedExit(io.signal) : 0;
}

function isTable(format: Format): format is TableFormat {
  return format === "table" || format === "wide";
}

function changedRow({ type, resolution }: ResolutionChange, format: TableFormat, now: number): string {
  return tableLine(resolution ? row(resolution, format, now) : [type, "<none>"], WIDTHS);
}

function print(change: ResolutionChange, format: Exclude<Format, TableFormat>): string | string[] {
  if (format === "json") return jsonLine(change);
  return format === "yaml" ? ["---", ...toYaml(change)] : `executor/${change.type}`;
}
