import type { Command } from "../command.ts";
import { printList, type Format } from "../output/resolutions.ts";
import { withProgress } from "../progress.ts";
import { openResolver, text } from "../session.ts";
import { followChanges } from "./watch.ts";

export const list: Command = {
  name: "list",
  summary: "list the executor types and their newest images",
  usage: "[-o FORMAT] [--watch]",
  flags: { watch: { type: "boolean", short: "w", help: "go on printing what changes" } },
  words: { least: 0, most: 0 },
  async run(given, io) {
    const format = (text(given, "output") ?? "table") as Format;
    const resolver = openResolver(given, io, "read");
    try {
      if (given.flags["watch"]) return await followChanges(resolver, undefined, format, io);
      const resolutions = await withProgress(io, "reading executors", resolver.list({ signal: io.signal }));
      const reports = await resolver.sources({ signal: io.signal });
      const broken = reports.filter(({ status }) => status.problem);
      // Nobody could answer: that is an error, not an empty list.
      const [first] = broken;
      if (first?.status.problem && broken.length === reports.length) throw first.status.problem;
      for (const { name, status } of broken) io.stderr.write(`warning: ${name} left out: ${status.problem?.message}\n`);
      for (const { notes } of reports) for (const note of notes) io.stderr.write(`note: ${note}\n`);
      if (resolutions.length === 0 && (format === "table" || format === "wide"))
        io.stderr.write("no executors found\n");
      else io.stdout.write(printList(resolutions, format));
      return 0;
    } finally {
      await resolver.close();
    }
  },
};
