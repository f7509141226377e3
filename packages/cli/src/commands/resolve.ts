import { AMBIGUOUS } from "../base/exit-codes.ts";
import type { Command } from "../base/command.ts";
import { explain } from "../output/explain.ts";
import { printOne, type Format } from "../output/resolutions.ts";
import { warnAbout } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { openResolver } from "../service/session.ts";
import { text } from "../base/parse-flags.ts";
import { askedFor, NEEDS_FLAGS } from "../service/asked.ts";
import { UsageError } from "../base/usage-error.ts";
import { followChanges } from "./watch.ts";

export const resolve: Command = {
  name: "resolve",
  summary: "print the image of an executor type, or of the type that can do what is needed",
  usage: "TYPE | --needs LIST [--explain] [--strict] [-o FORMAT] [--watch]",
  details: `Prints the image alone, so that scripts can use it; warnings go to standard error. Of several types that have all that --needs
names, the one is taken that can do least besides. Where none has all, the error says what each lacks.`,
  flags: {
    explain: { type: "boolean", help: "say why this image, and which others there are" },
    strict: { type: "boolean", help: `exit with ${AMBIGUOUS} when nothing shows which image is the newest` },
    ...NEEDS_FLAGS,
    subject: { type: "string", value: "KEY", help: "the run or tenant to resolve for" },
    watch: { type: "boolean", short: "w", help: "go on printing what changes" },
  },
  words: { least: 0, most: 1 },
  async run(given, io) {
    const { what, type, resolve } = askedFor(given, "resolve");
    if (given.flags["watch"] && type === undefined) throw new UsageError("--watch needs a TYPE", "resolve");
    const format = text(given, "output") as Format | undefined;
    const resolver = await openResolver(given, io, "read");
    try {
      if (given.flags["watch"]) return await followChanges(resolver, type, format ?? "table", io);
      const subject = text(given, "subject");
      const asked = { signal: io.signal, ...(subject !== undefined && { subject }) };
      const resolution = await withProgress(io, `resolving ${what}`, resolve(resolver, asked));
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
