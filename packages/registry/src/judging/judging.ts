import { setImmediate } from "node:timers/promises";
import { type Digest, ExecutorRegistryError, type Repository, repositoryNamed } from "@executor-registry/resolver";
import { untilAborted, whenAborted } from "@executor-registry/resolver/internal";
import { merged } from "../catalogue/catalogue.ts";
import { type Reasoned, same } from "../catalogue/reconcile.ts";
import type { CatalogueImage, CatalogueState } from "../catalogue/state.ts";
import { OPEN_POLICIES } from "../checks/checks.ts";
import type { Hint } from "../model/hint.ts";
import type { Verdict } from "../model/verdict.ts";
import { forEachLimited } from "../sources/for-each-limited.ts";
import { readerOf } from "../sources/image-source.ts";
import { type Span, UNTRACED } from "../tracing/tracer.ts";
import { ask } from "./ask.ts";
import { AT_ONCE, type JudgingHealth, type JudgingOptions } from "./judging-options.ts";
import { answered, type Due, DueQueue, keyOf, retryAt } from "./due-queue.ts";
import {
  CheckAnswers,
  combined,
  distinct,
  DUE,
  dueChecks,
  firstExpiry,
  NOT_YET,
  sayTheSame,
  whyDue,
} from "./verdicts.ts";

/** What was found about one image: by type, as it was then. */
interface Judged {
  readonly due: Due;
  readonly images: ReadonlyMap<string, CatalogueImage>;
  readonly answers: CheckAnswers;
  readonly span?: Span;
  /** The types under which it was judged by others meanwhile: these answers may be older. Absent where nothing had to be read for them. */
  readonly overtaken?: Set<string>;
}

/** Images of one round: what comes meanwhile waits for no more than these. They are written down at once, or sooner than in a second. */
const ROUND_SIZE = 200;
const WRITE_MS = 1000;
/** A configuration is in force no later, though much is to be judged. */
const ADOPT_MS = 10_000;
const LONGEST_PAUSE_MS = 3_600_000;
const LATE_MS = 60_000;

/** Judges what is due: what was never judged, or by another configuration, what has expired, and what could not be judged. */
export class Judging {
  readonly #options: JudgingOptions;
  readonly #queue = new DueQueue();
  readonly #ending = new AbortController();
  /** Rounds come one after the other. */
  #last: Promise<void> = Promise.resolve();
  /** Images that are being judged, by {@link keyOf}. */
  readonly #busy = new Map<string, Due>();
  #wake = new AbortController();

  constructor(options: JudgingOptions) {
    this.#options = options;
  }

  get health(): JudgingHealth {
    const now = this.#options.clock.now();
    const late = [...this.#busy.values()].filter(({ at }) => at <= now - LATE_MS).length;
    return { due: this.#queue.dueAt(now) + this.#busy.size, late: this.#queue.dueAt(now - LATE_MS) + late };
  }

  /**
   * Looks through what is known, and judges what is due; what takes longer than ten seconds is judged later.
   * @throws StoreError when it cannot be written down
   */
  async adopt(): Promise<void> {
    const { catalogue, policies, clock } = this.#options;
    await this.takeBack();
    if (this.#options.leading?.() === false) return;
    const now = clock.now();
    for (const { type, images } of catalogue.types()) {
      const { checks } = policies.of(type);
      const dueAt = (verdicts: readonly Verdict[]): number | undefined =>
        whyDue(checks, verdicts, now) === undefined ? firstExpiry(verdicts) : now;
      // There may be many: readers are answered in between.
      await setImmediate();
      // Mostly all hold for ever.
      if (![...images.verdicts()].some((verdicts) => dueAt(verdicts) !== undefined)) continue;
      for (const image of images) {
        const { state, repository, digest, verdicts } = image;
        if (state === "withdrawn" || this.#busy.has(keyOf(image))) continue;
        const at = dueAt(verdicts);
        if (at !== undefined) this.#queue.put({ repository, digest, at, failures: 0 });
      }
    }
    const done = new AbortController();
    const late = clock.sleep(ADOPT_MS, done.signal).catch(() => {});
    const until = now + ADOPT_MS;
    try {
      while ((this.#queue.next ?? Infinity) <= clock.now() && clock.now() < until) {
        if (this.#ending.signal.aborted) break;
        await Promise.race([this.#round(), late]);
      }
    } finally {
      done.abort();
    }
  }

  /**
   * Takes back what the configuration does not admit, as far as nothing has to be read to know it. All other judging may take long, and what
   * passed stands meanwhile.
   * @throws StoreError when it cannot be written down
   */
  async takeBack(): Promise<void> {
    const { catalogue, policies, sources, clock } = this.#options;
    await this.#notePolicies();
    const rejected: Judged[] = [];
    for (const { type, images } of catalogue.types()) {
      const immediate = policies.of(type).checks.filter((check) => check.immediate);
      const isDue = (verdicts: readonly Verdict[]): boolean => dueChecks(immediate, verdicts, clock.now()).length > 0;
      // Mostly all hold, and nothing is unpacked.
      if (![...images.verdicts()].some(isDue)) continue;
      for (const image of images) {
        if (image.state !== "admitted") continue;
        const { repository, digest, verdicts } = image;
        const subject = { image, reader: readerOf(sources, image.source, repository) };
        const answers = new CheckAnswers();
        for (const check of dueChecks(immediate, verdicts, clock.now())) {
          answers.put(check, await ask(check, subject, clock, this.#ending.signal));
        }
        const due = { repository, digest, at: clock.now(), failures: 0 };
        if (answers.reject) rejected.push({ due, images: new Map([[type, image]]), answers });
      }
    }
    if (rejected.length > 0)
      await catalogue.record("system", (state) => rejected.flatMap((one) => this.#changes(state, one)));
  }

  /** Judges what falls due, until it is closed. @throws StoreError when it cannot be written down: what was due still is */
  async run(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      this.#wake = new AbortController();
      await this.#round();
      const pause = Math.min(LONGEST_PAUSE_MS, (this.#queue.next ?? Infinity) - clock.now());
      if (pause > 0) await clock.sleep(pause, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
    }
  }

  /**
   * Takes over what falls due by itself, until the signal aborts: another replica did so before, and does so afterwards.
   * @throws StoreError when it cannot be written down
   */
  async lead(signal: AbortSignal): Promise<void> {
    const { catalogue } = this.#options;
    // What others found.
    const stop = catalogue.onEntries((entries) => {
      for (const { change } of entries) {
        if (change.kind === "image-found" || change.kind === "image-judged")
          this.watch({ ...change, repository: repositoryNamed(change.repository) });
      }
    });
    try {
      await this.adopt();
      this.#wake.abort();
      await whenAborted(AbortSignal.any([signal, this.#ending.signal]));
    } finally {
      stop();
      this.#queue.keepAsked();
    }
  }

  /** An image was written down: its verdicts may not hold for ever. */
  watch(image: Pick<CatalogueImage, "repository" | "digest" | "verdicts">, span?: Span): void {
    if (this.#schedule(image, span)) this.#wake.abort();
  }

  /**
   * Makes due what events say was signed or scanned. All that they say is where to look.
   * @param to the name of the only source that is meant
   */
  hint(
    hints: readonly Hint[],
    { actor, why, span }: { readonly actor: string; readonly why: string; readonly span?: Span },
    to?: string,
  ): void {
    const { catalogue, clock } = this.#options;
    const asked = { actor, why: `${why}: its checks answer` };
    for (const { action, repository: path, tag, digest } of hints) {
      if (action !== "signed" && action !== "scanned") continue;
      for (const repository of catalogue.repositoriesAt(path)) {
        for (const image of catalogue.imagesOf(repository.name).values()) {
          if (image.state === "withdrawn" || (to !== undefined && image.source !== to)) continue;
          const meant = digest === undefined ? tag === undefined || image.tags.includes(tag) : image.digest === digest;
          const due = { repository, digest: image.digest, at: clock.now(), failures: 0, asked, ...(span && { span }) };
          if (meant) this.#queue.put(due);
        }
      }
    }
    this.#wake.abort();
  }

  /**
   * Has all checks of a type's image answer again. The answers are written down, also where they are as before.
   * @returns how many repositories hold the image; `wait` resolves once it was judged in each of them
   */
  revalidate(
    type: string,
    digest: Digest,
    { actor, why }: { readonly actor: string; readonly why: string },
  ): { readonly images: number; wait(signal: AbortSignal): Promise<unknown> } {
    const { catalogue, clock } = this.#options;
    const images = catalogue.present(type, digest);
    const ask = (repository: Repository, answered: () => void): void => {
      const asked = { actor, why: `${why}: its checks answer`, always: true, answered: [answered] } as const;
      this.#queue.put({ repository, digest, at: clock.now(), failures: 0, asked });
    };
    const answers = images.map(({ repository }) => new Promise<void>((answered) => ask(repository, answered)));
    this.#wake.abort();
    return { images: images.length, wait: (signal) => this.#until(Promise.all(answers), signal) };
  }

  /** @throws the signal's reason when it aborts @throws ExecutorRegistryError code `not-ready` when nothing is judged here any more */
  async #until(done: Promise<unknown>, signal: AbortSignal): Promise<void> {
    const ended = this.#ending.signal;
    try {
      await untilAborted(done, AbortSignal.any([signal, ended]));
    } catch (error) {
      if (!ended.aborted) throw error;
      const why =
        "the service ends, or another configuration was taken over, before the checks have answered; ask again";
      throw new ExecutorRegistryError("not-ready", why, { cause: error });
    }
  }

  /** Resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#ending.abort(new Error("the service ends"));
    await this.#last;
  }

  /** Judges what is due by now. @throws StoreError when it cannot be written down: what was due is due a little later */
  #round(): Promise<void> {
    const round = this.#last.then(() => this.#judgeDue());
    this.#last = round.catch(() => {});
    return round;
  }

  async #judgeDue(): Promise<void> {
    const { clock } = this.#options;
    const due = this.#ending.signal.aborted ? [] : this.#queue.take(clock.now(), ROUND_SIZE);
    if (due.length === 0) return;
    for (const one of due) this.#busy.set(keyOf(one), one);
    let judged: Judged[] = [];
    let written = clock.now();
    const write = async (): Promise<void> => {
      const batch = judged;
      [judged, written] = [[], clock.now()];
      // There may be many: readers are answered in between.
      await setImmediate();
      await this.#write(batch);
      for (const one of batch) this.#busy.delete(keyOf(one.due));
    };
    try {
      await forEachLimited(due, AT_ONCE, async (one) => {
        const found = await this.#judge(one);
        if (found === undefined) {
          this.#busy.delete(keyOf(one));
          answered(one);
        } else judged.push(found);
        if (clock.now() - written >= WRITE_MS) await write();
      });
      await write();
    } catch (error) {
      const at = retryAt(0, this.#options);
      for (const one of due) if (this.#busy.has(keyOf(one))) this.#queue.put({ ...one, at });
      if (!this.#ending.signal.aborted) throw error;
    } finally {
      for (const one of due) this.#busy.delete(keyOf(one));
    }
  }

  async #judge(due: Due): Promise<Judged | undefined> {
    const { catalogue, policies, sources, clock } = this.#options;
    const images = catalogue.holding(due.repository.name, due.digest);
    const image = [...images.values()].reduce<CatalogueImage | undefined>(merged, undefined);
    if (image === undefined) return undefined;
    const now = clock.now();
    const wanted = [...images].flatMap(([type, { verdicts }]) => {
      const { checks } = policies.of(type);
      return due.asked ? checks : dueChecks(checks, verdicts, now);
    });
    const subject = { image, reader: readerOf(sources, image.source, due.repository) };
    const answers = new CheckAnswers();
    const span = this.#begin(due, image.source);
    for (const check of distinct(wanted)) {
      answers.put(check, await ask(check, subject, clock, this.#ending.signal));
    }
    span.set({ outcome: answers.outcome });
    span.end();
    return { due, images, answers, span, overtaken: new Set() };
  }

  #begin({ span, repository, digest }: Due, source: string): Span {
    const attributes = { source, repository: repository.name, digest };
    return span?.child("judge", attributes) ?? (this.#options.tracer ?? UNTRACED).begin("judge", { attributes });
  }

  async #write(judged: readonly Judged[]): Promise<void> {
    const { catalogue, clock } = this.#options;
    const actorOf = ({ due: { asked } }: Judged): string => asked?.actor ?? "system";
    for (const actor of new Set(judged.map(actorOf))) {
      const some = judged.filter((one) => actorOf(one) === actor);
      const causes = some.flatMap((one) => one.span ?? []);
      await catalogue.record(actor, (state) => some.flatMap((one) => this.#changes(state, one)), causes);
    }
    for (const { due, images, answers, overtaken } of judged) {
      let again = false;
      for (const [type, before] of images) {
        const image = catalogue.type(type)?.images.get(due.repository.name, due.digest);
        if (image === undefined || image.state === "withdrawn") continue;
        if (isOther(image, before) || overtaken?.has(type)) {
          again = true;
          this.#queue.put({ ...due, at: clock.now() });
        } else if (answers.pending) {
          const asked = due.asked && { actor: due.asked.actor, why: due.asked.why };
          const [at, failures] = [retryAt(due.failures, this.#options), due.failures + 1];
          const { repository, digest } = due;
          this.#queue.put({ repository, digest, at, failures, ...(asked && { asked }) });
        } else this.#schedule(image);
      }
      if (!again) answered(due);
    }
  }

  /** Decides by the state alone: much may have happened since the checks were asked. */
  #changes(state: CatalogueState, { due, images, answers, overtaken }: Judged): readonly Reasoned[] {
    const { policies, clock } = this.#options;
    const { digest, asked } = due;
    const { name: repository } = due.repository;
    return [...images].flatMap(([type, before]) => {
      const image = state.types.get(type)?.images.get(repository, digest);
      if (image === undefined || image.state === "withdrawn" || isOther(image, before)) return [];
      if (overtaken && !same(image.verdicts, before.verdicts)) {
        overtaken.add(type);
        return [];
      }
      const now = clock.now();
      const policy = policies.of(type);
      const verdicts = combined(policy, image.verdicts, answers, now);
      if (!asked?.always && JSON.stringify(verdicts) === JSON.stringify(image.verdicts)) return [];
      const why = asked?.why ?? DUE[whyDue(policy.checks, image.verdicts, now) ?? "expired"];
      const reason = `${why} ${sayTheSame(verdicts, image.verdicts) ? "as before" : "otherwise"}`;
      return [{ reason, change: { kind: "image-judged" as const, type, repository, digest, verdicts } }];
    });
  }

  /** Writes down that other policies than before are in force. */
  async #notePolicies(): Promise<void> {
    const { catalogue, policies } = this.#options;
    const { hash, summary } = policies;
    await catalogue.record("system", ({ policy }) =>
      (policy ?? OPEN_POLICIES.hash) === hash
        ? []
        : [{ reason: `what images must pass: ${summary.join("; ")}`, change: { kind: "policy-changed", hash } }],
    );
  }

  #schedule(
    { repository, digest, verdicts }: Pick<CatalogueImage, "repository" | "digest" | "verdicts">,
    span?: Span,
  ): boolean {
    if (this.#options.leading?.() === false) return false;
    const pending = verdicts.filter(({ state }) => state === "pending");
    const unasked = pending.some(({ reason }) => reason === NOT_YET);
    const again = unasked ? this.#options.clock.now() : retryAt(0, this.#options);
    const at = pending.length > 0 ? again : firstExpiry(verdicts);
    const first = unasked && { unjudged: true, ...(span && { span }) };
    if (at !== undefined) this.#queue.put({ repository, digest, at, failures: 0, ...first });
    return at !== undefined;
  }
}

/** Whether what it holds was read meanwhile, or other tags name it. */
const isOther = (image: CatalogueImage, before: CatalogueImage): boolean =>
  !same(image.details, before.details) || !same(image.tags, before.tags);
