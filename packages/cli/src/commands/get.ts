import type { ExecutorDocument } from "@executor-registry/resolver";
import { SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { age } from "../output/age.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { text } from "../base/parse-flags.ts";
import { warnAbout } from "../output/warnings.ts";
import { withProgress } from "../base/progress.ts";
import { withClient } from "../service/open-client.ts";

export const get: Command = {
  name: "get",
  summary: "print all that the registry service knows about an executor type",
  usage: "TYPE [-o FORMAT]",
  flags: {},
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [type = ""] = given.words;
    return withClient(given, io, async (client) => {
      const asked = client.ask(SERVICE_OPERATIONS.getExecutor, { type }, { signal: io.signal });
      const document = await withProgress(io, `asking for ${type}`, asked);
      io.stdout.print(print(document, (text(given, "output") ?? "yaml") as Format, io.clock.now()));
      const staleSince = document.live?.staleSince;
      warnAbout({ ...document, stale: staleSince !== undefined, ...(staleSince !== undefined && { staleSince }) }, io);
      return 0;
    });
  },
};

function print(document: ExecutorDocument, format: Format, now: number): string[] {
  if (format === "json") return printJson(document);
  if (format === "yaml") return toYaml(document);
  if (format === "name") return [`executor/${document.type}`];
  const { type, version, source, added, validated, owner = "<none>", capabilities, image, reason } = document;
  const headers = ["TYPE", "VERSION", "SOURCE", "AGE", "VALIDATED", "OWNER", "CAPABILITIES"];
  const known = age(now - Date.parse(added));
  const cells = [type, version, source, known, validated ? "yes" : "no", owner, capabilities.join(",") || "<none>"];
  const wide = format === "wide";
  return table([...headers, ...(wide ? ["IMAGE", "REASON"] : [])], [[...cells, ...(wide ? [image, reason] : [])]]);
}
