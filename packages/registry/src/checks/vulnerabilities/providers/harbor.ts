import { type Digest, systemClock } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { readBounded } from "../../../net/bounded-fetch.ts";
import { proxiedFetch } from "../../../net/proxied-fetch.ts";
import { type Place, RegistryError, shown } from "../../../oci/wire/errors.ts";
import { parseJson } from "../../../oci/wire/json.ts";
import { listOf, optionalText } from "../formats/scan-document.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import { findingOf, kept, MAX_FINDINGS, momentOf, severityWords } from "../report.ts";
import type { Target } from "../targets.ts";
import { type ReportProvider, type ScanAnswer } from "./provider.ts";

/** How Harbor is asked. */
interface HarborScansOptions {
  readonly username: string;
  readonly password: string;
  /** @default the registry's own host */
  readonly endpoint?: string;
}

/** The generic format, and the native one of older scanners. */
const FORMATS = [
  "application/vnd.security.vulnerability.report; version=1.1",
  "application/vnd.scanner.adapter.vuln.report.harbor+json; version=1.0",
];
const severityOf = severityWords({
  none: "none",
  negligible: "none",
  low: "low",
  medium: "medium",
  high: "high",
  critical: "critical",
});

const Scanner = z.object({ name: optionalText, version: optionalText });
const Overview = z.object({
  scan_status: z.string(),
  end_time: optionalText,
  summary: z.object({ total: z.number().nullish() }).nullish(),
});
const Artifact = z.object({ digest: z.string(), scan_overview: z.record(z.string(), Overview.nullable()).nullish() });
const Vulnerabilities = z.record(
  z.string(),
  z
    .object({
      generated_at: optionalText,
      scanner: Scanner.nullish(),
      vulnerabilities: listOf(
        z.object({
          id: z.string().min(1),
          package: optionalText,
          version: optionalText,
          fix_version: optionalText,
          severity: optionalText,
        }),
        MAX_FINDINGS,
      ),
    })
    .nullable(),
);

const TIMEOUT_MS = 20_000;
const ANSWER_LIMIT = 16 << 20;
/** Images whose last success is kept, and findings of each. */
const KEPT = 500;
const KEPT_FINDINGS = 2000;

/** @see https://github.com/goharbor/harbor/blob/main/api/v2.0/swagger.yaml */
export function createHarborScans({ username, password, endpoint }: HarborScansOptions): ReportProvider {
  const fetch = proxiedFetch();
  const authorization = `Basic ${Buffer.from(`${username}:${password}`).toString("base64")}`;
  /** By digest, the oldest first: Harbor forgets that a scan succeeded when it sweeps the scan's task, and while it scans again. */
  const successes = new Map<Digest, ScanReport>();

  async function get<T extends z.ZodType>(
    path: string,
    schema: T,
    place: Place,
    signal: AbortSignal,
  ): Promise<z.output<T> | undefined> {
    const late = (): RegistryError => new RegistryError("timeout", `no answer within ${TIMEOUT_MS / 1000} s`, place);
    const headers = {
      authorization,
      accept: "application/json",
      "x-accept-vulnerabilities": FORMATS.join(", "),
      "accept-encoding": "identity",
    };
    const url = new URL(`/api/v2.0${path}`, endpoint ?? `https://${place.host}`);
    return withTimeLimit({ clock: systemClock, ms: TIMEOUT_MS, signal, late }, async (limited) => {
      try {
        const response = await fetch(url, { headers, redirect: "manual", signal: limited });
        if (response.status === 404) return undefined;
        const body = await readBounded(response, ANSWER_LIMIT);
        if (response.status !== 200) throw refusal(response.status, place);
        return parseJson(schema, body, "Harbor's answer", place);
      } catch (cause) {
        limited.throwIfAborted();
        if (cause instanceof RegistryError) throw cause;
        const why = cause instanceof Error ? shown(cause.message, 200) : "unknown reason";
        throw new RegistryError("unreachable", `Harbor's API cannot be read: ${why}`, place, { cause });
      }
    });
  }

  function keep(report: ScanReport): void {
    successes.delete(report.digest);
    if (report.findings.length > KEPT_FINDINGS) return;
    successes.set(report.digest, report);
    for (const digest of successes.keys()) {
      if (successes.size <= KEPT) break;
      successes.delete(digest);
    }
  }

  return {
    kind: "harbor",
    title: "Harbor",
    async reportsOf(target, signal) {
      const { registry: host, path } = target.repository;
      const place: Place = { host, repository: path };
      const artifact = artifactPath(target);
      const found = await get(`${artifact}?with_scan_overview=true`, Artifact, place, signal);
      if (found === undefined)
        return { state: "missing", why: "has no such artifact, or does not show it to this account" };
      if (found.digest !== target.digest)
        throw new RegistryError(
          "registry-protocol",
          `Harbor answers about ${shown(found.digest, 80)} when asked for ${target.digest}`,
          place,
        );
      const overview = FORMATS.flatMap((format) => found.scan_overview?.[format] ?? [])[0];
      if (overview?.scan_status !== "Success") {
        const last = successes.get(target.digest);
        return last === undefined ? noResult(overview?.scan_status) : { state: "reported", reports: [last] };
      }
      const details = await get(`${artifact}/additions/vulnerabilities`, Vulnerabilities, place, signal);
      const report = FORMATS.flatMap((format) => details?.[format] ?? [])[0];
      const finishedAt = momentOf(report?.generated_at) ?? momentOf(overview.end_time);
      if (report === undefined || finishedAt === undefined)
        return { state: "failed", why: "has a scan of it, and does not give its report" };
      const findings = report.vulnerabilities.map((one) =>
        findingOf({
          id: one.id,
          severity: severityOf(one.severity ?? undefined),
          package: one.package,
          installed: one.version,
          fixed: one.fix_version,
          fixable: (one.fix_version ?? "") !== "",
        }),
      );
      const total = overview.summary?.total ?? 0;
      const version = kept(report.scanner?.version);
      const made: ScanReport = {
        digest: target.digest,
        provider: "harbor",
        scanner: { name: kept(report.scanner?.name) ?? "Harbor's scanner", ...(version !== undefined && { version }) },
        finishedAt,
        findings,
        suppressed: [],
        ...(total > findings.length && { partial: `it counts ${total} vulnerabilities and lists ${findings.length}` }),
      };
      keep(made);
      return { state: "reported", reports: [made] };
    },
  };
}

/** A repository's slashes are encoded twice: proxies and Harbor's router each decode once. */
function artifactPath({ repository: { path }, digest }: Target): string {
  const slash = path.indexOf("/");
  const [project, name] = [path.slice(0, slash), path.slice(slash + 1)];
  const repository = encodeURIComponent(encodeURIComponent(name));
  return `/projects/${encodeURIComponent(project)}/repositories/${repository}/artifacts/${digest}`;
}

function noResult(status: string | undefined): ScanAnswer {
  switch (status) {
    case undefined:
      return { state: "missing", why: "has no scan of it. Scan the artifact, or let the project scan on push" };
    case "Pending":
    case "Running":
    case "Scheduled":
      return { state: "pending", why: "is scanning it" };
    default: {
      const why =
        "Scan the artifact again; Harbor also says so when it has removed the record of a scan that succeeded";
      return { state: "failed", why: `says that its scan ended as ${shown(status, 60)}. ${why}` };
    }
  }
}

function refusal(status: number, place: Place): RegistryError {
  if (status === 401)
    return new RegistryError("unauthorized", "Harbor refuses the account's name or secret", place, { status });
  if (status === 403)
    return new RegistryError("forbidden", "Harbor does not let the account read artifacts and their additions", place, {
      status,
    });
  const code = status === 429 ? "throttled" : status >= 500 ? "unreachable" : "registry-protocol";
  return new RegistryError(code, `Harbor's API answers with status ${status}`, place, { status });
}
