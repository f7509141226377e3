import { z } from "zod";
import type { Repository } from "@executor-registry/resolver";
import { proxiedFetch } from "../../../net/proxied-fetch.ts";
import { type Place, RegistryError, shown, TooLargeError } from "../../../oci/wire/errors.ts";
import { createHostPacer } from "../../../oci/wire/pacing.ts";
import { createGoogleApi } from "../../../sources/google/google-api.ts";
import { defaultGoogleToken, type GoogleToken } from "../../../sources/google/google-token.ts";
import { tokenPages } from "../../../sources/token-pages.ts";
import type { Finding, SuppressedFinding } from "../../../model/scan-report.ts";
import { findingOf, MAX_FINDINGS, momentOf, severityWords } from "../report.ts";
import type { Target } from "../targets.ts";
import { listOf, optionalText } from "../formats/scan-document.ts";
import { type ProviderContext, type ReportProvider, type ScanAnswer } from "./provider.ts";

/** How Artifact Analysis is asked. */
interface ArtifactAnalysisOptions extends ProviderContext {
  /** @default the one in the image's name */
  readonly project?: string;
  /** @default "https://containeranalysis.googleapis.com" */
  readonly endpoint?: string;
  /** @default the application default credentials' */
  readonly token?: GoogleToken;
}

const severityOf = severityWords({
  minimal: "none",
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
});

const Version = z.object({ kind: optionalText, fullName: optionalText, name: optionalText, revision: optionalText });
const Vulnerability = z.object({
  effectiveSeverity: optionalText,
  shortDescription: optionalText,
  packageIssue: listOf(
    z.object({
      affectedPackage: optionalText,
      affectedVersion: Version.nullish(),
      fixedVersion: Version.nullish(),
      fixAvailable: z.boolean().nullish(),
      effectiveSeverity: optionalText,
    }),
    1000,
  ),
  vexAssessment: z.object({ state: optionalText, noteName: optionalText }).nullish(),
});
const Discovery = z.object({
  analysisStatus: optionalText,
  continuousAnalysis: optionalText,
  lastScanTime: optionalText,
  archiveTime: optionalText,
  analysisStatusError: z.object({ message: optionalText }).nullish(),
  analysisError: listOf(z.object({ message: optionalText }), 1000),
});
const Occurrence = z.object({
  resourceUri: z.string(),
  kind: z.string(),
  noteName: optionalText,
  createTime: optionalText,
  updateTime: optionalText,
  discovery: Discovery.nullish(),
  vulnerability: Vulnerability.nullish(),
});
type Occurrence = z.output<typeof Occurrence>;
const Page = z.object({ occurrences: listOf(Occurrence, 1000), nextPageToken: optionalText });

/**
 * A request for the discovery, which says whether there was a scan at all, and one for 1,000 vulnerabilities.
 * @see https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences
 */
export function createArtifactAnalysis(options: ArtifactAnalysisOptions): ReportProvider {
  const { endpoint = "https://containeranalysis.googleapis.com", clock, random, log } = options;
  const { host } = new URL(endpoint);
  const { token = defaultGoogleToken(host) } = options;
  const context = { clock, random, log };
  const retry = { pacer: createHostPacer(host, context), ...context };
  const advice =
    "Grant the service account roles/containeranalysis.occurrences.viewer, and enable the Container Analysis API";
  const api = createGoogleApi({ endpoint, token, advice, fetch: proxiedFetch(), retry });

  async function occurrences(kind: "DISCOVERY" | "VULNERABILITY", { repository, digest }: Target, signal: AbortSignal) {
    const project = options.project ?? projectOf(repository);
    const place: Place = { host, repository: `projects/${project}/occurrences` };
    const resourceUri = `https://${repository.name}@${digest}`;
    const filter = `kind="${kind}" AND resourceUrl="${resourceUri}"`;
    const found: Occurrence[] = [];
    const pages = tokenPages(async (pageToken) => {
      const query = { filter, pageSize: "1000", ...(pageToken !== undefined && { pageToken }) };
      const page = await api.get(`/v1/projects/${project}/occurrences`, query, Page, place, signal);
      return { items: page.occurrences, next: page.nextPageToken ?? undefined };
    }, place);
    let read = 0;
    for await (const page of pages) {
      const stranger = page.find((one) => one.kind !== kind || one.resourceUri !== resourceUri);
      if (stranger !== undefined) {
        const why = `it answers with ${shown(stranger.kind, 30)} of ${shown(stranger.resourceUri, 200)} when asked for ${kind} of ${resourceUri}`;
        throw new RegistryError("registry-protocol", why, place);
      }
      found.push(...page);
      read += 1;
      if (found.length > MAX_FINDINGS || read > MAX_FINDINGS / 100)
        throw new TooLargeError(`it lists more than ${MAX_FINDINGS} occurrences of ${digest}`, MAX_FINDINGS, place);
    }
    return found;
  }

  return {
    kind: "artifact-analysis",
    title: "Artifact Analysis",
    async reportsOf(target, signal) {
      const discovered = newest(await occurrences("DISCOVERY", target, signal));
      if (discovered === undefined)
        return { state: "missing", why: "has never scanned it. Enable the Container Scanning API, and push it again" };
      const no = noResult(discovered);
      if (no !== undefined) return no;
      const { discovery, updateTime } = discovered;
      const finishedAt = momentOf(discovery?.lastScanTime) ?? momentOf(updateTime);
      if (finishedAt === undefined) return { state: "failed", why: "does not say when it scanned it" };
      const found = await occurrences("VULNERABILITY", target, signal);
      const errors = discovery?.analysisError ?? [];
      const [error] = errors;
      const report = {
        digest: target.digest,
        provider: "artifact-analysis",
        scanner: { name: "Artifact Analysis" },
        finishedAt,
        findings: found.filter((one) => !isExcused(one)).flatMap(findingsIn),
        suppressed: found.filter(isExcused).flatMap((one) => findingsIn(one).map((finding) => excused(finding, one))),
        ...(error && { partial: `it met ${errors.length} errors, such as: ${shown(error.message ?? "unknown", 120)}` }),
      };
      return { state: "reported", reports: [report] };
    },
  };
}

/** `europe-docker.pkg.dev/project/…`, of a project in an organisation's domain `…/example.com/project/…`. */
function projectOf({ path }: Repository): string {
  const [first = "", second = ""] = path.split("/");
  return first.includes(".") ? `${first}:${second}` : first;
}

/** Of several discoveries, such as one for each kind of analysis, the newest that is about scanning. */
function newest(found: readonly Occurrence[]): Occurrence | undefined {
  const timeOf = ({ updateTime, createTime }: Occurrence): string => momentOf(updateTime ?? createTime) ?? "";
  const scans = found.filter(
    ({ discovery }) => discovery?.analysisStatus && discovery.analysisStatus !== "ANALYSIS_STATUS_UNSPECIFIED",
  );
  return scans.toSorted((a, b) => (timeOf(a) < timeOf(b) ? 1 : -1))[0];
}

function noResult({ discovery }: Occurrence): Exclude<ScanAnswer, { state: "reported" }> | undefined {
  const { analysisStatus, analysisStatusError, continuousAnalysis, archiveTime } = discovery ?? {};
  const why = analysisStatusError?.message ? ` (${shown(analysisStatusError.message, 120)})` : "";
  switch (analysisStatus ?? "") {
    case "FINISHED_SUCCESS":
    case "COMPLETE":
      break;
    case "PENDING":
    case "SCANNING":
      return { state: "pending", why: "is scanning it" };
    case "FINISHED_FAILED":
      return { state: "failed", why: `could not scan it${why}` };
    case "FINISHED_UNSUPPORTED":
      return { state: "unsupported", why: `does not scan images of its kind${why}` };
    default:
      return {
        state: "failed",
        why: `says that its scan is ${shown(analysisStatus ?? "", 60)}, which is not known here`,
      };
  }
  // The status is that of the first scan alone.
  if (continuousAnalysis === "INACTIVE" || archiveTime)
    return {
      state: "stale",
      why: "does not keep its findings up to date any more: nobody pushed or pulled it for 30 days. Pull it",
    };
  return undefined;
}

const isExcused = ({ vulnerability }: Occurrence): boolean =>
  vulnerability?.vexAssessment?.state === "NOT_AFFECTED" || vulnerability?.vexAssessment?.state === "FIXED";

const excused = (finding: Finding, { vulnerability }: Occurrence): SuppressedFinding => ({
  ...finding,
  by: `Artifact Analysis: VEX note ${shown(vulnerability?.vexAssessment?.noteName ?? "without a name", 150)}`,
});

/** One for each package. */
function findingsIn({ noteName, vulnerability }: Occurrence): readonly Finding[] {
  const { effectiveSeverity, packageIssue = [], shortDescription } = vulnerability ?? {};
  const id = noteName?.slice(noteName.lastIndexOf("/") + 1) || shortDescription || "";
  if (packageIssue.length === 0) return [findingOf({ id, severity: severityOf(effectiveSeverity ?? undefined) })];
  return packageIssue.map((issue) => {
    // That of the whole is the provider's by CVSS; the issue's is the distribution's.
    const said = severityOf(issue.effectiveSeverity ?? undefined);
    const severity = said === "unknown" ? severityOf(effectiveSeverity ?? undefined) : said;
    const fixed = issue.fixedVersion?.kind === "MAXIMUM" ? undefined : nameOf(issue.fixedVersion);
    const fixable =
      fixed !== undefined || issue.fixAvailable === true
        ? true
        : issue.fixedVersion || issue.fixAvailable === false
          ? false
          : undefined;
    return findingOf({
      id,
      severity,
      package: issue.affectedPackage,
      installed: nameOf(issue.affectedVersion),
      fixed,
      fixable,
    });
  });
}

function nameOf(version: z.output<typeof Version> | null | undefined): string | undefined {
  const { fullName, name, revision } = version ?? {};
  return fullName || [name, revision].filter(Boolean).join("-") || undefined;
}
