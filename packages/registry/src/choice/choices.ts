import { hash } from "node:crypto";
import {
  type Clock,
  isDigest,
  pinnedName,
  type Repository,
  tryParseReference,
  VERSION,
} from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueState, CatalogueType, KeptAnswer } from "../catalogue/state.ts";
import { Answers, CATALOGUE, type Order } from "./answers.ts";
import { executorDocument } from "./document.ts";
import { basisOf, type Grounds, type RulesOf, type RulesUnder } from "./rules.ts";
import type { Snapshot } from "./snapshot.ts";
import { Recent } from "../model/recent.ts";
import type { Span } from "../tracing/tracer.ts";
import { TypeView } from "./type-view.ts";

/** Each takes about 600 bytes, where the catalogue does not hold it too. */
const MAX_VIEWED_IMAGES = 10_000;

/** Counts the changes of what is answered in the same state: answers that were kept before are chosen again. */
const ANSWER_FORMAT = 4;
/** The condition of a type whose pinned version may not be one. */
const PIN_INVALID = "PinInvalid";
/** Milliseconds. */
const MAX_SLEEP_MS = 60_000;

/** What is current of each type of a catalogue: chosen and rendered once after each change. */
export class Choices {
  /** What readers are given, together with what is watched instead of kept in the catalogue. */
  readonly answers: Answers;
  readonly catalogue: Catalogue;
  readonly #conditions = new Map<string, readonly string[]>();
  readonly #listeners: ((type: string) => void)[] = [];
  /** When time alone changes a type's choice, milliseconds since the Unix epoch. */
  readonly #changesAt = new Map<string, number>();
  readonly #views = new Map<string, TypeView>();
  readonly #clock: Clock;
  #rulesUnder: RulesUnder;
  #set: CatalogueState["versionPolicies"];
  #rulesOf: RulesOf;
  /** The types whose views are kept, by how many images each may hold. */
  readonly #recent = new Recent<string>(MAX_VIEWED_IMAGES, (type) => this.#views.delete(type));

  /**
   * @param order which source's answer comes first, where a type has several
   * @param rulesUnder the configuration's rules, under the version policies that an operator has set
   */
  constructor(catalogue: Catalogue, order: Order, rulesUnder: RulesUnder, clock: Clock) {
    this.answers = new Answers(order);
    this.catalogue = catalogue;
    this.#clock = clock;
    this.#rulesUnder = rulesUnder;
    this.#set = catalogue.state.versionPolicies;
    this.#rulesOf = rulesUnder(this.#set);
    for (const type of catalogue.types()) this.#render(type);
    catalogue.onTypes((types, span) => {
      if (catalogue.state.versionPolicies !== this.#set) this.renew(this.#rulesUnder);
      for (const name of types) {
        const type = catalogue.type(name);
        if (type === undefined) this.#forget(name);
        else this.#chooseBecause(type, span);
      }
    });
  }

  /** Chooses again, by another configuration or other policies that an operator has set, for the types that this changes. */
  renew(rulesUnder: RulesUnder): void {
    const before = this.#rulesOf;
    this.#rulesUnder = rulesUnder;
    this.#set = this.catalogue.state.versionPolicies;
    this.#rulesOf = rulesUnder(this.#set);
    for (const type of this.catalogue.types()) {
      if (basisOf(this.#rulesOf(type.type)) !== basisOf(before(type.type))) this.#choose(type);
    }
  }

  /** The configuration's rules under other version policies than those in force. */
  rulesUnder(set: CatalogueState["versionPolicies"]): RulesOf {
    return this.#rulesUnder(set);
  }

  /** What is chosen by, of a type. */
  groundsOf(type: string): Grounds {
    const { catalogue } = this;
    return {
      readsOf: (repository) => catalogue.readsOf(repository),
      rules: this.#rulesOf(type),
      now: this.#clock.now(),
    };
  }

  /** Chooses again whenever time alone changes a choice, until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    for (;;) {
      const now = this.#clock.now();
      for (const [name, at] of this.#changesAt) {
        if (at > now) continue;
        this.#changesAt.delete(name);
        const type = this.catalogue.type(name);
        if (type !== undefined) this.#choose(type);
      }
      const next = Math.min(now + MAX_SLEEP_MS, ...this.#changesAt.values());
      await this.#clock.sleep(Math.max(0, next - now), signal);
    }
  }

  /** Calls back with each type for which a version was chosen again. */
  onChosen(listener: (type: string) => void): void {
    this.#listeners.push(listener);
  }

  /** What is unusual about the choices, by type. */
  get conditions(): ReadonlyMap<string, readonly string[]> {
    return this.#conditions;
  }

  get snapshot(): Snapshot {
    return this.answers.snapshot;
  }

  /** What is asked of a type, in the order in which it is asked for. */
  view(name: string): TypeView | undefined {
    const type = this.catalogue.type(name);
    let view = this.#views.get(name);
    if (type === undefined) return undefined;
    if (view === undefined) this.#views.set(name, (view = new TypeView(type, this.groundsOf(name))));
    this.#recent.use(name, type.images.size);
    return view;
  }

  /** The tags of a repository's images that types are answered with now: of each image the most telling. */
  servedTags(repository: Repository): ReadonlySet<string> {
    const served = this.catalogue.typesIn(repository.name).flatMap((type) => {
      const { digest, image, version } = this.snapshot.document(type) ?? {};
      if (digest === undefined || version === undefined || !isDigest(digest)) return [];
      return image === pinnedName(repository, digest) ? [version] : [];
    });
    return new Set(served);
  }

  /** A store that was read again had lost it. */
  #forget(name: string): void {
    this.#views.delete(name);
    this.#changesAt.delete(name);
    this.#conditions.delete(name);
    this.answers.set(CATALOGUE, name, undefined);
  }

  /** The same as a part of the trace of what changed it. */
  #chooseBecause(type: CatalogueType, cause: Span | undefined): void {
    const before = cause && this.snapshot.executor(type.type)?.etag;
    const span = cause?.child("answer", { type: type.type });
    this.#choose(type);
    if (span === undefined) return;
    const { image, digest, version } = this.snapshot.document(type.type) ?? {};
    const outcome = this.snapshot.executor(type.type)?.etag === before ? "unchanged" : "changed";
    span.set({ image, digest, version, outcome });
    span.end();
  }

  #choose(type: CatalogueType): void {
    this.#views.delete(type.type);
    this.#render(type);
  }

  #render(type: CatalogueType): void {
    const basis = this.#basisOf(type);
    let { answer } = type;
    if (answer?.basis !== basis) {
      const { current, evaluation, condition, pinned } = this.view(type.type)?.choice ?? {};
      const conditions = [
        ...(condition ? [condition.code] : []),
        ...(pinned?.problem === undefined ? [] : [PIN_INVALID]),
      ];
      const document = current && executorDocument(type.type, current, this.#rulesOf(type.type).profile);
      // What an older version took in: no client takes a name that long.
      answer = {
        basis,
        ...(document && tryParseReference(document.image) && { document }),
        ...(conditions.length > 0 && { conditions }),
      };
      if (evaluation?.changesAt === undefined) this.#keep(type, answer);
      else this.#changesAt.set(type.type, evaluation.changesAt);
    }
    this.answers.set(CATALOGUE, type.type, answer.document);
    if (answer.conditions) this.#conditions.set(type.type, answer.conditions);
    else this.#conditions.delete(type.type);
    for (const listener of this.#listeners) listener(type.type);
  }

  /** What time alone does not change. */
  #keep(type: CatalogueType, answer: KeptAnswer): void {
    this.#changesAt.delete(type.type);
    this.catalogue.keepAnswer(type, answer);
  }

  /** All that a choice depends on, besides the type. */
  #basisOf({ type, claims, from }: CatalogueType): string {
    const reads = [...claims, ...(from ? [from] : [])].map(({ repository }) => {
      const { firstComplete, unread, unreadTotal } = this.catalogue.readsOf(repository) ?? {};
      return [firstComplete, unread, unreadTotal];
    });
    const rules = basisOf(this.#rulesOf(type));
    return hash("sha256", JSON.stringify([VERSION, ANSWER_FORMAT, rules, reads]), "base64url");
  }
}
