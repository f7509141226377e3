import type { Excuse } from "../assess.ts";
import type { Finding } from "../../../model/scan-report.ts";
import { type PackageUrl, parsePackageUrl } from "../../../model/package-url.ts";
import type { Target } from "../targets.ts";
import type { VexProduct, VexStatement } from "./statement.ts";

/** Clocks differ by as much. */
const SKEW_MS = 300_000;

/** What is decided by. */
export interface VexRules {
  /** Milliseconds; a statement that is older counts as none. */
  readonly maxAge?: number | undefined;
}

/**
 * Why a finding does not count, by signed statements: where the newest about this vulnerability in this image, or in the package, says so by one
 * of the formats' own words. A statement of the future, or without a time, excuses nothing; one without a time that says otherwise is
 * taken for the newest. So are two that contradict each other at the same time.
 */
export function vexExcuse(
  finding: Finding,
  target: Target,
  statements: readonly VexStatement[],
  { maxAge = Infinity }: VexRules,
  now: number,
): Excuse | undefined {
  const names = new Set([finding.id, ...finding.aliases].map((name) => name.toUpperCase()));
  const about = statements.filter(
    (one) => one.vulnerability.some((name) => names.has(name.toUpperCase())) && concerns(one, finding, target),
  );
  const timed = about.filter(({ time, status }) => time !== undefined || status === "other");
  const newest = Math.max(...timed.map(({ time = Infinity }) => time));
  const deciding = timed.filter(({ time = Infinity }) => time === newest);
  const [statement] = deciding;
  if (statement?.time === undefined || newest > now + SKEW_MS || newest + maxAge <= now) return undefined;
  if (!deciding.every((one) => excuses(one, finding, target))) return undefined;
  const what = `${finding.id} by VEX ${statement.document} (${statement.id}) of ${new Date(newest).toISOString()}`;
  return { what: what.slice(0, 300), ...(maxAge !== Infinity && { until: newest + maxAge }) };
}

/** That it was repaired is taken for the installed version alone: which of two versions is the newer, every ecosystem says in its own way. */
function excuses({ status, products }: VexStatement, finding: Finding, target: Target): boolean {
  if (status === "excused") return true;
  return (
    status === "fixed" &&
    products.some((product) => isPackage(product, finding, true) && isAbout(product, finding, target, true))
  );
}

/** What excuses has to be exact; what says otherwise counts as soon as it may be about this finding. */
function concerns({ status, products }: VexStatement, finding: Finding, target: Target): boolean {
  const exact = status !== "other";
  return (products.length === 0 && !exact) || products.some((product) => isAbout(product, finding, target, exact));
}

/** Whether it is about this finding: its image or its package, and where it names parts, the package among them. */
function isAbout(product: VexProduct, finding: Finding, target: Target, exact: boolean): boolean {
  if (product.parts.length > 0 && !product.parts.some((part) => isInstalled(part, finding, exact))) return false;
  return isPackage(product, finding, exact) || product.purls.some((purl) => isImage(purl, target, exact));
}

const isPackage = ({ purls }: VexProduct, finding: Finding, exact: boolean): boolean =>
  purls.some((purl) => isInstalled(purl, finding, exact));

function isInstalled(purl: string, finding: Finding, exact: boolean): boolean {
  const [stated, installed] = [parsePackageUrl(purl), parsePackageUrl(finding.purl ?? "")];
  if (stated === undefined) return !exact;
  if (exact) return installed !== undefined && isExactly(stated, installed);
  if (stated.version !== undefined && finding.installed !== undefined && stated.version !== finding.installed)
    return false;
  return installed === undefined ? stated.key.endsWith(`/${finding.package}`) : stated.key === installed.key;
}

/** By its digest: tags move. */
function isImage(purl: string, { repository, digest, image }: Target, exact: boolean): boolean {
  const stated = parsePackageUrl(purl);
  if (stated === undefined) return false;
  const name = repository.path.slice(repository.path.lastIndexOf("/") + 1);
  if (stated.key !== `oci/${name}`) return false;
  if (!exact) return !stated.version?.startsWith("sha") || stated.version === digest || stated.version === image;
  const url = stated.qualifiers.get("repository_url");
  const here = url === undefined || url.replace(/^https?:\/\//, "") === repository.name;
  return here && (stated.version === digest || stated.version === image);
}

/**
 * Whether a statement's package is exactly this one. It has to give the version: without one, it would mean all. Each of its qualifiers has to
 * be the package's too; the package may have others.
 */
function isExactly(stated: PackageUrl, installed: PackageUrl): boolean {
  return (
    stated.version !== undefined &&
    stated.version === installed.version &&
    stated.key === installed.key &&
    stated.subpath === installed.subpath &&
    [...stated.qualifiers].every(([key, value]) => installed.qualifiers.get(key) === value)
  );
}
