/** A version read from a tag, with the commits that `git describe` counted since. */
export interface TagVersion {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: readonly string[];
  readonly commits: number;
}

const DESCRIBE = /^(.+)-(\d{1,9})-g[0-9a-f]{4,64}$/;
/** A commit's hash in place of a prerelease, as in `1.4.0-abc1234`: a name, no rank. */
const COMMIT = /(?:^|-)g?(?=[0-9]*[a-f])[0-9a-f]{7,40}$/;
const VERSION = /^v?(\d{1,15})\.(\d{1,15})(?:\.(\d{1,15})(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?)?$/;

/**
 * The version in a tag such as `1.4.0`, `v1.4.0-rc.1`, or `v1.4.0-14-gabc1234-dirty` as `git describe` writes it.
 * @see https://semver.org/
 * @see https://git-scm.com/docs/git-describe
 */
export function tagVersion(tag: string): TagVersion | undefined {
  const clean = tag.endsWith("-dirty") ? tag.slice(0, -"-dirty".length) : tag;
  const described = DESCRIBE.exec(clean);
  const match = VERSION.exec(described?.[1] ?? clean);
  if (!match) return undefined;
  const [, major, minor, patch = "0", prerelease] = match;
  return {
    numbers: [Number(major), Number(minor), Number(patch)],
    prerelease: prerelease?.split(".") ?? [],
    commits: Number(described?.[2] ?? 0),
  };
}

/** Negative, zero or positive, by semver's precedence and then the commits since. */
export function compareVersions(a: TagVersion, b: TagVersion): number {
  for (const [index, number] of a.numbers.entries()) {
    const other = b.numbers[index] ?? 0;
    if (number !== other) return number - other;
  }
  return comparePrereleases(a.prerelease, b.prerelease) || a.commits - b.commits;
}

/** Whether one version is certainly the later one. */
export function isHigher(a: TagVersion, b: TagVersion): boolean {
  const release = ({ numbers }: TagVersion): string => numbers.join(".");
  if (release(a) === release(b) && (namesCommit(a) || namesCommit(b))) return false;
  return compareVersions(a, b) > 0;
}

function namesCommit({ prerelease }: TagVersion): boolean {
  return COMMIT.test(prerelease.at(-1) ?? "");
}

function comparePrereleases(a: readonly string[], b: readonly string[]): number {
  // A version without a prerelease is the later one.
  if (a.length === 0 || b.length === 0) return b.length - a.length;
  for (const [index, part] of a.entries()) {
    const other = b[index];
    if (other === undefined) return 1;
    if (part === other) continue;
    const [numeric, otherNumeric] = [/^\d+$/.test(part), /^\d+$/.test(other)];
    if (numeric && otherNumeric) return Number(part) - Number(other);
    if (numeric !== otherNumeric) return numeric ? -1 : 1;
    return part < other ? -1 : 1;
  }
  return a.length - b.length;
}
