import SemVer from "semver/classes/semver.js";
import { compareNumbers, compareText, wholeNumber } from "./text-order.ts";

/** A version's numbers and pre-release identifiers: what precedence goes by. Numbers of identifiers have any length. */
export interface SemverKey {
  readonly numbers: readonly [major: number, minor: number, patch: number];
  readonly prerelease: readonly (string | bigint)[];
}

/** How tags are read as versions. */
export interface SemverForm {
  /** Also `1.2`, and leading zeros. */
  readonly loose: boolean;
  /** What stands for `+`. */
  readonly plus?: "_" | undefined;
}

const LOOSE = /^(v?)(\d+)\.(\d+)(?:\.(\d+))?(?:-([^+]+))?(\+.*)?$/;

/** The version in a text such as `v1.4.0-rc.1`; nothing is guessed. @see https://semver.org/#spec-item-9 */
export function semverOf(text: string, { loose, plus }: SemverForm): SemVer | undefined {
  const written = plus === undefined ? text : text.replace(plus, "+");
  const whole = loose ? unpadded(written) : written;
  // The library also takes a leading `=` and spaces.
  if (whole === undefined || !/^v?\d/.test(whole)) return undefined;
  try {
    return new SemVer(whole);
  } catch {
    return undefined;
  }
}

/** As the specification writes it: three numbers, without leading zeros. */
function unpadded(text: string): string | undefined {
  const match = LOOSE.exec(text);
  if (match === null) return undefined;
  const [, prefix = "", major = "", minor = "", patch = "0", prerelease, build = ""] = match;
  const numbers = [major, minor, patch].map(withoutZeros).join(".");
  const identifiers = prerelease?.split(".").map((one) => (/^\d+$/.test(one) ? withoutZeros(one) : one));
  return `${prefix}${numbers}${identifiers === undefined ? "" : `-${identifiers.join(".")}`}${build}`;
}

const withoutZeros = (digits: string): string => digits.replace(/^0+(?=\d)/, "");

/** What is kept of a version: tags by the thousand have one. */
export function semverKey({ major, minor, patch, prerelease }: SemVer): SemverKey {
  const identifiers = prerelease.map((one) => (typeof one === "number" ? BigInt(one) : (wholeNumber(one) ?? one)));
  return { numbers: [major, minor, patch], prerelease: identifiers };
}

/** Precedence: positive where `a` is the higher. @see https://semver.org/#spec-item-11 */
export function compareSemver(a: SemverKey, b: SemverKey): number {
  for (let at = 0; at < 3; at += 1) {
    const difference = (a.numbers[at] ?? 0) - (b.numbers[at] ?? 0);
    if (difference !== 0) return difference;
  }
  // A version is above its pre-releases.
  if (a.prerelease.length === 0 || b.prerelease.length === 0) return b.prerelease.length - a.prerelease.length;
  for (const [index, one] of a.prerelease.entries()) {
    const other = b.prerelease[index];
    if (other === undefined) return 1;
    const difference = compareIdentifiers(one, other);
    if (difference !== 0) return difference;
  }
  return a.prerelease.length - b.prerelease.length;
}

function compareIdentifiers(a: string | bigint, b: string | bigint): number {
  if (typeof a === "bigint") return typeof b === "bigint" ? compareNumbers(a, b) : -1;
  return typeof b === "bigint" ? 1 : compareText(a, b);
}
