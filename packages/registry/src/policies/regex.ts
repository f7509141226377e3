import { z } from "zod";
import { ConfigurationError } from "@executor-registry/resolver";
import { compareNumbers, compareText, wholeNumber } from "./text-order.ts";
import { keyed, PickSettings } from "./keyed.ts";
import type { Ordering } from "./ordering.ts";
import { type Groups, PatternText, TagPattern } from "./pattern.ts";
import { compareSemver, semverKey, semverOf } from "./semver-version.ts";

export const RegexSettings = z.object({
  pattern: PatternText.meta({
    description: "A regular expression with named groups: tags that it does not match are left out",
  }),
  order: z
    .array(
      z.strictObject({
        group: z.string().min(1).meta({ description: "A named group of the pattern" }),
        as: z.enum(["number", "text", "semver"]).meta({ description: "What it is compared as" }),
        pick: PickSettings,
      }),
    )
    .min(1)
    .max(16),
});
type Settings = z.output<typeof RegexSettings>;

/** How one group is compared. */
interface Field {
  readonly group: string;
  readonly as: Settings["order"][number]["as"];
  /** Undefined for what cannot be compared so. */
  readonly parse: (text: string) => unknown;
  readonly compare: (a: never, b: never) => number;
  readonly sign: 1 | -1;
}

/** What is wrong with an order: groups that the pattern does not have. */
export function orderMistake(pattern: TagPattern, order: Settings["order"]): string | undefined {
  const missing = order.find(({ group }) => !pattern.names.includes(group));
  if (missing === undefined) return undefined;
  const names = pattern.names.join(", ") || "none";
  return `the pattern has no group "${missing.group}": its groups are ${names}; write one as (?P<${missing.group}>…)`;
}

/** By groups of a pattern, from left to right: the first that differs decides. @throws ConfigurationError */
export function regex({ pattern: source, order }: Settings): Ordering<readonly unknown[]> {
  const pattern = TagPattern.parse(source);
  const mistake = typeof pattern === "string" ? pattern : orderMistake(pattern, order);
  if (typeof pattern === "string" || mistake !== undefined)
    throw new ConfigurationError(`the pattern ${source}: ${mistake}`);
  const fields = order.map(({ group, as, pick }): Field => ({
    group,
    as,
    ...KINDS[as],
    sign: pick === "highest" ? 1 : -1,
  }));
  return keyed<readonly unknown[]>({
    summary: `regex ${source} by ${order.map(({ group }) => group).join(", ")}`,
    noun: "version",
    pick: "highest",
    where: ` by ${order.map(({ group }) => group).join(", ")}`,
    read(text) {
      const groups = pattern.groups(text);
      const key = fields.map((field) => valueOf(field, groups));
      return key.includes(undefined) ? { drop: "not-a-version" } : { key };
    },
    compareKeys(a, b) {
      let at = 0;
      for (const { compare, sign } of fields) {
        const difference = compare(a[at] as never, b[at] as never);
        if (difference !== 0) return sign * difference;
        at += 1;
      }
      return 0;
    },
    explain(_, text) {
      const groups = pattern.groups(text);
      if (groups === undefined) return `${text} does not match ${source}`;
      const { group = "", as } = fields.find((field) => valueOf(field, groups) === undefined) ?? {};
      const value = groups(group);
      return value === undefined
        ? `${text} has no group ${group}`
        : `${value}, the group ${group} of ${text}, is no ${as}`;
    },
  });
}

/** Undefined where the group took no part, or is not what it is compared as. */
function valueOf({ group, parse }: Field, groups: Groups | undefined): unknown {
  const text = groups?.(group);
  return text === undefined ? undefined : parse(text);
}

const KINDS = {
  number: { parse: wholeNumber, compare: compareNumbers },
  text: { parse: (text: string) => text, compare: compareText },
  semver: {
    parse(text: string) {
      const version = semverOf(text, { loose: false });
      return version && semverKey(version);
    },
    compare: compareSemver,
  },
} as const satisfies Readonly<Record<string, Pick<Field, "parse" | "compare">>>;
