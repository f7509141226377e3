import {
  type Finding,
  SEVERITIES,
  type ScanReport,
  type Severity,
  type SuppressedFinding,
} from "../../model/scan-report.ts";
import { shown } from "../../oci/wire/errors.ts";

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

/** The worst first; what nobody knows is taken for bad. */
const WORST: readonly Severity[] = ["critical", "high", "unknown", "medium", "low", "none"];
export const byWorst = (a: Finding, b: Finding): number => WORST.indexOf(a.severity) - WORST.indexOf(b.severity);

/** Bytes of a report that the journal keeps for ever. */
const KEPT_BYTES = 128 << 10;

/** A report as it is written down: the worst that it found, and how much more there was. */
export function boundedReport(report: ScanReport): ScanReport {
  const all: readonly (Finding | SuppressedFinding)[] = [...report.findings, ...report.suppressed].toSorted(byWorst);
  let bytes = 0;
  const end = all.findIndex((finding) => (bytes += Buffer.byteLength(JSON.stringify(finding))) > KEPT_BYTES);
  const kept = end < 0 ? all : all.slice(0, end);
  const worst = all[kept.length]?.severity;
  return {
    ...report,
    findings: kept.filter((finding) => !isSuppressed(finding)),
    suppressed: kept.filter(isSuppressed),
    ...(worst !== undefined && { omitted: { count: all.length - kept.length, worst } }),
  };
}

const isSuppressed = (finding: Finding | SuppressedFinding): finding is SuppressedFinding => "by" in finding;
