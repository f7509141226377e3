import { shortDigest, type Digest } from "@executor-registry/resolver";
import type { Command } from "../command.ts";
import { age } from "../output/age.ts";
import { printJson } from "../output/json.ts";
import { type Format, toYaml } from "../output/resolutions.ts";
import { printable } from "../output/printable.ts";
import { table } from "../output/table.ts";
import { text } from "../parse-flags.ts";
import { withProgress } from "../progress.ts";
import { openClient } from "../service/open-client.ts";
import { readPages } from "../service/pages.ts";

/** What the service tells of one image of a type. */
interface Version {
  readonly image: string;
  readonly digest: Digest;
  readonly version: string;
  readonly source: string;
  readonly state: "admitted" | "rejected" | "pending" | "withdrawn";
  readonly current: boolean;
  readonly found: string;
  readonly added?: string;
  readonly verdicts: readonly { readonly check: string; readonly state: string; readonly reason: string }[];
  readonly withdrawn?: { readonly at: string; readonly reason: string };
}

export const versions: Command = {
  name: "versions",
  summary: "list every image of a type that was ever found, and what the checks say of it",
  usage: "TYPE [-o FORMAT]",
  flags: {},
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [type = ""] = given.words;
    const client = await openClient(given, io);
    try {
      const reading = readPages<Version>(Infinity, async (limit, { length: offset }) => {
        const query = { limit, offset };
        const answer = await client.ask(`/executors/${encodeURIComponent(type)}/versions`, {
          query,
          signal: io.signal,
        });
        return (answer as { versions: readonly Version[] }).versions;
      });
      const all = await withProgress(io, `reading versions of ${type}`, reading);
      io.stdout.write(print(all, (text(given, "output") ?? "table") as Format, io.clock.now()));
      return 0;
    } finally {
      client.close();
    }
  },
};

function print(all: readonly Version[], format: Format, now: number): string {
  if (format === "json") return printJson(all);
  if (format === "yaml") return toYaml(all);
  if (format === "name") return all.map(({ image }) => `${image}\n`).join("");
  const wide = format === "wide";
  const rows = all.map((version) => [
    version.version,
    version.state,
    version.current ? "yes" : "",
    age(now - Date.parse(version.added ?? version.found)),
    shortDigest(version.digest),
    ...(wide ? [version.source, version.image] : []),
    why(version),
  ]);
  return printable(
    table(["VERSION", "STATE", "CURRENT", "AGE", "DIGEST", ...(wide ? ["SOURCE", "IMAGE"] : []), "WHY"], rows),
  );
}

/** What decided about its state. */
function why({ state, withdrawn, verdicts }: Version): string {
  if (withdrawn) return withdrawn.reason;
  const deciding = verdicts.filter((verdict) => state === "admitted" || verdict.state !== "passed");
  return deciding.map(({ check, reason }) => `${check}: ${reason}`).join("; ") || "no check objects";
}
