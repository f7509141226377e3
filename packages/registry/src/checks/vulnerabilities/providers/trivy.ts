import type { Descriptor } from "../../../oci/read/registry.ts";
import { type Place, TooLargeError } from "../../../oci/wire/errors.ts";
import { parseScan } from "../formats/formats.ts";
import { isOf, malformed } from "../formats/scan-document.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import { configurationOf, type Target } from "../targets.ts";
import { type ReportProvider } from "./provider.ts";

/** Referrers that are looked at, and bytes of one report. */
const MAX_REFERRERS = 50;
const REPORT_LIMIT = 10 << 20;

export function createAttachedScans(artifactTypes: readonly string[]): ReportProvider {
  const wanted = (type: string | undefined): boolean => type !== undefined && artifactTypes.includes(type);
  return {
    kind: "trivy",
    title: "The repository",
    async reportsOf(target, signal) {
      const { repository, digest, image, reader } = target;
      const place: Place = { host: repository.registry, repository: repository.path };
      const found = new Map<string, Descriptor>();
      for (const subject of new Set([digest, image])) {
        for (const one of await reader.referrers(subject, undefined, signal)) {
          // Some registries' lists leave the type out.
          if (one.artifactType === undefined || wanted(one.artifactType)) found.set(one.digest, one);
        }
      }
      if (found.size > MAX_REFERRERS)
        throw new TooLargeError(`more than ${MAX_REFERRERS} reports refer to ${digest}`, MAX_REFERRERS, place);
      const reports: ScanReport[] = [];
      for (const one of found.values()) reports.push(...(await reportIn(one, target, place, signal)));
      if (reports.length > 0) return { state: "reported", reports };
      return {
        state: "missing",
        why: "has no report of it there. Attach one: trivy image -f cosign-vuln IMAGE | trivy referrer put",
      };
    },
  };

  async function reportIn(
    one: Descriptor,
    target: Target,
    place: Place,
    signal: AbortSignal,
  ): Promise<readonly ScanReport[]> {
    const { reader, digest, image } = target;
    const manifest = await reader.manifest(one.digest, signal);
    if (manifest.form !== "image" || !wanted(one.artifactType ?? manifest.artifactType ?? manifest.config.mediaType))
      return [];
    const [layer, ...others] = manifest.layers;
    const subject = manifest.subject?.digest;
    if (layer === undefined || others.length > 0 || (subject !== digest && subject !== image))
      throw malformed(
        `the referrer ${one.digest} is no report of ${digest}: it has to hold one layer, and refer to it`,
        place,
      );
    const document = parseScan(await reader.blob(layer.digest, REPORT_LIMIT, signal), place);
    if (document === undefined) return [];
    const verdict = isOf(document, target, await configurationOf(target, signal));
    if (verdict === "no" && subject === digest)
      throw malformed(`the referrer ${one.digest} refers to ${digest}, and its report is of another image`, place);
    if (verdict === "no" || (verdict === "unsaid" && subject !== digest)) return [];
    return [{ ...document.report, digest, provider: "trivy" }];
  }
}
