import { type Clock, ExecutorRegistryError } from "@executor-registry/resolver";
import { withTimeLimit } from "@executor-registry/resolver/internal";
import type { Check, Judgement, Subject } from "../checks/check.ts";
import type { Verdict } from "../model/verdict.ts";
import { UNAVAILABLE } from "./verdicts.ts";
import { oneLine } from "../model/one-line.ts";

/** A check may take as long, with all that it reads. */
const CHECK_MS = 30_000;
const REASON_LENGTH = 300;

/** A check's verdict, now. */
export function verdictOf(
  { name, fingerprint, mode, lifetime = Infinity }: Check,
  judgement: Judgement,
  now: number,
): Verdict {
  const { state, reason, code, evidence, expires = Infinity } = judgement;
  const until = Math.min(now + lifetime, expires);
  return {
    check: name,
    state,
    reason,
    ...(code !== undefined && { code }),
    ...(evidence !== undefined && { evidence }),
    ...(mode === "warn" && { mode }),
    fingerprint,
    ...(state !== "pending" && Number.isFinite(until) && { expires: new Date(until).toISOString() }),
  };
}

/** `pending`, for what kept a check from answering. */
export function pendingVerdict(check: Check, why: string, code?: string): Verdict {
  return verdictOf(
    check,
    { state: "pending", reason: oneLine(why, REASON_LENGTH), ...(code !== undefined && { code }) },
    0,
  );
}

/** `pending`, by what a check threw. */
export function failedVerdict(check: Check, error: unknown): Verdict {
  return pendingVerdict(
    check,
    `it cannot be judged now: ${error instanceof Error ? error.message : String(error)}`,
    UNAVAILABLE,
  );
}

/** What a check answers; `pending` where it throws or takes too long. @throws the signal's reason when it aborts */
export async function ask(check: Check, subject: Subject, clock: Clock, signal: AbortSignal): Promise<Verdict> {
  const late = (): Error =>
    new ExecutorRegistryError("timeout", `it did not answer within ${CHECK_MS / 1000} s`, { retryable: true });
  try {
    const judgement = await withTimeLimit({ clock, ms: CHECK_MS, signal, late }, (limited) =>
      check.judge(subject, limited),
    );
    return verdictOf(check, judgement, clock.now());
  } catch (error) {
    signal.throwIfAborted();
    return failedVerdict(check, error);
  }
}
