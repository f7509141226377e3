import { compareVersions, type TagVersion, tagVersion } from "@executor-registry/resolver";

/** A full version, a commit's hash, a date or a build number: what its makers do not move. */
const FIXED = /^v?\d+\.\d+\.\d+|(?:^|[-_.])g?(?=[0-9a-f]*\d)[0-9a-f]{7,64}$|\d{8}|\d{4}-\d{2}-\d{2}/;

/** What is built again under its name, by its makers' own definition, whatever stands before it. */
const MOVES =
  /(?:^|[-_.+])(?:snapshot|dev|devel|develop|latest|nightly|edge|canary|main|master|trunk|head|unstable|staging|testing)$/i;

/**
 * Whether a tag is one that people move: `latest`, `main`, `1`, `1.4`. Full versions, commits and dates are not;
 * a registry that lets them be moved anyway is found out by its event, or when they are looked up again.
 */
export const isMovingTag = (tag: string): boolean => !FIXED.test(tag) || MOVES.test(tag);

/** A tag with what is looked at when two are compared, read from it once. */
interface ComparedTag {
  readonly tag: string;
  readonly rank: number;
  readonly version: TagVersion | undefined;
}

function comparedTag(tag: string): ComparedTag {
  const version = tagVersion(tag);
  const rank = tag === "latest" ? 0 : !FIXED.test(tag) ? 1 : version === undefined ? 2 : 3;
  return { tag, rank, version };
}

/**
 * The tag that tells an image apart for a person: the highest full version, else one that does not move, else the first but
 * `latest`.
 * @param tags not empty
 */
export function versionTag(tags: readonly string[]): string {
  const [first = "", ...others] = tags;
  if (others.length === 0) return first;
  let best = comparedTag(first);
  for (const tag of others) {
    const other = comparedTag(tag);
    if (compareTelling(other, best) < 0) best = other;
  }
  return best.tag;
}

/** The most informative tags first. */
export function informativeTags(tags: readonly string[], most: number): readonly string[] {
  if (tags.length <= most) return tags;
  const all = tags.map(comparedTag).sort(compareTelling);
  return all.slice(0, most).map(({ tag }) => tag);
}

const compareTelling = (a: ComparedTag, b: ComparedTag): number =>
  b.rank - a.rank ||
  (a.version && b.version ? compareVersions(b.version, a.version) : 0) ||
  (a.tag < b.tag ? -1 : a.tag > b.tag ? 1 : 0);

/** Positive when `a` holds the higher version; zero where they cannot be compared. */
export function compareVersionTags(a: string, b: string): number {
  const [left, right] = [tagVersion(a), tagVersion(b)];
  return left && right ? compareVersions(left, right) : 0;
}
