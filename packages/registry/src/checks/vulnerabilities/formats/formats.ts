import { z } from "zod";
import { type Place, shown } from "../../../oci/wire/errors.ts";
import { parseJson } from "../../../oci/wire/json.ts";
import { momentOf } from "../report.ts";
import { grypeFormat } from "./grype.ts";
import { malformed, optionalText, type ScanDocument, type ScanFormat } from "./scan-document.ts";
import { trivyFormat } from "./trivy.ts";

/**
 * The formats that are evidence. SARIF is none: it binds a result to no image and has no fixed versions. CycloneDX is none either: that of an
 * image which was never scanned looks like that of a clean one.
 */
const FORMATS: readonly ScanFormat[] = [trivyFormat, grypeFormat];

/** @see https://github.com/sigstore/cosign/blob/main/specs/COSIGN_VULN_ATTESTATION_SPEC.md */
const CosignVuln = z.object({
  scanner: z.object({
    version: optionalText,
    db: z.object({ version: optionalText }).nullish(),
    result: z.unknown(),
  }),
  metadata: z.object({ scanStartedOn: optionalText, scanFinishedOn: z.string() }),
});

/**
 * A report in any of the formats, or in cosign's predicate around one; `undefined` for what is none.
 * @throws RegistryError code `registry-protocol` for one that is not as its format should be
 */
export function readScan(value: unknown, place: Place): ScanDocument | undefined {
  const predicate = CosignVuln.safeParse(value);
  if (!predicate.success) return readFormat(value, place);
  const { scanner, metadata } = predicate.data;
  const document = readFormat(scanner.result, place);
  if (document === undefined) return undefined;
  const finishedAt = momentOf(metadata.scanFinishedOn);
  if (finishedAt === undefined) throw malformed("metadata.scanFinishedOn of the report is no time", place);
  // The predicate may have been made of an old result.
  const oldest = finishedAt < document.report.finishedAt ? finishedAt : document.report.finishedAt;
  return { ...document, report: { ...document.report, finishedAt: oldest } };
}

/** The same, of bytes. Nothing is made of too many of them, or of too many values. */
export function parseScan(bytes: Uint8Array, place: Place): ScanDocument | undefined {
  return readScan(parseJson(z.unknown(), bytes, "the report", place), place);
}

function readFormat(value: unknown, place: Place): ScanDocument | undefined {
  const object = typeof value === "object" && value !== null && !Array.isArray(value) ? value : undefined;
  const format = object && FORMATS.find(({ matches }) => matches(object));
  if (object === undefined || format === undefined) return undefined;
  try {
    return format.parse(object);
  } catch (error) {
    const issue = error instanceof z.ZodError ? error.issues[0] : undefined;
    const why = issue ? `${issue.path.join(".")}: ${issue.message}` : error instanceof Error ? error.message : "";
    throw malformed(`the report is not ${format.name} as it should be: ${shown(why, 200)}`, place);
  }
}
