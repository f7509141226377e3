import { compareVersions, tagVersion } from "@executor-registry/resolver";

/** A full version, a commit's hash, a date or a build number: what its makers do not move. */
const FIXED = /^v?\d+\.\d+\.\d+|(?:^|[-_.])g?(?=[0-9a-f]*\d)[0-9a-f]{7,64}$|\d{8}|\d{4}-\d{2}-\d{2}/;

/** What is built again under its name, by its makers' own definition, whatever stands before it. */
const MOVES =
  /(?:^|[-_.+])(?:snapshot|dev|devel|develop|latest|nightly|edge|canary|main|master|trunk|head|unstable|staging|testing)$/i;

/**
 * Whether a tag is one that people move: `latest`, `main`, `1`, `1.4`. Full versions, commits and dates are not;
 * a registry that lets somebody move those anyway is found out by its event, or when they are looked up again.
 */
export const isMovingTag = (tag: string): boolean => !FIXED.test(tag) || MOVES.test(tag);

/**
 * The tag that tells an image apart for a person: the highest full version, else one that does not move, else the first but
 * `latest`.
 * @param tags not empty
 */
export function versionTag(tags: readonly string[]): string {
  let best = tags[0] ?? "";
  for (const tag of tags) if (compareTelling(tag, best) < 0) best = tag;
  return best;
}

/** The tags that tell most, the most telling first. */
export function tellingTags(tags: readonly string[], most: number): readonly string[] {
  return tags.length <= most ? tags : [...tags].sort(compareTelling).slice(0, most);
}

const compareTelling = (a: string, b: string): number =>
  rank(b) - rank(a) || compareVersionTags(b, a) || (a < b ? -1 : a > b ? 1 : 0);

function rank(tag: string): number {
  if (tag === "latest") return 0;
  if (!FIXED.test(tag)) return 1;
  return tagVersion(tag) === undefined ? 2 : 3;
}

/** Positive when `a` holds the higher version; zero where they cannot be compared. */
export function compareVersionTags(a: string, b: string): number {
  const [left, right] = [tagVersion(a), tagVersion(b)];
  return left && right ? compareVersions(left, right) : 0;
}
