import type { ExecutorRegistryError } from "@executor-registry/resolver";
import type { ImageSource } from "../sources/image-source.ts";
import { knownOf } from "./known.ts";
import { ingest, type IngestOptions, type Reason } from "./ingest.ts";

/** What to look at, and for whom. */
export interface ScanOrder extends Reason {
  /** Repositories (`registry/path`); all when absent. */
  readonly only?: readonly string[];
  readonly recheck?: ReadonlyMap<string, readonly string[] | "all">;
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
  readonly problem?: ExecutorRegistryError;
}

/** Runs scans of one source, and takes in what they see. */
export class SourceScan {
  readonly #source: ImageSource;
  readonly #options: IngestOptions;
  /** Counts readings. Of two readings of a repository the one that began later is believed. */
  #clock = 0;
  readonly #believed = new Map<string, number>();

  constructor(source: ImageSource, options: IngestOptions) {
    this.#source = source;
    this.#options = options;
  }

  async run({ only, recheck, ...reason }: ScanOrder, signal: AbortSignal): Promise<ScanReport> {
    const source = this.#source;
    const began = ++this.#clock;
    const requestsBefore = source.requests;
    const tickets = new Map<string, { readonly ticket: number; readonly since: number }>();
    const start = { ticket: began, since: this.#options.catalogue.head.sequence };
    let changes = 0;
    const unread = new Map<string, number>();
    let problem: ExecutorRegistryError | undefined;
    const read = new Set<string>();

    const take = async (listing: Parameters<typeof ingest>[1]): Promise<void> => {
      const { repository } = listing;
      const { ticket, since } = tickets.get(repository) ?? start;
      const newest = (): boolean => {
        if (ticket < (this.#believed.get(repository) ?? 0)) return false;
        this.#believed.set(repository, ticket);
        return true;
      };
      const ingested = await ingest(source, listing, { ...reason, since, newest }, this.#options, signal);
      changes += ingested.changes;
      unread.set(repository, ingested.unread.length);
      problem ??= ingested.unread[0]?.problem;
    };

    const outcome = await source.scan(
      {
        ...(only === undefined ? {} : { only }),
        ...(recheck === undefined ? {} : { recheck }),
        known: (repository) => {
          tickets.set(repository, { ticket: ++this.#clock, since: this.#options.catalogue.head.sequence });
          return knownOf(this.#options.catalogue, repository);
        },
        signal,
      },
      async (listing) => {
        read.add(listing.repository);
        if (listing.state === "failed") {
          ({ problem } = listing);
          this.#options.log.warn(
            { source: source.name, repository: listing.repository, code: listing.problem.code },
            `could not read ${listing.repository}: ${listing.problem.message}`,
          );
        } else await take(listing);
      },
    );
    problem ??= outcome.problem;
    if (outcome.complete) {
      for (const repository of this.#options.catalogue.repositoriesOf(source.name)) {
        if (!read.has(repository)) await take({ state: "gone", repository });
      }
    }
    return {
      source: source.name,
      repositories: read.size,
      changes,
      unread: [...unread.values()].reduce((sum, count) => sum + count, 0),
      requests: source.requests - requestsBefore,
      complete: problem === undefined && (only !== undefined || outcome.complete),
      ...(problem === undefined ? {} : { problem }),
    };
  }
}
