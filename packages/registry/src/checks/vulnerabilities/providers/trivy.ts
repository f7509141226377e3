import { z } from "zod";
import type { Descriptor } from "../../../oci/read/registry.ts";
import { type Place, TooLargeError } from "../../../oci/wire/errors.ts";
import { parseScan } from "../formats/formats.ts";
import { isOf, malformed } from "../formats/scan-document.ts";
import type { Report } from "../report.ts";
import { configurationOf, type Target } from "../targets.ts";
import { providerKind, type ReportProvider } from "./provider.ts";

/** As `trivy referrer put` has it, which other files may have too. */
const ARTIFACT_TYPES = ["application/json"];

const settings = z.strictObject({
  kind: z.literal("trivy").meta({
    description:
      "Reports in the image's repository that refer to it, unsigned: Trivy's or Grype's JSON, or cosign's predicate around one, as " +
      "`trivy referrer put` and `oras attach` put them there. Whoever may push to the repository can vouch for its images",
  }),
  artifactTypes: z.array(z.string().min(1)).min(1).default(ARTIFACT_TYPES).meta({
    description: "Artifact types that reports are attached as",
  }),
});

/** Trivy's server analyses no images by itself: its clients do, and what they find is what can be read. */
export const trivyKind = providerKind({
  schema: settings,
  make: ({ artifactTypes }) => createAttachedScans(artifactTypes),
});

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
      const reports: Report[] = [];
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
  ): Promise<readonly Report[]> {
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
