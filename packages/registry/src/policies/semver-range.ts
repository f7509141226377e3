import Comparator from "semver/classes/comparator.js";
import Range from "semver/classes/range.js";
import type SemVer from "semver/classes/semver.js";

/** Which pre-releases a range has: those of a version that it names as one (npm's rule), all between its bounds, or none. */
export type PrereleaseRule = "auto" | "include" | "exclude";

/** Where a version is to a range. `prerelease`: between its bounds, and left out only because it is a pre-release. */
export type RangePlace = "in" | "prerelease" | "out";

/** A version, whole or with parts left open, to which `-0` is added: the lowest pre-release. After `<` it is an upper bound like any other. */
const LOWEST = /(?<![<\w.])(?:v?\d+(?:\.\d+){0,2}|(?:v?\d+\.){0,2}[xX*])-0(?![\w.+-])/;
/** Go's library takes it where parts are left open; npm's does not. */
const OPEN_LOWEST = /(?<![\w.])((?:v?\d+\.){0,2}[xX*]|v?\d+(?:\.\d+)?)-0(?![\w.+-])/g;

/** A range of versions in npm's grammar, with the idioms of Go's library that people bring with them. */
export class VersionRange {
  readonly text: string;
  readonly #prerelease: PrereleaseRule;
  readonly #range: Range;
  /** The alternatives with all pre-releases between their bounds. */
  readonly #wide: readonly (readonly Comparator[])[];

  private constructor(text: string, prerelease: PrereleaseRule, range: Range, wide: Range) {
    this.text = text;
    this.#prerelease = prerelease;
    this.#range = range;
    this.#wide = wide.set.map((all) => all.map((one) => belowPrereleases(one, all)));
  }

  /** A range, or what is wrong with it. @see https://github.com/npm/node-semver#ranges */
  static parse(text: string, rule: PrereleaseRule): VersionRange | string {
    if (text.includes(",")) return "npm's ranges have no comma: write a space for `and`, `||` for `or`";
    if (text.includes("!=")) return "npm's ranges have no `!=`: leave single versions out by `deny` or `exclude`";
    const close = text.trim().replace(/([<>=~^])\s+/g, "$1");
    // Go's idiom: by `>=1.0.0-0` all pre-releases are meant, not those of 1.0.0 alone.
    const prerelease = rule === "auto" && LOWEST.test(close) ? "include" : rule;
    const plain = close.replace(OPEN_LOWEST, "$1");
    try {
      const wide = new Range(plain, { includePrerelease: true });
      return new VersionRange(close || "*", prerelease, new Range(plain), wide);
    } catch {
      return `"${text}" is no range of versions: write one such as ^1.2.0, ~1.2, 1.x or >=1.2.0 <2.0.0`;
    }
  }

  place(version: SemVer): RangePlace {
    const isPrerelease = version.prerelease.length > 0;
    if (this.#prerelease !== "include" && !(isPrerelease && this.#prerelease === "exclude")) {
      if (this.#range.test(version)) return "in";
    }
    if (!this.#wide.some((all) => all.every((comparator) => comparator.test(version)))) return "out";
    return isPrerelease && this.#prerelease !== "include" ? "prerelease" : "in";
  }
}

/** `<2.0.0` has no 2.0.0-rc.1 for anybody who writes it, unless the other bound is one. */
function belowPrereleases(comparator: Comparator, all: readonly Comparator[]): Comparator {
  const { operator, semver } = comparator;
  if (operator !== "<" || semver.prerelease.length > 0) return comparator;
  if (all.some(({ semver: other }) => other.prerelease.length > 0 && other.compareMain(semver) === 0))
    return comparator;
  return new Comparator(`<${semver.version}-0`);
}
