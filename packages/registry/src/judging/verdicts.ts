import type { Check } from "../checks/check.ts";
import type { Verdict } from "../model/verdict.ts";

/** Why a check has to judge an image, in the words of the journal. */
export const DUE = {
  configured: "the checks' configuration answers",
  expired: "a verdict has expired: its checks answer",
  pending: "what could not be judged was tried again: its checks answer",
} as const;

/** Why this check has to answer again; `undefined` as long as its verdict holds. */
function dueness({ fingerprint }: Check, verdict: Verdict | undefined, now: number): keyof typeof DUE | undefined {
  if (verdict?.fingerprint !== fingerprint) return "configured";
  if (verdict.state === "pending") return "pending";
  return verdict.expires !== undefined && Date.parse(verdict.expires) <= now ? "expired" : undefined;
}

/** The reason of a verdict whose check has not been asked yet. */
export const NOT_YET = "it has not been judged yet";

const of = (verdicts: readonly Verdict[], { name }: Check): Verdict | undefined =>
  verdicts.find(({ check }) => check === name);

/** The checks whose verdicts do not hold. */
export const dueChecks = (checks: readonly Check[], verdicts: readonly Verdict[], now: number): readonly Check[] =>
  checks.filter((check) => dueness(check, of(verdicts, check), now) !== undefined);

/** Why the verdicts are given again; `undefined` where all of them hold and are of these checks. */
export function whyDue(
  checks: readonly Check[],
  verdicts: readonly Verdict[],
  now: number,
): keyof typeof DUE | undefined {
  const whys = checks.map((check) => dueness(check, of(verdicts, check), now));
  const another = verdicts.some(({ check }) => !checks.some(({ name }) => name === check));
  if (another || whys.includes("configured")) return "configured";
  return whys.includes("expired") ? "expired" : whys.find((why) => why !== undefined);
}

/**
 * The verdicts of all checks, in their order, after some of them answered. That something cannot be judged now takes nothing from a
 * verdict that holds, and is written down once, though the sentence differs.
 */
export function combined(
  checks: readonly Check[],
  before: readonly Verdict[],
  answers: ReadonlyMap<string, Verdict>,
  now: number,
): readonly Verdict[] {
  return checks.flatMap((check) => {
    const [old, answer] = [of(before, check), answers.get(check.name)];
    if (answer === undefined || old === undefined) return answer ?? old ?? [];
    const why = dueness(check, old, now);
    const holds = why === undefined || (why === "pending" && old.reason !== NOT_YET);
    return answer.state === "pending" && holds ? [old] : [answer];
  });
}

/** What a person reads in verdicts. */
const words = (verdicts: readonly Verdict[]) => verdicts.map(({ check, state, reason }) => [check, state, reason]);

/** Whether these say the same, whenever and by whichever configuration. */
export const sayTheSame = (a: readonly Verdict[], b: readonly Verdict[]): boolean =>
  JSON.stringify(words(a)) === JSON.stringify(words(b));

/** When the first of them ceases to hold, in milliseconds since the Unix epoch; `undefined` where none does. */
export function firstExpiry(verdicts: readonly Verdict[]): number | undefined {
  const times = verdicts.flatMap(({ expires }) => (expires === undefined ? [] : Date.parse(expires)));
  return times.length === 0 ? undefined : Math.min(...times);
}
