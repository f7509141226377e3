import type { Digest } from "@executor-registry/resolver";
import { shown } from "../../oci/wire/errors.ts";

/** From harmless to worst. Where `unknown` stands is decided by the policy; words are compared within one provider only. */
export const SEVERITIES = ["none", "unknown", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One vulnerability of one package. */
export interface Finding {
  readonly id: string;
  /** Other names of the same vulnerability, such as GitHub's of a CVE. */
  readonly aliases: readonly string[];
  readonly severity: Severity;
  readonly package: string;
  readonly installed?: string;
  /** The version that repairs it. */
  readonly fixed?: string;
  /** Whether it can be repaired by an update; absent where the provider does not say, which counts as if it could. */
  readonly fixable?: boolean;
  /** The package's URL, where the scanner gives it. */
  readonly purl?: string;
}

/** A finding that whoever scanned left out. */
export interface SuppressedFinding extends Finding {
  /** Who did, and why. */
  readonly by: string;
}

/** What one scan of one image found, whichever provider says it. */
export interface Report {
  /** What was scanned: an image's manifest, never an index. */
  readonly digest: Digest;
  readonly provider: string;
  readonly scanner: { readonly name: string; readonly version?: string; readonly databaseTime?: string };
  /** When the scan ended. ISO 8601 in UTC. */
  readonly finishedAt: string;
  readonly findings: readonly Finding[];
  /** What the scan did not cover, where it says so. */
  readonly partial?: string;
  readonly suppressed: readonly SuppressedFinding[];
}

/** Most findings of one report that are read. An image of a large distribution has some thousand. */
export const MAX_FINDINGS = 20_000;

/** A provider's words for severities. One that is not among them is `unknown`, and never left out. */
export function severityWords(words: Readonly<Record<string, Severity>>): (word: string | undefined) => Severity {
  const known = new Map(Object.entries(words));
  return (word) => known.get((word ?? "").toLowerCase()) ?? "unknown";
}

/** Foreign text as it is kept and shown; `undefined` for none. */
export function kept(text: string | null | undefined, most = 200): string | undefined {
  const plain = shown(text ?? "", most);
  return plain === "" ? undefined : plain;
}

/** A finding of foreign texts. */
export function findingOf(given: {
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly severity: Severity;
  readonly package?: string | null | undefined;
  readonly installed?: string | null | undefined;
  readonly fixed?: string | null | undefined;
  readonly fixable?: boolean | undefined;
  readonly purl?: string | null | undefined;
}): Finding {
  const [installed, fixed, purl] = [kept(given.installed), kept(given.fixed), kept(given.purl, 500)];
  return {
    id: kept(given.id) ?? "(unnamed)",
    aliases: (given.aliases ?? []).slice(0, 20).flatMap((alias) => kept(alias) ?? []),
    severity: given.severity,
    package: kept(given.package) ?? "(unnamed package)",
    ...(installed !== undefined && { installed }),
    ...(fixed !== undefined && { fixed }),
    ...(given.fixable !== undefined && { fixable: given.fixable }),
    ...(purl !== undefined && { purl }),
  };
}

/** A moment of a foreign text; `undefined` for what is none, or the zero of Go's time. */
export function momentOf(text: string | null | undefined): string | undefined {
  const ms = Date.parse(text ?? "");
  return Number.isNaN(ms) || ms <= 0 ? undefined : new Date(ms).toISOString();
}

const rank = (severity: Severity): number => SEVERITIES.indexOf(severity);
export const isWorse = (a: Severity, b: Severity): boolean => rank(a) > rank(b);

/** How many of each severity, the worst first: `1 critical, 4 low`. */
export function countsOf(findings: readonly Finding[]): string {
  const counts = SEVERITIES.toReversed().map(
    (severity) => [findings.filter((one) => one.severity === severity).length, severity] as const,
  );
  const said = counts.filter(([count]) => count > 0).map(([count, severity]) => `${count} ${severity}`);
  return said.length === 0 ? "no vulnerability" : said.join(", ");
}

/** Each vulnerability of a package once: scanners report one by its CVE and by another database's name. The worst is kept. */
export function withoutRepetition(findings: readonly Finding[]): readonly Finding[] {
  const groups = new Map<string, { found: Finding }>();
  for (const finding of findings) {
    const keyOf = (name: string): string => JSON.stringify([name, finding.package, finding.installed]);
    const same = new Set([finding.id, ...finding.aliases].flatMap((name) => groups.get(keyOf(name)) ?? []));
    const group = { found: [...same].reduce((found, one) => joined(found, one.found), finding) };
    for (const name of [group.found.id, ...group.found.aliases]) groups.set(keyOf(name), group);
  }
  return [...new Set(groups.values())].map(({ found }) => found);
}

function joined(a: Finding, b: Finding): Finding {
  const [worst, other] = isWorse(b.severity, a.severity) ? [b, a] : [a, b];
  const aliases = new Set([...worst.aliases, other.id, ...other.aliases]);
  aliases.delete(worst.id);
  const fixed = worst.fixed ?? other.fixed;
  const { fixable: _, ...rest } = worst;
  // That one of them cannot be repaired counts only where no other says, or leaves open, that it can.
  const cannot = worst.fixable === false && other.fixable === false;
  const can = worst.fixable === true || other.fixable === true;
  return {
    ...rest,
    aliases: [...aliases],
    ...(fixed !== undefined && { fixed }),
    ...((cannot || can) && { fixable: can }),
  };
}
