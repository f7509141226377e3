import type { Repository } from "@executor-registry/resolver";
import { z } from "zod";
import { type Place, RegistryError, RepositoryGoneError, shown, TooLargeError } from "../../../oci/wire/errors.ts";
import { createHostPacer } from "../../../oci/wire/pacing.ts";
import { createEcrApi, type EcrApi } from "../../../sources/ecr/ecr-api.ts";
import type { EcrClientOptions } from "../../../sources/ecr/ecr-client.ts";
import { accountOf } from "../../../sources/ecr/ecr-registry.ts";
import { listOf } from "../formats/scan-document.ts";
import type { Finding, SuppressedFinding } from "../../../model/scan-report.ts";
import { findingOf, MAX_FINDINGS, severityWords } from "../report.ts";
import type { Target } from "../targets.ts";
import { type ProviderContext, type ReportProvider, type ScanAnswer } from "./provider.ts";

/** What ECR's scans are asked with. The account and the region are in the registry's host. */
interface EcrScansOptions extends Pick<EcrClientOptions, "roleArn" | "endpoint" | "credentials">, ProviderContext {}

const severityOf = severityWords({
  informational: "none",
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
});

const text = z.string().nullish();
const Basic = z.object({
  name: text,
  severity: text,
  attributes: listOf(z.object({ key: text, value: text }), 1000),
});
type Basic = z.output<typeof Basic>;
const Enhanced = z.object({
  findingArn: text,
  title: text,
  severity: text,
  status: text,
  fixAvailable: text,
  packageVulnerabilityDetails: z
    .object({
      vulnerabilityId: text,
      relatedVulnerabilities: listOf(z.string(), 1000),
      vulnerablePackages: listOf(
        z.object({ name: text, version: text, release: text, fixedInVersion: text }),
        MAX_FINDINGS,
      ),
    })
    .nullish(),
});
type Enhanced = z.output<typeof Enhanced>;
/** The SDK makes dates of times, and checks no other type. */
const Page = z.object({
  imageId: z.object({ imageDigest: text }).nullish(),
  imageScanStatus: z.object({ status: text, description: text }).nullish(),
  imageScanFindings: z
    .object({
      imageScanCompletedAt: z.date().nullish(),
      vulnerabilitySourceUpdatedAt: z.date().nullish(),
      findingSeverityCounts: z.record(z.string(), z.number()).nullish(),
      // Which of them is there decides.
      findings: z.array(Basic).nullish(),
      enhancedFindings: z.array(Enhanced).nullish(),
    })
    .nullish(),
});
type Page = z.output<typeof Page>;

/** What each status that is no result means. @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_ImageScanStatus.html */
const NO_RESULT = new Map<string, Exclude<ScanAnswer, { state: "reported" }>>(
  Object.entries({
    IN_PROGRESS: { state: "pending", why: "is scanning it" },
    PENDING: { state: "pending", why: "has not scanned it yet" },
    FAILED: { state: "failed", why: "could not scan it" },
    UNSUPPORTED_IMAGE: { state: "unsupported", why: "does not scan images of its kind" },
    SCAN_ELIGIBILITY_EXPIRED: {
      state: "stale",
      why: "does not scan it any more, and drops its findings: it is older than the account's duration of re-scans. Push it again, or scan for longer",
    },
    FINDINGS_UNAVAILABLE: { state: "missing", why: "has no findings of it" },
    LIMIT_EXCEEDED: { state: "failed", why: "has reached the account's limit of scans, which AWS can raise" },
    IMAGE_ARCHIVED: { state: "unsupported", why: "does not scan it, since it is archived. Restore it" },
  }),
);

/** Of enhanced and of basic scanning. */
const RESULTS: ReadonlySet<string> = new Set(["ACTIVE", "COMPLETE"]);

export function createEcrScans(options: EcrScansOptions): ReportProvider {
  const apis = new Map<string, EcrApi>();
  const apiOf = (host: string, place: Place): EcrApi => {
    const known = apis.get(host);
    if (known !== undefined) return known;
    const account = accountOf(host);
    if (account === undefined) {
      const why =
        "it is not a registry of Amazon ECR, whose scans are asked for. Choose another provider for its types";
      throw new RegistryError("registry-protocol", why, place, { retryable: false });
    }
    const { clock, random, log, ...client } = options;
    const context = { clock, random, log };
    const pacer = createHostPacer(`api.ecr.${account.region}.amazonaws.com`, context);
    const api = createEcrApi({ ...client, ...account, retry: { ...context, pacer } });
    apis.set(host, api);
    return api;
  };
  return {
    kind: "ecr",
    title: "Amazon ECR",
    async reportsOf(target, signal) {
      const { repository } = target;
      const place = placeOf(repository);
      const pages: Page[] = [];
      let count = 0;
      try {
        const api = apiOf(repository.registry, place);
        for await (const some of api.scanFindings(repository.path, target.digest, signal)) {
          pages.push(...some.map((page) => parsed(page, place)));
          count = pages.reduce((sum, page) => sum + basicIn(page).length + enhancedIn(page).length, 0);
          if (count > MAX_FINDINGS || pages.length > MAX_FINDINGS / 100)
            throw new TooLargeError(
              `ECR lists more than ${MAX_FINDINGS} findings of ${target.digest}`,
              MAX_FINDINGS,
              place,
            );
        }
      } catch (error) {
        if (error instanceof RegistryError && error.code === "not-found" && !(error instanceof RepositoryGoneError)) {
          const why = "has no scan of it. Turn on scanning on push, or start one: aws ecr start-image-scan";
          return { state: "missing", why };
        }
        throw error;
      }
      return answerOf(pages, target, place);
    },
  };
}

function parsed(page: unknown, place: Place): Page {
  const { data, error } = Page.safeParse(page);
  if (data !== undefined) return data;
  const [issue] = error.issues;
  const why = `ECR's answer is not as its API says, at ${shown(issue?.path.join(".") ?? "", 100)}: ${shown(issue?.message ?? "", 100)}`;
  throw new RegistryError("registry-protocol", why, place);
}

const basicIn = ({ imageScanFindings }: Page): readonly Basic[] => imageScanFindings?.findings ?? [];
const enhancedIn = ({ imageScanFindings }: Page): readonly Enhanced[] => imageScanFindings?.enhancedFindings ?? [];

const placeOf = ({ registry, path }: Repository): Place => ({ host: registry, repository: path });

function answerOf(pages: readonly Page[], target: Target, place: Place): ScanAnswer {
  const other = pages.find(({ imageId }) => imageId?.imageDigest && imageId.imageDigest !== target.digest);
  if (other !== undefined) {
    const why = `ECR answers with a scan of ${shown(String(other.imageId?.imageDigest), 80)} when asked for ${target.digest}`;
    throw new RegistryError("registry-protocol", why, place);
  }
  const statuses = pages.map(({ imageScanStatus }) => imageScanStatus ?? {});
  // A scan may begin while its pages are read.
  const first = statuses.find((one) => !RESULTS.has(one.status ?? "")) ?? statuses[0];
  const [status, description] = [first?.status ?? "", first?.description];
  const no = NO_RESULT.get(status);
  if (no !== undefined) return description ? { ...no, why: `${no.why} (${shown(description, 120)})` } : no;
  const enhanced = pages.some(({ imageScanFindings }) => Array.isArray(imageScanFindings?.enhancedFindings));
  const basic = pages.some(({ imageScanFindings }) => Array.isArray(imageScanFindings?.findings));
  if (!RESULTS.has(status))
    return {
      state: "failed",
      why: `says that its scan is ${shown(status, 60) || "of no status"}, which is not known here`,
    };
  // Enhanced scanning answers with the list of basic findings too, empty: which of the two exists decides, never that one is empty.
  if (status === "ACTIVE" && !enhanced) return { state: "pending", why: "watches it, and has not listed findings yet" };
  if (!enhanced && !basic) return { state: "pending", why: "has completed its scan, and lists no findings yet" };
  const ended = pages.flatMap(({ imageScanFindings }) => imageScanFindings?.imageScanCompletedAt?.getTime() ?? []);
  // Before its first scan an image is ACTIVE as well.
  if (ended.length === 0) return { state: "pending", why: "watches it, and does not say that a scan of it has ended" };
  return {
    state: "reported",
    reports: [reportOf(pages, target, new Date(Math.min(...ended)).toISOString(), enhanced)],
  };
}

function reportOf(pages: readonly Page[], target: Target, finishedAt: string, enhanced: boolean) {
  const database = pages[0]?.imageScanFindings?.vulnerabilitySourceUpdatedAt;
  const listed = pages.flatMap(enhancedIn);
  const open = listed.filter(({ status }) => status !== "CLOSED");
  const suppressed: SuppressedFinding[] = open
    .filter(({ status }) => status === "SUPPRESSED")
    .flatMap(enhancedFindings)
    .map((finding) => ({ ...finding, by: "Inspector: a suppression rule of the account" }));
  const plain = pages.flatMap(basicIn);
  const findings = enhanced
    ? [...open.filter(({ status }) => status !== "SUPPRESSED").flatMap(enhancedFindings), ...plain.map(basicFinding)]
    : plain.map(basicFinding);
  const counts = Object.values(pages[0]?.imageScanFindings?.findingSeverityCounts ?? {});
  const counted = counts.reduce((sum, count) => sum + count, 0);
  const found = enhanced ? listed.length + plain.length : plain.length;
  return {
    digest: target.digest,
    provider: "ecr",
    scanner: {
      name: enhanced ? "Inspector" : "ECR basic scanning",
      ...(database && { databaseTime: database.toISOString() }),
    },
    finishedAt,
    findings,
    suppressed,
    ...(counted > found && { partial: `it counts ${counted} findings and lists ${found}` }),
  };
}

/** One for each package. */
function enhancedFindings(finding: Enhanced): readonly Finding[] {
  const { packageVulnerabilityDetails: details, severity, fixAvailable, title } = finding;
  const { vulnerabilityId, relatedVulnerabilities = [], vulnerablePackages = [] } = details ?? {};
  const common = {
    id: vulnerabilityId ?? title ?? finding.findingArn ?? "",
    aliases: relatedVulnerabilities,
    severity: severityOf(severity ?? undefined),
  };
  if (vulnerablePackages.length === 0) return [findingOf({ ...common, fixable: fixableBy(fixAvailable) })];
  return vulnerablePackages.map(({ name, version, release, fixedInVersion }) => {
    const fixed = fixedInVersion === "NotAvailable" ? undefined : fixedInVersion;
    const fixable = fixed ? true : fixableBy(fixAvailable);
    const installed = release && version ? `${version}-${release}` : version;
    return findingOf({ ...common, package: name, installed, fixed, fixable });
  });
}

const fixableBy = (word: string | null | undefined): boolean | undefined =>
  word === "NO" ? false : word === "YES" || word === "PARTIAL" ? true : undefined;

/** It does not say whether there is a fix. */
function basicFinding({ name, severity, attributes }: Basic): Finding {
  const attribute = (key: string) => attributes.find((one) => one.key === key)?.value;
  const [packageName, installed] = [attribute("package_name"), attribute("package_version")];
  return findingOf({ id: name ?? "", severity: severityOf(severity ?? undefined), package: packageName, installed });
}
