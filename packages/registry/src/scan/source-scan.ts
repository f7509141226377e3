import { type Clock, type ExecutorRegistryError, type Repository, taggedName } from "@executor-registry/resolver";
import { steady } from "../net/steady.ts";
import type { ImageSource, RepositoryListing, ScanProgress } from "../sources/image-source.ts";
import { Disappearances, type Emptied, type EmptyListing } from "./disappearances.ts";
import type { Choices } from "../choice/choices.ts";
import { ingest, type IngestOptions, type Reason } from "./ingest.ts";
import { knownOf, turnsBetween } from "./known.ts";

/** What to look at, and for whom. */
export interface ScanOrder extends Reason {
  /** Repositories; all when absent. */
  readonly only?: readonly Repository[];
  /** By the repository's name: tags that are looked up although they should not move; `"all"` for all of them. */
  readonly recheck?: ReadonlyMap<string, readonly string[] | "all"> | "all";
}

/** How one scan of one source went. */
export interface ScanReport {
  readonly source: string;
  /** Repositories that were read. */
  readonly repositories: number;
  /** Entries written to the journal. */
  readonly changes: number;
  /** Tags that could not be read. */
  readonly unread: number;
  readonly requests: number;
  /** Nothing failed; a scan of everything also saw every repository. */
  readonly complete: boolean;
  /** What is incomplete may be complete a little later. */
  readonly passing: boolean;
  readonly problem?: ExecutorRegistryError;
  /** What could not be read, a sentence each; the first of them. */
  readonly incomplete: readonly string[];
  readonly progress: ScanProgress;
}

/** What scans of one source need. */
export interface SourceScanOptions extends IngestOptions {
  readonly choices: Choices;
  readonly clock: Clock;
  /** Milliseconds between two looks that have to agree that everything is gone. */
  readonly apart: number;
}

const MAX_SENTENCES = 20;
/** Looks at what another replica wrote about meanwhile; the next poll comes anyway. */
const MAX_AGAIN = 3;
const PASSING: ReadonlySet<string> = new Set(["throttled", "unreachable", "timeout"]);
export const NO_PROGRESS: ScanProgress = { repositories: 0, repositoriesRead: 0, tags: 0, tagsRead: 0 };

/** Runs scans of one source, and takes in what they see. */
export class SourceScan {
  readonly #source: ImageSource;
  readonly #options: SourceScanOptions;
  readonly #now: () => number;
  /** Counts readings. Of two readings of a repository the one that began later is believed. */
  #clock = 0;
  readonly #believed = new Map<string, number>();
  readonly #disappearances: Disappearances;
  /** When tags had their turn last. */
  #turned: number;

  constructor(source: ImageSource, options: SourceScanOptions) {
    this.#source = source;
    this.#options = options;
    this.#now = steady(options.clock);
    this.#turned = this.#now();
    this.#disappearances = new Disappearances(options.apart);
  }

  async run(order: ScanOrder, signal: AbortSignal, progressed: (progress: ScanProgress) => void): Promise<ScanReport> {
    const { only, recheck, ...reason } = order;
    const source = this.#source;
    const { catalogue, choices, log } = this.#options;
    const began = ++this.#clock;
    const requestsBefore = source.requests;
    const [turned, now] = [this.#turned, this.#now()];
    if (only === undefined) this.#turned = now;
    const tickets = new Map<string, { readonly ticket: number; readonly since: number }>();
    const start = { ticket: began, since: catalogue.head.sequence };
    const held = catalogue.repositoriesOf(source.name);
    const unread = new Map<string, number>();
    const sentences = new Map<string, readonly string[]>();
    const read = new Set<string>();
    const unreadable = new Set<string>();
    const emptied = new Map<string, Emptied>();
    const overtaken = new Map<string, Repository>();
    let [changes, passing] = [0, false];
    let problem: ExecutorRegistryError | undefined;
    let progress = NO_PROGRESS;

    const advance = (more: Partial<ScanProgress>): void => {
      const { repositories, repositoriesRead, tags, tagsRead } = progress;
      progress = {
        repositories: repositories + (more.repositories ?? 0),
        repositoriesRead: repositoriesRead + (more.repositoriesRead ?? 0),
        tags: tags + (more.tags ?? 0),
        tagsRead: tagsRead + (more.tagsRead ?? 0),
      };
      progressed(progress);
    };
    const failed = (about: string, found: ExecutorRegistryError, sentence: string): void => {
      problem ??= found;
      passing ||= PASSING.has(found.code);
      sentences.set(about, [...(sentences.get(about) ?? []), sentence]);
    };
    const take = async (listing: EmptyListing): Promise<void> => {
      const { name } = listing.repository;
      const { ticket, since } = tickets.get(name) ?? start;
      const newest = (): boolean => {
        // Another replica may have looked later, and nobody can say who did.
        if (catalogue.othersLookAt(name) > since) {
          overtaken.set(name, listing.repository);
          return false;
        }
        if (ticket < (this.#believed.get(name) ?? 0)) return false;
        this.#believed.set(name, ticket);
        return true;
      };
      const look = {
        ...reason,
        since,
        newest,
        // An event, or somebody who asked, is a reason of its own to believe it.
        confirmed: (image: string) => only !== undefined || this.#disappearances.confirmed(image, now),
        present: (image: string) => this.#disappearances.present(image),
      };
      const ingested = await ingest(source, listing, look, this.#options, signal, () => advance({}));
      changes += ingested.changes;
      unread.set(name, ingested.unread.length);
      sentences.delete(name);
      for (const { tag, problem } of ingested.unread) {
        failed(name, problem, `${taggedName(listing.repository, tag)}: ${problem.message}`);
      }
      if (listing.state === "listed" && listing.problem) failed(name, listing.problem, listing.problem.message);
    };
    const found = async (listing: RepositoryListing): Promise<void> => {
      const { name } = listing.repository;
      const first = !read.has(name);
      read.add(name);
      if (listing.state === "failed") {
        unreadable.add(name);
        failed(name, listing.problem, listing.problem.message);
        log.warn(
          { source: source.name, repository: name, code: listing.problem.code, ...reason.span?.ids },
          `could not read ${name}: ${listing.problem.message}`,
        );
      } else if (held.has(name) && isEmpty(listing)) {
        const images = [...catalogue.imagesOf(name).values()].filter(({ state }) => state !== "withdrawn").length;
        emptied.set(name, { listing, images });
      } else {
        emptied.delete(name);
        // It holds images, or none are known: another replica may have withdrawn them.
        this.#disappearances.seen(name);
        await take(listing);
      }
      advance(first ? { repositoriesRead: 1 } : {});
    };
    const look = (repositories: readonly Repository[] | undefined) =>
      source.scan(
        {
          ...(repositories === undefined ? {} : { only: repositories }),
          ...(recheck === undefined ? {} : { recheck }),
          known: (repository) => {
            tickets.set(repository.name, { ticket: ++this.#clock, since: catalogue.head.sequence });
            const turn = only === undefined ? turnsBetween(repository, turned, now) : undefined;
            return knownOf(choices, repository, turn);
          },
          progress: advance,
          signal,
        },
        found,
      );

    const outcome = await look(only);
    if (outcome.problem) failed(source.name, outcome.problem, outcome.problem.message);
    if (only === undefined) {
      // That a list leaves a repository out proves nothing: it is asked by itself. So it is while there is no list.
      const missing = [...held.values()].filter(
        (repository) => !read.has(repository.name) && source.rank(repository) !== undefined,
      );
      if (missing.length > 0) {
        const { problem: another } = await look(missing);
        if (another) failed(source.name, another, another.message);
        for (const repository of missing) {
          if (!read.has(repository.name) && outcome.complete) await found({ state: "gone", repository });
        }
      }
    }
    const total = only === undefined ? held.size : undefined;
    for (const listing of this.#disappearances.believed([...emptied.values()], total, now)) await take(listing);
    for (let again = 0; overtaken.size > 0 && again < MAX_AGAIN; again += 1) {
      const repositories = [...overtaken.values()];
      overtaken.clear();
      await look(repositories);
    }
    const doubt = this.#disappearances.problem();
    if (doubt) failed(source.name, doubt, doubt.message);
    return {
      source: source.name,
      repositories: read.size - unreadable.size,
      changes,
      unread: [...unread.values()].reduce((sum, count) => sum + count, 0),
      requests: source.requests - requestsBefore,
      complete: problem === undefined && (only !== undefined || outcome.complete),
      passing: passing || outcome.problem !== undefined || (problem !== undefined && read.size === unreadable.size),
      ...(problem === undefined ? {} : { problem }),
      incomplete: [...sentences.values()].flat().slice(0, MAX_SENTENCES),
      progress,
    };
  }
}

const isEmpty = (listing: EmptyListing): boolean =>
  listing.state === "gone" || (listing.images.length === 0 && listing.unread.length === 0);
