import { text } from "../base/parse-flags.ts";
import type { Command } from "../base/command.ts";
import { examine } from "../doctor/examine.ts";
import { printReport } from "../doctor/print.ts";
import { printJson, toYaml } from "../output/documents.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";

export const doctor: Command = {
  name: "doctor",
  summary: "check the cluster, the rights and the images, and say how to fix what is wrong",
  usage: "[-o FORMAT]",
  details: "Exits with 1 when a check fails; warnings are no failure.",
  flags: {
    output: {
      type: "string",
      short: "o",
      value: "FORMAT",
      choices: ["table", "json", "yaml"],
      help: "how to print: table (default), json or yaml",
    },
  },
  words: { least: 0, most: 0 },
  async run(given, io) {
    if (text(given, "layout") !== undefined) throw new UsageError("doctor looks at a cluster, not a layout", "doctor");
    const report = await withProgress(io, "looking at the cluster", examine(given, io));
    const format = text(given, "output") ?? "table";
    if (format === "json") io.stdout.print(printJson(report));
    else io.stdout.print(format === "yaml" ? toYaml(report) : printReport(report));
    return report.checks.some(({ state }) => state === "fail") ? 1 : 0;
  },
};
