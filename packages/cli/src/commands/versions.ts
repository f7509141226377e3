import { type Candidate, isDigest, shortDigest, repositoryNamed, taggedName } from "@executor-registry/resolver";
import { SERVICE_OPERATIONS, type UnreadTagDocument, type VersionDocument } from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { age } from "../output/age.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { withClient } from "../service/open-client.ts";
import { readPages } from "../service/pages.ts";

/** A version of the catalogue, an image found in a cluster, where images are not checked, or a tag that could not be read. */
type Row = Pick<VersionDocument, "image" | "version" | "current" | "verdicts"> &
  Partial<Pick<VersionDocument, "digest" | "source" | "found" | "added" | "withdrawn">> & {
    readonly state: VersionDocument["state"] | "live" | "unread";
    /** Of a live one. */
    readonly evidence?: Candidate["evidence"];
    /** Of an unread one. */
    readonly reason?: string;
  };

const liveVersion = (candidate: Candidate, index: number): Row => ({
  ...candidate,
  state: "live",
  current: index === 0,
  verdicts: [],
});

const unreadVersion = ({ repository, tag, digest, reason }: UnreadTagDocument): Row => ({
  image: taggedName(repositoryNamed(repository), tag),
  ...(digest !== undefined && { digest }),
  version: tag,
  state: "unread",
  current: false,
  verdicts: [],
  reason,
});

export const versions: Command = {
  name: "versions",
  summary: "list every image of a type that was ever found, and what the checks say about it",
  usage: "TYPE [-o FORMAT]",
  flags: {},
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const [type = ""] = given.words;
    return withClient(given, io, async (client) => {
      let live: readonly Candidate[] = [];
      const unread: Row[] = [];
      const reading = readPages<Row>(Infinity, async (limit, { length: offset }) => {
        const question = { query: { limit, offset }, signal: io.signal };
        const answer = await client.ask(SERVICE_OPERATIONS.listVersions, { type }, question);
        const { versions, total, candidates = [], unread: tags = [] } = answer;
        unread.push(...tags.map(unreadVersion));
        live = candidates;
        return { items: versions, more: offset + versions.length < total };
      });
      const found = await withProgress(io, `reading versions of ${type}`, reading);
      const all = [...live.map(liveVersion), ...unread, ...found];
      io.stdout.print(print(all, (text(given, "output") ?? "table") as Format, io.clock.now()));
      return 0;
    });
  },
};

function print(all: readonly Row[], format: Format, now: number): string[] {
  if (format === "json") return printJson(all);
  if (format === "yaml") return toYaml(all);
  if (format === "name") return all.map(({ image }) => image);
  const wide = format === "wide";
  const rows = all.map((version) => [
    version.version,
    version.state,
    version.current ? "yes" : "",
    ageOf(version, now),
    version.digest !== undefined && isDigest(version.digest) ? shortDigest(version.digest) : "<none>",
    ...(wide ? [version.source ?? "<cluster>", version.image] : []),
    why(version),
  ]);
  return table(["VERSION", "STATE", "CURRENT", "AGE", "DIGEST", ...(wide ? ["SOURCE", "IMAGE"] : []), "WHY"], rows);
}

function ageOf({ added, found, evidence = [] }: Row, now: number): string {
  const since = added ?? found ?? evidence.find(({ at }) => at !== undefined)?.at;
  return since === undefined ? "<unknown>" : age(now - Date.parse(since));
}

/** What decided about its state. */
function why({ state, withdrawn, verdicts, evidence, reason }: Row): string {
  if (reason !== undefined) return reason;
  if (withdrawn) return withdrawn.reason;
  if (evidence) return evidence.map(({ detail }) => detail).join("; ");
  const deciding = verdicts.filter((verdict) => state === "admitted" || verdict.state !== "passed");
  return deciding.map(({ check, reason }) => `${check}: ${reason}`).join("; ") || "no check objects";
}
