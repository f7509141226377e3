import { z } from "zod";
import { ConfigurationError } from "@executor-registry/resolver";
import { keyed } from "./keyed.ts";
import type { Note } from "./lints.ts";
import type { Ordering, Reading } from "./ordering.ts";
import { VersionRange } from "./semver-range.ts";
import { compareSemver, type SemverKey, semverKey, semverOf } from "./semver-version.ts";

export const SemverSettings = z.object({
  range: z.string().max(256).superRefine(checkRange).default("*").meta({
    description: "Which versions are in, as npm writes ranges: `^1.2.0`, `~1.2`, `1.x`, `>=1.2.0 <2.0.0`, `1.x || 3.x`",
  }),
  prerelease: z.enum(["auto", "include", "exclude"]).default("auto").meta({
    description:
      "`auto`: pre-releases of a version of which the range names one, or all within it where it has a bound such as `>=1.0.0-0`; `include`: all within it; `exclude`: none",
  }),
  loose: z.boolean().default(false).meta({
    description: "Whether `1.2` is a version too, and `2026.04.1`, with a leading zero",
  }),
  plus: z.literal("_").optional().meta({
    description: "The character that stands for `+` in tags, which cannot have one: `1.0.0_b2`, as Helm writes it",
  }),
});

type Settings = z.output<typeof SemverSettings>;

function checkRange(text: string, context: z.RefinementCtx): void {
  const range = VersionRange.parse(text, "auto");
  if (typeof range === "string") context.addIssue({ code: "custom", message: range });
}

/** So many more than the next, and twice as many, may be another scheme: `2021.12.1` above `3.2.0`. */
const FAR = 5;

/** By the precedence of semantic versions. @throws ConfigurationError for a range that cannot be read */
export function semver({ range: text, prerelease, loose, plus }: Settings): Ordering<SemverKey> {
  const range = VersionRange.parse(text, prerelease);
  if (typeof range === "string") throw new ConfigurationError(`the range ${text}: ${range}`);
  const isAny = range.text === "*";
  const options = [
    ...(prerelease === "auto" ? [] : [`pre-releases ${prerelease}d`]),
    ...(loose ? ["loose"] : []),
    ...(plus === undefined ? [] : [`${plus} for +`]),
  ];
  return keyed<SemverKey>({
    summary: [`semver ${range.text}`, ...options].join(", "),
    noun: "version",
    pick: "highest",
    where: isAny ? "" : ` in ${range.text}`,
    read(version, tag): Reading<SemverKey> {
      const parsed = semverOf(version, { loose, plus });
      if (parsed === undefined) return { drop: "not-a-version" };
      const key = semverKey(parsed);
      const note = key.prerelease.length === 0 ? undefined : noteOf(key, version, tag);
      const place = range.place(parsed);
      const drop = place === "out" ? "out-of-range" : place === "prerelease" ? "prerelease" : undefined;
      return { key, ...(drop && { drop }), ...(note && { note }) };
    },
    compareKeys: compareSemver,
    explain(code, version) {
      if (code === "out-of-range") return `${version} is not in ${range.text}`;
      if (code === "prerelease")
        return `${version} is a pre-release, which ${isAny ? "is left out" : `${range.text} leaves out`}; set prerelease: include to have them`;
      if (!loose && semverOf(version, { loose: true, plus }) !== undefined)
        return `${version} is not of the form X.Y.Z without leading zeros; set loose: true if it is meant`;
      return `${version} is not of the form X.Y.Z`;
    },
    isFar: ({ numbers: [major, minor] }, { numbers: [nextMajor, nextMinor] }) =>
      major === nextMajor ? isFar(minor, nextMinor) : isFar(major, nextMajor),
  });
}

const isFar = (best: number, next: number): boolean => best - next > FAR && best >= 2 * (next + 1);

const DESCRIBED = /-\d+-g[0-9a-f]{4,64}(?:-dirty)?$/;
const GLUED = /^([A-Za-z-]*[A-Za-z-])(\d+)$/;
const COMMIT = /^g?[0-9a-f]{7,64}$/;

function noteOf({ prerelease }: SemverKey, version: string, tag: string): Note | undefined {
  if (DESCRIBED.test(version)) return { lint: "git-describe", tag, group: "" };
  for (const identifier of prerelease) {
    if (typeof identifier === "bigint" || COMMIT.test(identifier)) continue;
    const [, word, digits = ""] = GLUED.exec(identifier) ?? [];
    if (word !== undefined) return { lint: "glued-number", tag, group: word, form: digits.length };
  }
  return undefined;
}
