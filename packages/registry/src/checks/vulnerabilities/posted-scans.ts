import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { Image } from "../../model/image.ts";
import type { ScanReport } from "../../model/scan-report.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";
import { parseScan } from "./formats/formats.ts";
import { isOf, type ScanDocument } from "./formats/scan-document.ts";
import { boundedReport } from "./report.ts";
import { configurationOf, scanTargets } from "./targets.ts";

/** Clocks differ by as much. */
const SKEW_MS = 300_000;
const PLACE = { host: "the body" };

/**
 * The report in posted bytes, once for each manifest of an image that it is of; empty where it is of none.
 * @throws ExecutorRegistryError code `invalid-request` for what is no report
 * @throws RegistryError where the image cannot be read
 */
export async function postedScans(
  bytes: Uint8Array,
  image: Image,
  reader: RepositoryReader,
  now: number,
  signal: AbortSignal,
): Promise<readonly ScanReport[]> {
  const document = parsed(bytes);
  if (Date.parse(document.report.finishedAt) > now + SKEW_MS) {
    const why = `the scan ended in the future (${document.report.finishedAt}). Check the clock of the scanner`;
    throw new ExecutorRegistryError("invalid-request", why);
  }
  const targets = await scanTargets(image, reader, signal);
  if (typeof targets === "string")
    throw new ExecutorRegistryError("invalid-request", `reports are not taken: ${targets}`);
  const reports: ScanReport[] = [];
  for (const target of targets) {
    if (isOf(document, target, await configurationOf(target, signal)) === "yes")
      reports.push(boundedReport({ ...document.report, digest: target.digest, provider: "posted" }));
  }
  return reports;
}

function parsed(bytes: Uint8Array): ScanDocument {
  try {
    const document = parseScan(bytes, PLACE);
    if (document !== undefined) return document;
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : "it cannot be read";
    throw new ExecutorRegistryError("invalid-request", why, { cause });
  }
  const known = "Trivy's or Grype's JSON of an image, or cosign's predicate around one";
  throw new ExecutorRegistryError("invalid-request", `the body is no report of a known format: expected ${known}`);
}
