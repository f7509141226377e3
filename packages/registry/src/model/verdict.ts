import { oneLine } from "./one-line.ts";

/** What an image must pass, and what happens when it does not: it is no version, or it is one with a warning. */
export type CheckMode = "enforce" | "warn";

/**
 * What becomes of a type whose version fails as it is judged again:
 *
 * - `fallback`: the best that passes is the version;
 * - `keep`: the same, but as long as no other passes, the version is kept, with a warning;
 * - `refuse`: the type has no version, until a better one passes.
 */
export type OnInvalid = "fallback" | "keep" | "refuse";

/** One rule's answer about one image. */
export interface Verdict {
  /** The check's name, such as `approved-namespace`. */
  readonly check: string;
  readonly state: "passed" | "failed" | "pending";
  /** Why, in a sentence that a person can act on. */
  readonly reason: string;
  /** Which kind of failure or wait it is, such as `unsigned`: for programs. */
  readonly code?: string;
  /** What the answer rests on: the signer, the report, the log entry. Few and short. */
  readonly evidence?: Readonly<Record<string, string>>;
  /** `warn`: a failure is a warning, and keeps no image out. Absent: `enforce`. */
  readonly mode?: "warn";
  /** Of the check's configuration when it answered. Journals of older versions do not say. */
  readonly fingerprint?: string;
  /** Until when the answer holds; for ever where absent. ISO 8601 in UTC. */
  readonly expires?: string;
  /** Since when the check could not answer. The answer before it stands meanwhile, where it passed. ISO 8601 in UTC. */
  readonly since?: string;
}

/** Whether a verdict keeps its image from being a version. */
export const isEnforced = ({ mode }: Verdict): boolean => mode !== "warn";

/** Those that keep their image from being a version. */
export const failing = (verdicts: readonly Verdict[]): readonly Verdict[] =>
  verdicts.filter((verdict) => isEnforced(verdict) && verdict.state !== "passed");

/** Why an image is not admitted, by its verdicts. */
export const whyNotAdmitted = (verdicts: readonly Verdict[]): string =>
  failing(verdicts)
    .map(({ check, reason }) => `${check}: ${reason}`)
    .join("; ") || "it was not judged yet";

/** A verdict as answers show it whole. */
export const verdictDocument = (verdict: Verdict): Verdict => ({ ...verdict, reason: oneLine(verdict.reason) });
