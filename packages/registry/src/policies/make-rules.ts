import { hash } from "node:crypto";
import type { Denial } from "../model/denial.ts";
import { Ages } from "./ages.ts";
import { Candidate } from "./candidate.ts";
import { evaluate } from "./evaluate.ts";
import { explainDrop } from "./explain-drop.ts";
import { ImageReader } from "./image-reader.ts";
import type { Ordering } from "./ordering.ts";
import type { EvaluationContext, Standing, VersionRules } from "./rules.ts";
import type { DenySettings, VersionPolicySettings } from "./settings.ts";
import { type Evaluator, Sieve } from "./sieve.ts";
import { TagFilter } from "./tag-filter.ts";

export const fingerprintOf = (settings: unknown): string =>
  hash("sha256", JSON.stringify(settings), "base64url").slice(0, 16);

/** The rules of one policy. @throws ConfigurationError for a pattern that cannot be used */
export function makeRules<Key>(settings: VersionPolicySettings, ordering: Ordering<Key>): VersionRules {
  const { name, types: _, ...rest } = settings;
  const { kind, onEmpty, onTagMoved, platform } = settings;
  const filter = new TagFilter(settings);
  const reader = new ImageReader(filter, ordering, platform);
  const denials = settings.deny.map(denialOf);
  const evaluator: Evaluator<Key> = {
    ordering,
    reader,
    denials,
    holdsTags: onTagMoved === "hold",
    warnings: unanchored(settings),
  };
  const candidateOf = ({ image, tag }: Standing): Candidate<Key> | undefined => {
    const { key, tagged } = reader.readingOf(tag, image);
    return key === undefined ? undefined : new Candidate(image, tag, key, undefined, tagged);
  };
  const pair = (a: Standing, b: Standing, { reads }: EvaluationContext) => {
    const [one, other] = [candidateOf(a), candidateOf(b)];
    return one && other && { one, other, ages: new Ages([a.image, b.image], reads) };
  };
  return {
    name,
    kind,
    fingerprint: fingerprintOf(rest),
    summary: summaryOf(settings, ordering.summary),
    onEmpty,
    onTagMoved,
    denials,
    evaluate: (images, context) => evaluate(evaluator, images, context),
    dropOf(image, context) {
      const sifted = new Sieve(evaluator, context, new Ages([image], context.reads)).sift(image);
      return sifted instanceof Candidate ? undefined : explainDrop(sifted, image, { filter, platform, ordering });
    },
    compare(a, b, context) {
      const both = pair(a, b, context);
      if (both === undefined) return undefined;
      return ordering.isNeverLower ? 0 : ordering.compare(both.one, both.other, both.ages);
    },
    decisive(winner, loser, context) {
      const both = pair(winner, loser, context);
      return both === undefined
        ? `${winner.tag} was chosen, and ${loser.tag} cannot be compared with it`
        : ordering.decisive(both.one, both.other, both.ages);
    },
  };
}

const denialOf = ({ version, digest, pattern, reason, author, until }: DenySettings): Denial => ({
  id: 0,
  ...(version !== undefined && { version }),
  ...(digest !== undefined && { digest }),
  ...(pattern !== undefined && { pattern }),
  ...(until !== undefined && { until: new Date(until).toISOString() }),
  reason,
  by: author ?? "configuration",
  since: "",
});

/** Patterns that match anywhere in a tag: `1.2` matches `11.20` too. */
function unanchored({ include, exclude, ...rest }: VersionPolicySettings): readonly string[] {
  const patterns = [
    ...include.map((source) => ["include", source] as const),
    ...exclude.map((source) => ["exclude", source] as const),
    ...("extract" in rest && rest.extract !== undefined ? [["extract", rest.extract] as const] : []),
    ...("pattern" in rest ? [["pattern", rest.pattern] as const] : []),
  ];
  return patterns
    .filter(([, source]) => !isAnchored(source))
    .map(
      ([member, source]) =>
        `the pattern ${source} in ${member} matches anywhere in a tag; add ^ or $ where that is not meant`,
    );
}

/** What is escaped, or in a class, is no anchor. */
const isAnchored = (source: string): boolean =>
  /\\[Az]/.test(source) || /[\^$]/.test(source.replace(/\\.|\[\^?\]?[^\]]*\]/g, ""));

function summaryOf({ include, exclude, platform, deny, ...rest }: VersionPolicySettings, ordering: string): string {
  const filters = [
    ...include.map((source) => `include ${source}`),
    ...exclude.map((source) => `exclude ${source}`),
    ...("extract" in rest && rest.extract !== undefined ? [`extract ${rest.extract}`] : []),
    ...(platform === undefined ? [] : [`platform ${platform}`]),
    ...(deny.length === 0 ? [] : [`${deny.length} denied`]),
    ...(rest.onEmpty === "keep" ? [] : ["refuse when empty"]),
    ...(rest.onTagMoved === "follow" ? [] : ["hold moved tags"]),
  ];
  return [ordering, ...filters].join(", ");
}
