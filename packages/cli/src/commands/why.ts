import { isDigest, isExecutorType } from "@executor-registry/resolver";
import type {
  ExplainedVersion,
  LookedInSource,
  PolicySummary,
  WhyDocument,
} from "@executor-registry/resolver/internal";
import type { Command } from "../base/command.ts";
import { NOT_CURRENT } from "../base/exit-codes.ts";
import { text } from "../base/parse-flags.ts";
import { withProgress } from "../base/progress.ts";
import { UsageError } from "../base/usage-error.ts";
import { age } from "../output/age.ts";
import { printJson, toYaml } from "../output/documents.ts";
import type { Format } from "../output/resolutions.ts";
import { table } from "../output/table.ts";
import { factLines, verdictLines } from "../output/verdicts.ts";
import { WHY } from "../service/diagnosis.ts";
import { withClient } from "../service/open-client.ts";

export const why: Command = {
  name: "why",
  summary: "say why an image, a tag or a digest is the current version of a type, or what became of it",
  usage: "TYPE[:TAG|@DIGEST] [-o FORMAT]",
  details: `Answers for any tag, also for one that was never seen: where it was looked for, and when. Exits with 0 for the current version, and
with ${NOT_CURRENT} for all else. Of a TYPE alone it explains the current version, or why there is none.`,
  flags: {},
  words: { least: 1, most: 1 },
  typesOf: "service",
  async run(given, io) {
    const { type, image } = asked(given.words[0] ?? "");
    return withClient(given, io, async (client) => {
      const question = { query: { image }, signal: io.signal };
      const answer = await withProgress(io, `asking about ${given.words[0]}`, client.ask(WHY, { type }, question));
      io.stdout.print(print(answer, (text(given, "output") ?? "table") as Format, io.clock.now()));
      return answer.answer === "current" ? 0 : NOT_CURRENT;
    });
  },
};

/** @throws UsageError */
function asked(word: string): { readonly type: string; readonly image?: string } {
  const [, type = "", separator, image] = /^([^:@]*)(?:([:@])(.*))?$/s.exec(word) ?? [];
  if (!isExecutorType(type)) throw new UsageError(`${word} does not begin with an executor type, such as ml`, "why");
  if (separator === undefined || image === undefined) return { type };
  const fits = separator === "@" ? isDigest(image) : /^\w[\w.-]{0,127}$/.test(image);
  if (!fits) throw new UsageError(`${word} is not of the form TYPE, TYPE:TAG or TYPE@sha256:…`, "why");
  return { type, image };
}

function print(answer: WhyDocument, format: Format, now: number): string[] {
  if (format === "json") return printJson(answer);
  if (format === "yaml") return toYaml(answer);
  if (format === "name") return answer.images.map(({ image }) => image);
  const { type, image, reason, policy, versionPolicy, current, images, unread, otherTypes, sources } = answer;
  return [
    ...factLines([
      ["Type", type],
      ["Asked for", image],
      ["Answer", WORDS[answer.answer]],
      ["Because", reason],
      ["Current", current && `${current.version}, ${current.image}`],
      ["Chosen", current && answer.answer !== "current" ? current.reason : undefined],
      ["Policy", policy],
      ["Version policy", versionPolicy && named(versionPolicy)],
      ["Also of", otherTypes.length > 0 ? otherTypes.join(", ") : undefined],
    ]),
    ...images.slice(0, SHOWN).flatMap((one) => imageLines(one, images.length > 1)),
    ...(images.length > SHOWN ? ["", `${images.length - SHOWN} more images are meant; -o yaml prints them`] : []),
    ...(unread.length > 0
      ? ["", ...unread.map(({ repository, tag, reason }) => `Unread: ${repository}:${tag}: ${reason}`)]
      : []),
    ...(answer.answer === "unknown" || answer.answer === "unread" ? ["", ...sourceLines(sources, now)] : []),
  ];
}

const named = ({ name, summary }: PolicySummary): string => (name === "" ? summary : `${name}: ${summary}`);

/** So many images fit on a screen. */
const SHOWN = 2;

const WORDS: Readonly<Record<WhyDocument["answer"], string>> = {
  current: "it is the current version",
  admitted: "it passes its checks, and another is the current version",
  rejected: "it is rejected",
  pending: "it waits for its checks",
  withdrawn: "it is gone from its registry",
  unread: "it could not be read",
  unknown: "it was never seen",
};

function imageLines(version: ExplainedVersion, several: boolean): string[] {
  const { image, tags, state, found, added, why, drop, beatenBy, verdicts } = version;
  return [
    "",
    ...factLines([
      ["Image", image],
      ["Tags", tags.join(", ")],
      ["State", state],
      ["Because", several ? why : undefined],
      ["Left out", drop && `${drop.code}: ${drop.detail}`],
      ["Beaten by", beatenBy && `${beatenBy.version}, ${beatenBy.image}`],
      ["Found", found],
      ["Admitted", added],
    ]),
    ...verdictLines(verdicts),
  ];
}

/** Where it was looked for, and how long ago. */
function sourceLines(sources: readonly LookedInSource[], now: number): string[] {
  const rows = sources.map(({ name, state, attempted, completed, problem, repositories }) => {
    const looked = attempted ?? completed;
    return [
      name,
      state,
      looked === undefined ? "never" : `${age(now - Date.parse(looked))} ago`,
      problem?.message ?? (repositories.join(", ") || "no repository that holds this type"),
    ];
  });
  return table(["LOOKED IN", "STATE", "LAST LOOK", "REPOSITORIES"], rows);
}
