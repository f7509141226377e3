import type { Clock, Digest, Logger, Random } from "@executor-registry/resolver";
import type { ScanReport } from "../../../model/scan-report.ts";
import type { Target } from "../targets.ts";

/** What a provider has of one image. Only `reported` can let it pass. */
export type ScanAnswer =
  | { readonly state: "reported"; readonly reports: readonly ScanReport[] }
  | {
      /** No report; not yet; of an image that it never scans; a scan that failed; one that is not kept up to date any more. */
      readonly state: "missing" | "pending" | "unsupported" | "failed" | "stale";
      /** A part of a sentence that begins with the provider: `has no scan of it; start one`. */
      readonly why: string;
    };

/** Where reports of scans come from. One file for each. */
export interface ReportProvider {
  /** As in evidence: `ecr`. */
  readonly kind: string;
  /** How it is called in sentences: `Amazon ECR`. */
  readonly title: string;
  /** @throws ExecutorRegistryError where it cannot be asked now, or what it says cannot be understood */
  reportsOf(target: Target, signal: AbortSignal): Promise<ScanAnswer>;
}

/** What providers are made with besides their settings. */
export interface ProviderContext {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The reports that were posted about an image, and about those that it names. */
  readonly postedReports: (repository: string, digest: Digest) => Promise<readonly ScanReport[]>;
}
