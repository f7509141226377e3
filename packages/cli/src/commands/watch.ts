import type { ResolutionChange, Resolver } from "@executor-registry/resolver";
import { stringify } from "yaml";
import type { Command } from "../command.ts";
import { interruptedExit } from "../interruption.ts";
import type { Io } from "../io.ts";
import { headers, row, type Format } from "../output/resolutions.ts";
import { openResolver, text } from "../session.ts";

export const watch: Command = {
  name: "watch",
  summary: "print each change of what types resolve to, until interrupted",
  usage: "[TYPE] [-o FORMAT]",
  details: "Keeps, where RBAC allows it, when images were first seen, so that later commands can order them.",
  flags: {},
  words: { least: 0, most: 1 },
  async run(given, io) {
    const resolver = openResolver(given, io, "write");
    try {
      return await followChanges(resolver, given.words[0], (text(given, "output") ?? "table") as Format, io);
    } finally {
      await resolver.close();
    }
  },
};

/** Prints what is and then what changes; JSON as one object a line, YAML as documents. */
export async function followChanges(
  resolver: Resolver,
  type: string | undefined,
  format: Format,
  io: Io,
): Promise<number> {
  const widths = [16, 20, 11, 16, 60, 13, 20];
  const line = (cells: readonly string[]): string =>
    `${cells
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join("   ")
      .trimEnd()}\n`;
  if (format === "table" || format === "wide") io.stdout.write(line(headers(format)));
  for await (const change of resolver.watch(type, { signal: io.signal })) {
    io.stdout.write(format === "table" || format === "wide" ? line(cells(change, format)) : print(change, format));
  }
  return io.signal.aborted ? interruptedExit(io.signal) : 0;
}

function cells({ type, resolution }: ResolutionChange, format: "table" | "wide"): string[] {
  return resolution ? row(resolution, format) : [type, "<none>"];
}

function print(change: ResolutionChange, format: "json" | "yaml" | "name"): string {
  if (format === "json") return `${JSON.stringify(change)}\n`;
  return format === "yaml" ? `---\n${stringify(change)}` : `executor/${change.type}\n`;
}
