import { type Clock, type Digest, repositoryNamed } from "@executor-registry/resolver";
import type { Reasoned, Recording, Seen } from "../catalogue/reconcile.ts";
import type { CatalogueState } from "../catalogue/state.ts";
import type { Check } from "../checks/check.ts";
import type { ImagePolicies, ImagePolicy } from "../checks/checks.ts";
import type { Image } from "../model/image.ts";
import type { Verdict } from "../model/verdict.ts";
import { forEachLimited } from "../sources/for-each-limited.ts";
import { readerOf } from "../sources/image-source.ts";
import type { Span } from "../tracing/tracer.ts";
import { failedVerdict, pendingVerdict, verdictOf } from "./ask.ts";
import { keyOf } from "./due-queue.ts";
import type { Judging } from "./judging.ts";
import { AT_ONCE, type JudgingOptions } from "./judging-options.ts";
import { CheckAnswers, combined, distinct, dueChecks, NOT_YET } from "./verdicts.ts";

/** What is written down waits so long for the checks; those that have not answered by then are asked again later. */
const WAIT_MS = 1000;

/** An image that appeared, or of which more is known now. */
interface Unjudged {
  readonly source: string;
  readonly image: Image;
  /** The checks that have no verdict of it that holds. */
  readonly checks: readonly Check[];
}
/** By image. */
type Answers = ReadonlyMap<string, CheckAnswers>;

/**
 * Writes down what was seen, each image that appeared together with its verdicts: what the checks answer at once is in the same entry, so
 * that the image is answered with as soon as it was read. Who saw it knows nothing of that.
 */
export function judgedRecording(options: JudgingOptions, judging: Pick<Judging, "watch">): Recording {
  const { catalogue, policies, clock } = options;
  return async ({ actor, why, span }, decide) => {
    const seen = decide(catalogue.state);
    if (seen.length === 0) return [];
    const unjudged = new Map<string, Unjudged>();
    for (const { change } of seen) addUnjudged(unjudged, change, catalogue.state, policies, clock);
    const answers: Answers = unjudged.size === 0 ? new Map() : await answersFor(unjudged, options, span);
    const drafts = (state: CatalogueState): readonly Reasoned[] =>
      decide(state)
        .flatMap((one) => judged(state, one, answers, policies, clock.now()))
        .map(({ reason, change }) => ({ reason: why === undefined ? reason : `${why}: ${reason}`, change }));
    const entries = await catalogue.record(actor, drafts, span && [span]);
    for (const { change } of entries) {
      if (change.kind === "image-found" || change.kind === "image-judged")
        judging.watch({ ...change, repository: repositoryNamed(change.repository) }, span);
    }
    return entries;
  };
}

/** What these checks answered about the same image of other types. What those types' own policies answered counts for nothing here. */
const known = (
  state: CatalogueState,
  { repository, digest }: { readonly repository: string; readonly digest: Digest },
  checks: readonly Check[],
): readonly Verdict[] => {
  for (const type of state.repositories.get(repository) ?? []) {
    const image = state.types.get(type)?.images.get(repository, digest);
    if (image === undefined || image.state === "withdrawn") continue;
    return image.verdicts.filter(({ check, fingerprint }) =>
      checks.some((one) => one.name === check && one.fingerprint === fingerprint),
    );
  }
  return [];
};

function addUnjudged(
  unjudged: Map<string, Unjudged>,
  change: Seen,
  state: CatalogueState,
  policies: ImagePolicies,
  clock: Clock,
): void {
  const add = (source: string, image: Image, checks: readonly Check[]): void => {
    if (checks.length === 0) return;
    const others = unjudged.get(keyOf(image))?.checks ?? [];
    unjudged.set(keyOf(image), { source, image, checks: distinct([...others, ...checks]) });
  };
  if (change.kind === "image-found") {
    const { checks } = policies.of(change.type);
    const due = dueChecks(checks, known(state, change, checks), clock.now());
    add(change.source, { ...change.image, repository: repositoryNamed(change.repository) }, due);
  } else if (change.kind === "image-described") {
    const image = state.types.get(change.type)?.images.get(change.repository, change.digest);
    // Whatever a check said, it did not know this.
    if (image) add(image.source, { ...image, details: change.details }, policies.of(change.type).checks);
  } else if (change.kind === "image-tagged") {
    const image = state.types.get(change.type)?.images.get(change.repository, change.digest);
    const byTags = policies.of(change.type).checks.filter((check) => check.byTags);
    if (image) add(image.source, { ...image, tags: change.tags }, byTags);
  }
}

/** What the checks answer at once. */
async function answersFor(
  unjudged: ReadonlyMap<string, Unjudged>,
  { sources, clock }: JudgingOptions,
  cause: Span | undefined,
): Promise<Answers> {
  const answers = new Map<string, CheckAnswers>();
  const late = new AbortController();
  const done = new AbortController();
  const waited = clock.sleep(WAIT_MS, done.signal).then(
    () => late.abort(new Error("it did not answer at once")),
    () => {},
  );
  const asked = forEachLimited(unjudged, AT_ONCE, async ([key, { source, image, checks }]) => {
    const subject = { image, reader: readerOf(sources, source, image.repository) };
    const of = new CheckAnswers();
    answers.set(key, of);
    const { repository, digest } = image;
    const span = late.signal.aborted
      ? undefined
      : cause?.child("judge", { source, repository: repository.name, digest });
    for (const check of late.signal.aborted ? [] : checks) {
      try {
        of.put(check, verdictOf(check, await check.judge(subject, late.signal), clock.now()));
      } catch (error) {
        if (late.signal.aborted) break;
        of.put(check, failedVerdict(check, error));
      }
    }
    span?.set({ outcome: late.signal.aborted ? "pending" : of.outcome });
    span?.end();
  });
  await Promise.race([asked, waited]);
  done.abort();
  return answers;
}

function judged(
  state: CatalogueState,
  { reason, change }: Reasoned<Seen>,
  answers: Answers,
  policies: ImagePolicies,
  now: number,
): readonly Reasoned[] {
  if (change.kind !== "image-found" && change.kind !== "image-described" && change.kind !== "image-tagged")
    return [{ reason, change }];
  const { type, repository, digest } = change;
  const policy: ImagePolicy = policies.of(type);
  const { checks } = policy;
  const answered = answers.get(keyOf({ repository: repositoryNamed(repository), digest }));
  const all = (before: readonly Verdict[], due: readonly Check[]): readonly Verdict[] => {
    const given = new CheckAnswers();
    for (const check of due) given.put(check, answered?.get(check) ?? pendingVerdict(check, NOT_YET));
    return combined(policy, before, given, now);
  };
  if (change.kind === "image-found") {
    const before = known(state, change, checks);
    const unknown = dueChecks(checks, before, now);
    // Under another type more of it may have been read.
    const due = checks.filter((check) => unknown.includes(check) || answered?.has(check));
    return [{ reason, change: { ...change, verdicts: all(before, due) } }];
  }
  const before = state.types.get(type)?.images.get(repository, digest)?.verdicts ?? [];
  const due = change.kind === "image-tagged" ? checks.filter((check) => check.byTags) : checks;
  // What was said about other tags has to be said again, and stands no longer than what cannot be asked.
  const expires = new Date(now).toISOString();
  const old = before.map((one) =>
    due !== checks && due.some(({ name }) => name === one.check) ? { ...one, expires } : one,
  );
  const verdicts = all(old, due);
  const seen = { reason, change };
  if (JSON.stringify(verdicts) === JSON.stringify(before)) return [seen];
  const judgement = { kind: "image-judged" as const, type, repository, digest, verdicts };
  return [seen, { reason: "its checks answer otherwise", change: judgement }];
}
