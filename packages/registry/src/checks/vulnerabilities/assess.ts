import type { Finding, ScanReport, Severity } from "../../model/scan-report.ts";
import { countsOf, isWorse, withoutRepetition, byWorst } from "./report.ts";
import type { Rules } from "./rules.ts";
import type { ScanAnswer } from "./providers/provider.ts";

/** What came of the scans of one image: of a manifest, or of all that an index names. */
export interface Assessment {
  readonly state: "passed" | "failed" | "pending";
  readonly reason: string;
  readonly code?: string;
  readonly evidence?: Readonly<Record<string, string>>;
  /** Milliseconds since the Unix epoch. */
  readonly expires?: number;
}

/** Why a finding does not count. */
export interface Excuse {
  /** For the evidence. */
  readonly what: string;
  /** Until when, in milliseconds since the Unix epoch. */
  readonly until?: number;
}

/** What came of the scans of one manifest. */
export interface Part {
  /** Worse than is allowed, and not excused. */
  readonly vulnerable: readonly Finding[];
  /** Why they do not suffice; absent where they do. */
  readonly lacking?: { readonly code: string; readonly why: string };
  /** Those that counted. */
  readonly reports: readonly ScanReport[];
  readonly findings: readonly Finding[];
  readonly excuses: readonly Excuse[];
  readonly expires?: number;
}

/** Clocks differ by as much. */
const SKEW_MS = 300_000;

/** Whether a finding is one that keeps an image out, unless it is excused. */
function counts({ severity, fixable }: Finding, rules: Rules): boolean {
  return isAbove(severity, rules) && !(rules.onlyFixable && fixable === false);
}

const isAbove = (severity: Severity, { maxSeverity, unknownAs }: Rules): boolean =>
  isWorse(severity === "unknown" ? unknownAs : severity, maxSeverity);

/**
 * Judges one manifest's scans. What is known to be vulnerable is so however old or partial the report is.
 * @param excuseOf why a finding that counts does not keep the image out
 */
export function assessPart(
  answer: ScanAnswer,
  rules: Rules,
  now: number,
  excuseOf: (finding: Finding) => Excuse | undefined,
): Part {
  const nothing = { vulnerable: [], reports: [], findings: [], excuses: [] };
  if (answer.state !== "reported") return { ...nothing, lacking: { code: `scan-${answer.state}`, why: answer.why } };
  const { reports, lacking } = chosen(answer.reports, rules, now);
  if (reports.length === 0) return { ...nothing, ...(lacking && { lacking }) };
  const findings = reports.flatMap(({ findings, suppressed }) =>
    withoutRepetition(rules.acceptSuppressed ? findings : [...findings, ...suppressed]),
  );
  const counting = findings.filter((finding) => counts(finding, rules));
  const judged = counting.map((finding) => ({ finding, excuse: excuseOf(finding) }));
  const excuses = judged.flatMap(({ excuse }) => excuse ?? []);
  const ends = [
    ...excuses.flatMap(({ until }) => until ?? []),
    ...(rules.maxReportAge === undefined
      ? []
      : reports.map(({ finishedAt }) => Date.parse(finishedAt) + (rules.maxReportAge ?? 0))),
  ];
  return {
    vulnerable: judged.filter(({ excuse }) => excuse === undefined).map(({ finding }) => finding),
    ...(lacking && { lacking }),
    reports,
    findings,
    excuses,
    ...(ends.length > 0 && { expires: Math.min(...ends) }),
  };
}

/** The newest report of each scanner that counts: an older, cleaner one must not outvote it. */
function chosen(all: readonly ScanReport[], rules: Rules, now: number): Pick<Part, "reports" | "lacking"> {
  const { scanners, maxReportAge } = rules;
  const isNamed = (report: ScanReport, name: string): boolean =>
    report.scanner.name.toLowerCase() === name.toLowerCase();
  const future = all.find(({ finishedAt }) => Date.parse(finishedAt) > now + SKEW_MS);
  if (future !== undefined) {
    const why = `gives a report by ${nameOf(future)} that is of the future (${future.finishedAt}). Check the clock of the scanner`;
    return { reports: [], lacking: { code: "scan-failed", why } };
  }
  const newest = new Map<string, ScanReport>();
  for (const report of all) {
    if (scanners.length > 0 && !scanners.some((name) => isNamed(report, name))) continue;
    const before = newest.get(report.scanner.name);
    if (before === undefined || before.finishedAt < report.finishedAt) newest.set(report.scanner.name, report);
    // Of two at the same time the one that says more.
    else if (before.finishedAt === report.finishedAt && report.findings.length > before.findings.length)
      newest.set(report.scanner.name, report);
  }
  const reports = [...newest.values()];
  const absent = scanners.filter((name) => !reports.some((report) => isNamed(report, name)));
  if (absent.length > 0 || reports.length === 0) {
    const why =
      absent.length > 0 ? `has no report of it by ${absent.join(" or ")}. Scan it with that` : "has no report of it";
    return { reports, lacking: { code: "scan-missing", why } };
  }
  const partial = reports.find((report) => report.partial !== undefined);
  if (partial !== undefined) {
    const why = `has a report by ${nameOf(partial)} that is not complete: ${partial.partial}. Scan it again`;
    return { reports, lacking: { code: "scan-partial", why } };
  }
  const cut = reports.find(({ omitted }) => omitted !== undefined && isAbove(omitted.worst, rules));
  if (cut?.omitted !== undefined) {
    const why = `has a report by ${nameOf(cut)} of more than is kept: ${cut.omitted.count} of its findings are not. Build it with repaired packages`;
    return { reports, lacking: { code: "scan-partial", why } };
  }
  const stale = reports.find(({ finishedAt }) => Date.parse(finishedAt) + (maxReportAge ?? Infinity) <= now);
  if (stale !== undefined) {
    const why = `has a report by ${nameOf(stale)} of ${stale.finishedAt}, which is older than maxReportAge. Scan it again`;
    return { reports, lacking: { code: "scan-stale", why } };
  }
  return { reports };
}

const nameOf = ({ scanner: { name, version } }: ScanReport): string =>
  version === undefined ? name : `${name} ${version}`;

/** Findings that a reason names, and characters of a piece of evidence. */
const NAMED = 3;
const EVIDENCE = 1000;

/** @param title of the provider @param parts by platform, or by digest */
export function assess(title: string, parts: ReadonlyMap<string, Part>, rules: Rules): Assessment {
  const all = [...parts.values()];
  const evidence = evidenceOf(title, parts);
  const { maxSeverity, onlyFixable } = rules;
  const above = `above ${maxSeverity}${onlyFixable ? " that an update repairs" : ""}`;
  const vulnerable = withoutRepetition(all.flatMap((part) => part.vulnerable)).toSorted(byWorst);
  if (vulnerable.length > 0) {
    const named = vulnerable.slice(0, NAMED).map(described).join(", ");
    const more = vulnerable.length > NAMED ? ` and ${vulnerable.length - NAMED} more` : "";
    const many = vulnerable.length === 1 ? "a vulnerability" : `${vulnerable.length} vulnerabilities`;
    const remedy = "Build it with repaired packages, or except them in vulnerabilities.allow of its policy";
    const reason = `${title} reports ${many} ${above}: ${named}${more}. ${remedy}`;
    return { state: "failed", code: "vulnerable", reason, evidence };
  }
  for (const [name, { lacking }] of parts) {
    if (lacking === undefined) continue;
    const of = parts.size > 1 ? ` (its image for ${name})` : "";
    return { state: "pending", code: lacking.code, reason: `${title} ${lacking.why}${of}`, evidence };
  }
  const expiries = all.flatMap(({ expires }) => expires ?? []);
  const scans = parts.size > 1 ? `scans of its ${parts.size} images` : "scan";
  const excused = all.reduce((sum, { excuses }) => sum + excuses.length, 0);
  const except = excused > 0 ? `, but for ${excused} that ${excused === 1 ? "is" : "are"} excepted` : "";
  return {
    state: "passed",
    reason: `${title}'s ${scans} found nothing ${above}${except}`,
    evidence,
    ...(expiries.length > 0 && { expires: Math.min(...expiries) }),
  };
}

function described({ id, severity, package: name, installed, fixed }: Finding): string {
  const version = installed === undefined ? "" : ` ${installed}`;
  return `${id} (${severity}, ${name}${version}${fixed === undefined ? "" : `, repaired in ${fixed}`})`.slice(0, 200);
}

function evidenceOf(title: string, parts: ReadonlyMap<string, Part>): Readonly<Record<string, string>> {
  const reports = [...parts.values()].flatMap((part) => part.reports);
  const each = (say: (part: Part) => string): string =>
    [...parts].map(([name, part]) => (parts.size > 1 ? `${name}: ${say(part)}` : say(part))).join("; ");
  const list = (texts: readonly (string | undefined)[]): string =>
    [...new Set(texts.filter((text) => text !== undefined))].join(", ");
  const all = {
    provider: title,
    scanner: list(reports.map(nameOf)),
    scanned: list(reports.map(({ finishedAt }) => finishedAt).toSorted()),
    database: list(reports.map(({ scanner }) => scanner.databaseTime)),
    found: reports.length === 0 ? "" : each(({ findings }) => countsOf(findings)),
    vulnerable: list([...parts.values()].flatMap((part) => part.vulnerable.map(({ id }) => id))),
    excepted: list([...parts.values()].flatMap((part) => part.excuses.map(({ what }) => what))),
    suppressed: list(reports.flatMap(({ suppressed }) => suppressed.map(({ id, by }) => `${id} (${by})`))),
  };
  const said = Object.entries(all).filter(([, text]) => text !== "");
  return Object.fromEntries(said.map(([name, text]) => [name, text.slice(0, EVIDENCE)]));
}
