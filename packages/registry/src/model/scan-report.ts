import type { Digest } from "@executor-registry/resolver";

/** From harmless to worst. Where `unknown` stands is decided by the policy; words are compared within one provider only. */
export const SEVERITIES = ["none", "unknown", "low", "medium", "high", "critical"] as const;
export type Severity = (typeof SEVERITIES)[number];

/** One vulnerability of one package. */
export interface Finding {
  readonly id: string;
  /** Other names of the same vulnerability, such as GitHub's of a CVE. */
  readonly aliases: readonly string[];
  readonly severity: Severity;
  readonly package: string;
  readonly installed?: string;
  /** The version that repairs it. */
  readonly fixed?: string;
  /** Whether it can be repaired by an update; absent where the provider does not say, which counts as if it could. */
  readonly fixable?: boolean;
  /** The package's URL, where the scanner gives it. */
  readonly purl?: string;
}

/** A finding that was left out of the scan. */
export interface SuppressedFinding extends Finding {
  /** Who did, and why. */
  readonly by: string;
}

/** What one scan of one image found, whichever provider says it. */
export interface ScanReport {
  /** What was scanned: an image's manifest, never an index. */
  readonly digest: Digest;
  readonly provider: string;
  readonly scanner: { readonly name: string; readonly version?: string; readonly databaseTime?: string };
  /** When the scan ended. ISO 8601 in UTC. */
  readonly finishedAt: string;
  readonly findings: readonly Finding[];
  /** What the scan did not cover, where it says so. */
  readonly partial?: string;
  readonly suppressed: readonly SuppressedFinding[];
  /** Findings that were not kept, none of them worse than those that were. */
  readonly omitted?: { readonly count: number; readonly worst: Severity };
}
