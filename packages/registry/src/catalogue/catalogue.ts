import { type Clock, type Digest, type Logger, type Repository } from "@executor-registry/resolver";
import type { Entry, Head, JournalFilter } from "../journal/entry.ts";
import { type Journal, openJournal } from "../journal/journal.ts";
import type { Listing } from "../journal/listing.ts";
import type { SealState } from "../journal/seal.ts";
import type { Store } from "../journal/store.ts";
import { StoreError } from "../journal/store-errors.ts";
import { type Change, isChange } from "../model/change.ts";
import type { ScanReport } from "../model/scan-report.ts";
import type { Span } from "../tracing/tracer.ts";
import { reclaim, type Rank } from "./claims.ts";
import type { Reasoned } from "./reconcile.ts";
import type { CatalogueImage, CatalogueState, CatalogueType, KeptAnswer, RepositoryReads } from "./state.ts";
import { interned } from "./interned.ts";
import type { ImageHolder } from "./image-set.ts";
import { CATALOGUE_FOLD } from "./stored.ts";

/** Each takes about 600 bytes. */
const MAX_UNPACKED_IMAGES = 10_000;

/** What is written down of what was seen in a repository. */
const LOOKS: ReadonlySet<Change["kind"]> = new Set([
  "image-found",
  "image-tagged",
  "image-described",
  "image-untagged",
  "image-withdrawn",
  "tag-moved",
  "repository-read",
]);

/** Milliseconds without contact with a shared store from which on answers say how old they are. */
export const CURRENT_MS = 5000;

/** What a catalogue is opened with. */
export interface CatalogueOptions {
  readonly store: Store;
  /** Which of the repositories that claim a type comes first. */
  readonly rank: Rank;
  readonly clock: Clock;
  readonly log: Logger;
  /** A snapshot is saved when this many entries came since the last. @default 1000 */
  readonly snapshotEvery?: number;
}

/** The current state: read from memory, changed through the journal alone. */
export class Catalogue {
  readonly #journal: Journal<CatalogueState, Change>;
  readonly #store: Store;
  readonly #rank: Rank;
  readonly #clock: Clock;
  readonly #listeners: ((types: ReadonlySet<string>, span?: Span) => void)[] = [];
  #unread: readonly RepositoryReads[] | undefined;
  readonly #othersLooks = new Map<string, number>();

  private constructor(journal: Journal<CatalogueState, Change>, { store, rank, clock }: CatalogueOptions) {
    this.#journal = journal;
    this.#store = store;
    this.#rank = rank;
    this.#clock = clock;
  }

  /**
   * Loads what the store holds.
   * @throws StoreError
   * @throws BrokenJournalError
   */
  static async open(options: CatalogueOptions): Promise<Catalogue> {
    const { store, clock, log, snapshotEvery } = options;
    const every = snapshotEvery === undefined ? {} : { snapshotEvery };
    const journal = await openJournal({ store, fold: CATALOGUE_FOLD, clock, log, ...every });
    journal.state.recent.limit = MAX_UNPACKED_IMAGES;
    const catalogue = new Catalogue(journal, options);
    const changed = (types: ReadonlySet<string>, span?: Span): void => {
      catalogue.#unread = undefined;
      for (const listener of catalogue.#listeners) listener(types, span);
    };
    journal.onEntries((entries, ours, span) => {
      if (!ours) catalogue.#noteLooks(entries);
      changed(catalogue.#typesOf(entries.map(({ change }) => change)), span);
    });
    journal.onReset((before) => {
      journal.state.recent.limit = MAX_UNPACKED_IMAGES;
      changed(new Set([...before.types.keys(), ...journal.state.types.keys()]));
    });
    return catalogue;
  }

  /** Calls back, after each change, with the types whose answers it may change; one of them may be gone. `span` is that of the change. */
  onTypes(listener: (types: ReadonlySet<string>, span?: Span) => void): void {
    this.#listeners.push(listener);
  }

  get head(): Head {
    return this.#journal.head;
  }

  /** Which journal it is: the hash of its first entry, where there is one. */
  get origin(): string | undefined {
    return this.#journal.origin;
  }

  /** When this was last known to be all that the store holds, in milliseconds since the Unix epoch. */
  get confirmed(): number {
    return this.#journal.confirmed;
  }

  /** Takes in what other services wrote. @throws StoreError, BrokenJournalError */
  refresh(): Promise<void> {
    return this.#journal.refresh();
  }

  /**
   * Takes in all that other services have written by now, for a decision that must not miss it.
   * @throws StoreError at once, where the store has been away for long enough that answers say so
   */
  async catchUp(): Promise<void> {
    const { description, sharing } = this.#store;
    const ms = this.#clock.now() - this.confirmed;
    if (sharing !== undefined && ms >= CURRENT_MS) {
      const problem = `it could not be read for ${Math.floor(ms / 1000)} s; send the request again when it can be`;
      throw new StoreError(description, problem, { retryable: true });
    }
    await this.#journal.refresh();
  }

  /** Changed through the journal alone. */
  get state(): CatalogueState {
    return this.#journal.state;
  }

  type(name: string): CatalogueType | undefined {
    return this.#journal.state.types.get(name);
  }

  /** Keeps what a type is answered with, until an entry changes the type. */
  keepAnswer(type: CatalogueType, answer: KeptAnswer): void {
    type.answer = answer;
    this.#journal.touch(type.type);
  }

  /** Every type that has, or had, an image. */
  types(): Iterable<CatalogueType> {
    return this.#journal.state.types.values();
  }

  /** What is known of a repository's images, whichever types they are of, withdrawn ones included. */
  imagesOf(repository: string): ReadonlyMap<Digest, CatalogueImage> {
    const images = new Map<Digest, CatalogueImage>();
    for (const name of this.#journal.state.repositories.get(repository) ?? []) {
      for (const [digest, image] of this.type(name)?.images.of(repository) ?? []) {
        images.set(digest, merged(images.get(digest), image));
      }
    }
    return images;
  }

  /** An image that is still there, as each type knows it that it is of. */
  holding(repository: string, digest: Digest): ReadonlyMap<string, CatalogueImage> {
    const images = new Map<string, CatalogueImage>();
    for (const name of this.#journal.state.repositories.get(repository) ?? []) {
      const image = this.type(name)?.images.get(repository, digest);
      if (image !== undefined && image.state !== "withdrawn") images.set(name, image);
    }
    return images;
  }

  /** The images of a type with a digest that are still there, in each of its repositories. */
  present(type: string, digest: Digest): readonly CatalogueImage[] {
    const images = this.type(type)?.images;
    const held = images?.repositories().flatMap((repository) => images.get(repository, digest) ?? []) ?? [];
    return held.filter(({ state }) => state !== "withdrawn");
  }

  /** The repositories with a path, on any host, that have, or had, images. */
  repositoriesAt(path: string): readonly Repository[] {
    const repositories = [...this.#journal.state.repositories.keys()].map(interned.repository);
    return repositories.filter((repository) => repository.path === path);
  }

  /** The types that have, or had, images in a repository. */
  typesIn(repository: string): readonly string[] {
    return [...(this.#journal.state.repositories.get(repository) ?? [])];
  }

  /** What came of the looks at a repository; `undefined` before the first. */
  readsOf(repository: string): RepositoryReads | undefined {
    return this.#journal.state.reads.get(repository);
  }

  /** The last entry that another service wrote about what it saw in a repository, as far as it was taken in since this one was opened. */
  othersLookAt(repository: string): number {
    return this.#othersLooks.get(repository) ?? 0;
  }

  #noteLooks(entries: readonly Entry<Change>[]): void {
    for (const { sequence, change } of entries) {
      if (!LOOKS.has(change.kind) || !("repository" in change) || change.repository === undefined) continue;
      this.#othersLooks.set(change.repository, sequence);
    }
  }

  /** Every repository that was looked at, with what came of it. */
  reads(): Iterable<RepositoryReads> {
    return this.#journal.state.reads.values();
  }

  /** The repositories of which tags could not be read. */
  get unread(): readonly RepositoryReads[] {
    return (this.#unread ??= [...this.reads()].filter(({ unread }) => unread.length > 0));
  }

  /** Where there are images still, of every type. */
  *holders(): Generator<ImageHolder> {
    for (const { images } of this.types()) {
      for (const holder of images.holders) if (holder.state !== "withdrawn") yield holder;
    }
  }

  /** The repositories in which a source has found images that are still there, by name. */
  repositoriesOf(source: string): ReadonlyMap<string, Repository> {
    const held = [...this.holders()].filter((holder) => holder.source === source);
    return new Map(held.map(({ repository }) => [repository.name, repository]));
  }

  /**
   * Writes down what `decide` makes of the current state, and whose claims change by it, all or nothing. Durable once it resolves.
   * @param causes the work that found it, for traces
   * @throws StoreError when it could not be written; nothing has changed then
   */
  async record(
    actor: string,
    decide: (state: CatalogueState) => readonly Reasoned[],
    causes: readonly Span[] = [],
  ): Promise<readonly Entry<Change>[]> {
    const drafts = (state: CatalogueState) => {
      const decided = decide(state);
      const changes = decided.map(({ change }) => change);
      // In one entry with what they follow from: else a service that ended in between would leave them as they were.
      const claims = reclaim(state, this.#typesOf(changes), this.#rank, changes);
      return [
        ...decided.map((draft) => ({ actor, ...draft })),
        ...claims.map((draft) => ({ actor: "system", ...draft })),
      ];
    };
    return this.#journal.append(drafts, undefined, causes);
  }

  /** The types whose answers changes may change. */
  #typesOf(changes: readonly Change[]): ReadonlySet<string> {
    const { repositories } = this.#journal.state;
    return new Set(
      changes.flatMap((change) => {
        if (change.kind === "checkpoint" || change.kind === "policy-changed" || change.kind === "version-policies-set")
          return [];
        return change.type === undefined ? [...(repositories.get(change.repository) ?? [])] : [change.type];
      }),
    );
  }

  /** Puts the claims of types in the configuration's order. */
  reclaim(types: Iterable<string>): Promise<readonly Entry<Change>[]> {
    const names = [...types];
    return this.#journal.append((state) =>
      reclaim(state, names, this.#rank).map((draft) => ({ actor: "system", ...draft })),
    );
  }

  /** The audit log, newest first, as much as fits into a page. @throws StoreError, BrokenJournalError */
  list(filter: JournalFilter): Promise<Listing> {
    return this.#journal.list(filter);
  }

  /**
   * The newest reports that were posted about an image, and about those that it names.
   * @throws StoreError, BrokenJournalError
   */
  async postedReports(repository: string, digest: Digest): Promise<readonly ScanReport[]> {
    const records = [...this.holding(repository, digest).values()].flatMap(({ reports = [] }) => reports);
    const found: ScanReport[] = [];
    for (const sequence of new Set(records.map((one) => one.sequence))) {
      const { entries } = await this.#journal.list({ before: sequence + 1, limit: 1 });
      const change = entries[0]?.change;
      if (
        entries[0]?.sequence === sequence &&
        change !== undefined &&
        isChange(change) &&
        change.kind === "report-received"
      )
        found.push(change.report);
    }
    return found;
  }

  /** Calls back with what was written, here or by another service. @returns what stops it */
  onEntries(listener: (entries: readonly Entry<Change>[]) => void): () => void {
    return this.#journal.onEntries(listener);
  }

  /**
   * Calls back when a store had lost what it had acknowledged, and the state was made again from it, after the answers were.
   * @returns what stops it
   */
  onReset(listener: () => void): () => void {
    return this.#journal.onReset(listener);
  }

  /** Calls back when a version was pinned or denied, which may end by itself. @returns what stops it */
  onPinOrDenial(listener: () => void): () => void {
    return this.#journal.onEntries((entries) => {
      if (entries.some(({ change: { kind } }) => kind === "version-pinned" || kind === "version-denied")) listener();
    });
  }

  /** How far somebody has read the audit log, as its store keeps it. */
  get cursors(): Pick<Store, "cursor" | "saveCursor"> {
    return this.#store;
  }

  /** What is known of the audit log's state. */
  get seal(): SealState {
    return this.#journal.seal;
  }

  /** How the store answers when it is read, and when it is written to. */
  get contact(): Journal<CatalogueState, Change>["contact"] {
    return this.#journal.contact;
  }

  /** Finds out when a store that could not be written can be; goes on until the signal aborts. */
  watchStore(signal: AbortSignal): Promise<void> {
    return this.#journal.watchStore(signal);
  }

  /** Reads the whole audit log, leaving readers most of the time. @throws StoreError, BrokenJournalError */
  verify(signal: AbortSignal): Promise<Head> {
    return this.#journal.verify({ gently: true, signal });
  }

  /** Writes a snapshot, so that the next start is quick, and closes the store. */
  async close(): Promise<void> {
    try {
      await this.#journal.close();
    } finally {
      await this.#store.close();
    }
  }
}

/** One image may be of several types, by other tags each. */
export function merged(a: CatalogueImage | undefined, b: CatalogueImage): CatalogueImage {
  if (a === undefined || a.state === "withdrawn") return b;
  if (b.state === "withdrawn") return a;
  const details = a.details ?? b.details;
  return { ...a, tags: [...new Set([...a.tags, ...b.tags])].sort(), ...(details === undefined ? {} : { details }) };
}
