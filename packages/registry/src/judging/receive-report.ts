import { type Clock, type Digest, ExecutorRegistryError } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueImage } from "../catalogue/state.ts";
import { postedScans } from "../checks/vulnerabilities/posted-scans.ts";
import type { ScanReport } from "../model/scan-report.ts";
import { type ImageSource, readerOf } from "../sources/image-source.ts";
import type { Judging } from "./judging.ts";

/** A report as somebody posted it. */
export interface PostedScan {
  readonly type: string;
  readonly digest: Digest;
  /** As the scanner wrote it. */
  readonly bytes: Uint8Array;
  /** Who posted it. */
  readonly actor: string;
}

/** What came of it: the manifests that it is about. */
export interface ReceivedReport {
  readonly scanned: readonly { readonly repository: string; readonly digest: Digest }[];
  readonly scanner: string;
  readonly finishedAt: string;
  readonly findings: number;
}

/**
 * Writes down what a scan found, where it is of this image, and has the image judged by it.
 * @throws ExecutorRegistryError code `not-found` for an image that is not there, `invalid-request` for what is no report of it
 * @throws RegistryError where the image's manifest cannot be read
 * @throws StoreError
 */
export async function receiveReport(
  { type, digest, bytes, actor }: PostedScan,
  {
    catalogue,
    sources,
    judging,
    clock,
  }: { catalogue: Catalogue; sources: readonly ImageSource[]; judging: Judging; clock: Clock },
  signal: AbortSignal,
): Promise<ReceivedReport> {
  const images = catalogue.present(type, digest);
  if (images.length === 0) {
    const why = `${type} has no image ${digest} now. See which there are: GET /executors/${type}/versions`;
    throw new ExecutorRegistryError("not-found", why);
  }
  const found: { readonly image: CatalogueImage; readonly report: ScanReport }[] = [];
  for (const image of images) {
    const reader = readerOf(sources, image.source, image.repository);
    for (const report of await postedScans(bytes, image, reader, clock.now(), signal)) found.push({ image, report });
  }
  const [first] = found;
  if (first === undefined) {
    const why = `the report is not of ${digest}: neither its image ID nor its repository digests name it, or one image that it names`;
    throw new ExecutorRegistryError("invalid-request", why);
  }
  const { scanner, finishedAt, findings } = first.report;
  const reason = `a scan by ${scanner.name} of ${finishedAt} was posted`;
  await catalogue.record(actor, () =>
    found.map(({ image, report }) => ({
      reason,
      change: { kind: "report-received" as const, type, repository: image.repository.name, digest, report },
    })),
  );
  const hints = images.map(({ repository }) => ({
    action: "scanned" as const,
    repository: repository.path,
    digest,
  }));
  judging.hint(hints, { actor, why: reason });
  return {
    scanned: found.map(({ image, report }) => ({ repository: image.repository.name, digest: report.digest })),
    scanner: scanner.name,
    finishedAt,
    findings: findings.length,
  };
}
