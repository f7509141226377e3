import { setImmediate } from "node:timers/promises";
import {
  type Clock,
  type Digest,
  ExecutorRegistryError,
  isDigest,
  type Logger,
  parseReference,
  pinnedName,
  type Random,
  type Repository,
  repositoryOf,
} from "@executor-registry/resolver";
import { backoff, withTimeLimit } from "@executor-registry/resolver/internal";
import { type Reasoned, same } from "../catalogue/reconcile.ts";
import type { CatalogueImage, CatalogueState } from "../catalogue/state.ts";
import type { Choices } from "../choice/choices.ts";
import type { CapabilityFindings } from "../model/capability.ts";
import type { Hint } from "../model/hint.ts";
import { type ImageSource, readerOf } from "../sources/image-source.ts";
import { discover } from "./discover.ts";
import { RULES_FINGERPRINT } from "./rules.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** What discovering needs. */
export interface DiscoveringOptions {
  readonly choices: Choices;
  /** Read for what is attached to images, by name. */
  readonly sources: readonly ImageSource[];
  /** Whether images are looked at here by themselves; what an event names always is. @default always */
  readonly leading?: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** An image that types are answered with. */
interface Answered {
  readonly repository: Repository;
  readonly digest: Digest;
  readonly types: Set<string>;
  /** When it is looked at, in milliseconds since the Unix epoch; never again when infinite. */
  at: number;
  /** How often it could not be read, in a row. */
  failures: number;
  /** An event has named it. */
  asked: boolean;
  busy: boolean;
}

/** Images that are looked at at the same time. */
const AT_ONCE = 2;
/** Types that are taken in between two moments in which others get their turn. */
const NOTED_AT_ONCE = 100;
/** Of one image: dozens of requests, and SBOMs of 32 MB. */
const DISCOVERY_MS = 300_000;
/** SBOMs may come later than the image, from a scanner or another pipeline. */
const LOOK_AGAIN_MS = 86_400_000;
const FIRST_RETRY_MS = 10_000;
const LONGEST_RETRY_MS = 900_000;
const LONGEST_PAUSE_MS = 3_600_000;

/**
 * Finds out what the images can do that types are answered with now: each image once. It is looked at again where an event says that
 * something was attached to it, after a day while no SBOM was found, and by other rules.
 */
export class Discovering {
  readonly #options: DiscoveringOptions;
  readonly #ending = new AbortController();
  readonly #answered = new Map<string, Answered>();
  /** What each type is answered with, by its key in the map above. */
  readonly #byType = new Map<string, string>();
  #wake = new AbortController();
  #running: Promise<unknown> = Promise.resolve();

  constructor(options: DiscoveringOptions) {
    this.#options = options;
  }

  /** Looks at what is due, until it is closed. What cannot be found out is logged, and tried again. */
  async run(): Promise<void> {
    const { choices } = this.#options;
    const stop = choices.snapshot.onChange(({ type }) => this.#note(type));
    const running = this.#begin();
    this.#running = Promise.allSettled([running]);
    try {
      await running;
    } finally {
      stop();
    }
  }

  /**
   * Looks again at what events say was signed or scanned, and at what has no SBOM yet where anything without a tag was pushed beside it.
   * All that they say is where to look.
   * @param to the name of the only source that is meant
   */
  hint(hints: readonly Hint[], to?: string): void {
    const { choices, clock } = this.#options;
    for (const { action, repository: path, tag, digest } of hints) {
      // What comes without a tag may be an SBOM, or an image's part.
      const untagged = action === "pushed" && tag === undefined;
      if (action !== "signed" && action !== "scanned" && !untagged) continue;
      for (const one of this.#answered.values()) {
        if (one.repository.path !== path || (untagged && one.at === Infinity)) continue;
        const sourced = [...choices.catalogue.holding(one.repository.name, one.digest).values()];
        if (to !== undefined && !sourced.some(({ source }) => source === to)) continue;
        // What an event calls the image may be one of its platforms.
        if (digest === one.digest || !this.#isAnswered(path, digest)) [one.at, one.asked] = [clock.now(), true];
      }
    }
    this.#wake.abort();
  }

  /** Takes over what another replica looked at: what was read there is known here. */
  lead(): void {
    const { choices, clock } = this.#options;
    for (const one of this.#answered.values()) {
      const [image] = choices.catalogue.holding(one.repository.name, one.digest).values();
      if (!one.busy && !one.asked && image !== undefined) one.at = dueAt(image, clock.now());
    }
    this.#wake.abort();
  }

  /** Resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#ending.abort(new Error("the service ends"));
    await this.#running;
  }

  async #begin(): Promise<void> {
    for (const [index, type] of this.#options.choices.snapshot.index.sorted.entries()) {
      // There may be many: readers are answered in between.
      if (index % NOTED_AT_ONCE === 0) await setImmediate();
      this.#note(type);
    }
    await Promise.all(Array.from({ length: AT_ONCE }, () => this.#work()));
  }

  #isAnswered(path: string, digest: string | undefined): boolean {
    return [...this.#answered.values()].some((one) => one.repository.path === path && one.digest === digest);
  }

  /** What a type is answered with may have changed. */
  #note(type: string): void {
    const { choices, clock } = this.#options;
    const document = choices.snapshot.document(type);
    const { image, digest, live } = document ?? {};
    const named = image !== undefined && digest !== undefined && isDigest(digest) && live === undefined;
    const found = named
      ? choices.catalogue.type(type)?.images.get(repositoryOf(parseReference(image)).name, digest)
      : undefined;
    const key = found && pinnedName(found.repository, found.digest);
    const before = this.#byType.get(type);
    if (before !== undefined && before !== key) this.#forget(type, before);
    if (found === undefined || key === undefined) return;
    const known = this.#answered.get(key);
    this.#byType.set(type, key);
    if (known === undefined) {
      const at = dueAt(found, clock.now());
      const { repository: place, digest: which } = found;
      this.#answered.set(key, {
        repository: place,
        digest: which,
        types: new Set([type]),
        at,
        failures: 0,
        asked: false,
        busy: false,
      });
    } else if (!known.types.has(type)) {
      known.types.add(type);
      known.at = Math.min(known.at, dueAt(found, clock.now()));
    } else return;
    this.#wake.abort();
  }

  #forget(type: string, key: string): void {
    this.#byType.delete(type);
    const one = this.#answered.get(key);
    one?.types.delete(type);
    if (one?.types.size === 0) this.#answered.delete(key);
  }

  async #work(): Promise<void> {
    const { clock } = this.#options;
    const { signal } = this.#ending;
    while (!signal.aborted) {
      const now = clock.now();
      const next = this.#next();
      if (next !== undefined && next.at <= now) {
        await this.#look(next);
        continue;
      }
      if (this.#wake.signal.aborted) this.#wake = new AbortController();
      const pause = Math.min(LONGEST_PAUSE_MS, (next?.at ?? Infinity) - now);
      await clock.sleep(pause, AbortSignal.any([signal, this.#wake.signal])).catch(() => {});
    }
  }

  #next(): Answered | undefined {
    const leading = this.#options.leading?.() ?? true;
    let next: Answered | undefined;
    for (const one of this.#answered.values()) {
      if (!one.busy && (leading || one.asked) && one.at < (next?.at ?? Infinity)) next = one;
    }
    return next;
  }

  async #look(one: Answered): Promise<void> {
    const { clock, random, log } = this.#options;
    one.busy = true;
    // An event that comes meanwhile sets it again.
    one.at = Infinity;
    const retryAt = (): number => clock.now() + backoff(one.failures, random, LONGEST_RETRY_MS, FIRST_RETRY_MS);
    try {
      const found = await this.#discover(one);
      if (found === undefined) return;
      await this.#write(one, found);
      const whole = found.rules !== undefined;
      one.failures = whole ? 0 : one.failures + 1;
      if (whole) one.asked = false;
      const later = found.sboms === 0 ? clock.now() + LOOK_AGAIN_MS : Infinity;
      one.at = Math.min(one.at, whole ? later : retryAt());
    } catch (error) {
      if (this.#ending.signal.aborted) return;
      one.failures += 1;
      one.at = Math.min(one.at, retryAt());
      const image = pinnedName(one.repository, one.digest);
      const { repository, digest } = one;
      log.error(
        { repository: repository.name, digest, ...problemFields(error) },
        `what ${image} can do could not be found out; trying again`,
      );
    } finally {
      one.busy = false;
    }
  }

  /** `undefined` where it is gone. */
  async #discover({ repository, digest }: Answered): Promise<CapabilityFindings | undefined> {
    const { choices, sources, clock } = this.#options;
    const [image] = choices.catalogue.holding(repository.name, digest).values();
    if (image === undefined) return undefined;
    const late = (): Error =>
      new ExecutorRegistryError("timeout", `it could not be read within ${DISCOVERY_MS / 1000} s`, { retryable: true });
    const reader = readerOf(sources, image.source, repository);
    return withTimeLimit({ clock, ms: DISCOVERY_MS, signal: this.#ending.signal, late }, (signal) =>
      discover({ repository, digest }, reader, signal),
    );
  }

  async #write({ repository, digest }: Answered, found: CapabilityFindings): Promise<void> {
    const { catalogue } = this.#options.choices;
    const types = [...catalogue.holding(repository.name, digest).keys()];
    await catalogue.record("system", (state) =>
      types.flatMap((type) => changes(state, { type, repository: repository.name, digest, found })),
    );
  }
}

/** When an image has to be looked at, by what is known of it. */
function dueAt({ capabilities }: CatalogueImage, now: number): number {
  if (capabilities === undefined || capabilities.rules !== RULES_FINGERPRINT) return now;
  return capabilities.sboms > 0 ? Infinity : Date.parse(capabilities.at) + LOOK_AGAIN_MS;
}

interface Found {
  readonly type: string;
  readonly repository: string;
  readonly digest: Digest;
  readonly found: CapabilityFindings;
}

function changes(state: CatalogueState, { type, repository, digest, found }: Found): readonly Reasoned[] {
  const image = state.types.get(type)?.images.get(repository, digest);
  if (image === undefined || image.state === "withdrawn") return [];
  const { at: _, ...before } = image.capabilities ?? { at: "" };
  // What was found before stands until all could be read.
  if (same(before, found) || (found.rules === undefined && image.capabilities !== undefined)) return [];
  const { capabilities, sboms } = found;
  const what = sboms === 0 ? "no SBOM" : sboms === 1 ? "1 SBOM" : `${sboms} SBOMs`;
  const names = capabilities.map(({ name, version }) => (version === undefined ? name : `${name} ${version}`));
  const reason = `${what} read; it has ${names.length === 0 ? "no capability that is known" : names.join(", ")}`;
  return [{ reason, change: { kind: "capabilities-found", type, repository, digest, ...found } }];
}
