import type { Trust } from "../../signature/signers.ts";
import type { Place } from "../../../oci/wire/errors.ts";
import { readScan } from "../formats/formats.ts";
import { isOf, malformed } from "../formats/scan-document.ts";
import type { ScanReport } from "../../../model/scan-report.ts";
import { type SignedStatement, statementsAbout } from "../signed-statements.ts";
import { configurationOf, type Target } from "../targets.ts";
import type { ReportProvider } from "./provider.ts";

/** `cosign attest --type vuln` */
const SCAN_PREDICATES: ReadonlySet<string> = new Set(["https://cosign.sigstore.dev/attestation/vuln/v1"]);

/** Scans that their signers attached to the image. */
export function createSignedScans(trust: Trust): ReportProvider {
  return {
    kind: "attached",
    title: "The repository",
    async reportsOf(target, signal) {
      const statements = await statementsAbout(target, trust, SCAN_PREDICATES, signal);
      const configuration = statements.length === 0 ? undefined : await configurationOf(target, signal);
      const reports = statements.flatMap((one) => reportIn(one, target, configuration));
      if (reports.length > 0) return { state: "reported", reports };
      const why =
        "holds no scan of it that one of the signers vouches for. Attest one: cosign attest --type vuln --predicate REPORT IMAGE";
      return { state: "missing", why };
    },
  };
}

function reportIn(
  { subject, predicate, signer, verifiedAt }: SignedStatement,
  target: Target,
  configuration: Parameters<typeof isOf>[2],
): readonly ScanReport[] {
  const { repository, digest } = target;
  const place: Place = { host: repository.registry, repository: repository.path };
  const document = readScan(predicate, place);
  if (document === undefined)
    throw malformed(`the scan of ${subject} by ${signer} holds no report of a known format`, place);
  const verdict = isOf(document, target, configuration);
  if (verdict === "no" && subject === digest)
    throw malformed(`the scan of ${digest} by ${signer} holds a report of another image`, place);
  if (verdict === "no" || (verdict === "unsaid" && subject !== digest)) return [];
  // What was signed is not newer than its signature.
  const signed = verifiedAt === undefined ? "9" : new Date(verifiedAt).toISOString();
  const { finishedAt } = document.report;
  return [{ ...document.report, digest, provider: "attached", finishedAt: signed < finishedAt ? signed : finishedAt }];
}
