import type { Check } from "../checks/check.ts";
import type { ImagePolicy } from "../checks/checks.ts";
import { isEnforced, type Verdict } from "../model/verdict.ts";

/** Why a check has to judge an image, in the words of the journal. */
export const DUE = {
  configured: "the checks' configuration answers",
  expired: "a verdict has expired: its checks answer",
  pending: "what could not be judged was tried again: its checks answer",
} as const;

/** The code of a verdict whose check could not be asked: it says nothing about the image. */
export const UNAVAILABLE = "unavailable";
/** With the codes of checks that say themselves what they could not ask. */
const UNASKED: ReadonlySet<string | undefined> = new Set([
  UNAVAILABLE,
  "registry-unavailable",
  "verification-unavailable",
]);
/** The code of a verdict whose check could not answer for too long. */
const DEADLINE = "deadline";

/** Why this check has to answer again; `undefined` as long as its verdict holds. */
function dueness({ fingerprint }: Check, verdict: Verdict | undefined, now: number): keyof typeof DUE | undefined {
  if (verdict?.fingerprint !== fingerprint) return "configured";
  if (verdict.state === "pending" || verdict.code === DEADLINE) return "pending";
  return hasExpired(verdict, now) ? "expired" : undefined;
}

const hasExpired = ({ expires }: Verdict, now: number): boolean => expires !== undefined && Date.parse(expires) <= now;

/** The reason of a verdict whose check has not been asked yet. */
export const NOT_YET = "it has not been judged yet";

const of = (verdicts: readonly Verdict[], { name }: Check): Verdict | undefined =>
  verdicts.find(({ check }) => check === name);

/** A check of one name and another configuration is another. */
const keyOf = ({ name, fingerprint }: Check): string => `${name} ${fingerprint}`;

/** Answers by check. */
export class CheckAnswers {
  readonly #answers = new Map<string, Verdict>();

  put(check: Check, verdict: Verdict): void {
    this.#answers.set(keyOf(check), verdict);
  }

  get(check: Check): Verdict | undefined {
    return this.#answers.get(keyOf(check));
  }

  has(check: Check): boolean {
    return this.get(check) !== undefined;
  }

  /** What they make of the image, as far as they have answered. */
  get outcome(): "rejected" | "pending" | "passed" {
    return this.reject ? "rejected" : this.pending ? "pending" : "passed";
  }

  /** Whether any of them keeps the image out. */
  get reject(): boolean {
    return [...this.#answers.values()].some((verdict) => verdict.state === "failed" && isEnforced(verdict));
  }

  get pending(): boolean {
    return [...this.#answers.values()].some(({ state }) => state === "pending");
  }
}

/** Each check once, of several types' policies. */
export const distinct = (checks: readonly Check[]): readonly Check[] => [
  ...new Map(checks.map((check) => [keyOf(check), check])).values(),
];

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

/** The verdicts of all checks of a policy, in their order, after some of them answered. */
export function combined(
  { checks, deadlineMs }: Pick<ImagePolicy, "checks" | "deadlineMs">,
  before: readonly Verdict[],
  answers: CheckAnswers,
  now: number,
): readonly Verdict[] {
  return checks.flatMap((check) => {
    const [old, answer] = [of(before, check), answers.get(check)];
    if (answer?.state === "pending") return [waiting(check, old, answer, now, deadlineMs)];
    return answer ?? old ?? [];
  });
}

/**
 * What stands while a check cannot answer: what was passed before does, until its time and the policy's deadline are over. A check that
 * is new, or of another configuration, has passed nothing yet, unless all that is known is that it could not be asked. What only warned of a
 * failure passed nothing either.
 */
function waiting(check: Check, old: Verdict | undefined, answer: Verdict, now: number, deadlineMs: number): Verdict {
  const iso = new Date(now).toISOString();
  if (old === undefined) return { ...answer, since: iso };
  const configured = old.fingerprint !== check.fingerprint;
  if (old.code === DEADLINE) return configured ? { ...answer, since: iso } : old;
  const held = old.state === "passed" || isEnforced(old);
  const stood = old.state !== "pending" && (!configured || (held && UNASKED.has(answer.code)));
  if (old.state !== "pending" && !stood) return { ...answer, since: iso };
  const since = old.since ?? (stood && hasExpired(old, now) ? old.expires : undefined) ?? iso;
  if (old.state !== "failed" && now - Date.parse(since) >= deadlineMs) return overdue(answer, since);
  if (stood) return configured && old.since === undefined ? { ...old, since } : old;
  // Written down once, whatever words it is said in.
  return configured || old.reason === NOT_YET || old.since === undefined ? { ...answer, since } : old;
}

function overdue({ reason, ...answer }: Verdict, since: string): Verdict {
  return {
    ...answer,
    state: "failed",
    code: DEADLINE,
    reason: `it could not be judged since ${since}: ${reason}`,
    since,
  };
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
