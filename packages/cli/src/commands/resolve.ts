import { AMBIGUOUS } from "../base/exit-codes.ts";
import type { Command } from "../base/command.ts";
import { explain } from "../output/explain.ts";
import { printOne, type Format } from "../output/resolutions.ts";
import { warnAbout } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { openResolver } from "../service/session.ts";
import { text } from "../base/parse-flags.ts";
import { followChanges } from "./watch.ts";

export const resolve: Command = {
  name: "resolve",
  summary: "print the image of an executor type",
  usage: "TYPE [--explain] [--strict] [-o FORMAT] [--watch]",
  details: "Prints the image alone, so that scripts can use it; warnings go to standard error.",
  flags: {
    explain: { type: "boolean", help: "say why this image, and which others there are" },
    strict: { type: "boolean", help: `exit with ${AMBIGUOUS} when nothing shows which image is the newest` },
    subject: { type: "string", value: "KEY", help: "the run or tenant to resolve for" },
    watch: { type: "boolean", short: "w", help: "go on printing what changes" },
  },
  words: { least: 1, most: 1 },
  async run(given, io) {
    const [type = ""] = given.words;
    const format = text(given, "output") as Format | undefined;
    const resolver = await openResolver(given, io, "read");
    try {
      if (given.flags["watch"]) return await followChanges(resolver, type, format ?? "table", io);
      const subject = text(given, "subject");
      const asked = { signal: io.signal, ...(subject !== undefined && { subject }) };
      const resolution = await withProgress(io, `resolving ${type}`, resolver.resolve(type, asked));
      if (given.flags["explain"] && format === undefined) {
        io.stdout.print(explain(resolution));
      } else {
        io.stdout.print(format === undefined ? resolution.image : printOne(resolution, format, io.clock.now()));
        warnAbout(resolution, io);
      }
      return resolution.ambiguous && given.flags["strict"] ? AMBIGUOUS : 0;
    } finally {
      await resolver.close();
    }
  },
};
