import { type Digest, ExecutorRegistryError, type Repository } from "@executor-registry/resolver";
import type { ImageDetails } from "../model/image.ts";
import type { RepositoryReader } from "../oci/read/repository-reader.ts";
import { RegistryError } from "../oci/wire/errors.ts";

/** An image as a listing shows it. */
export interface ListedImage {
  readonly digest: Digest;
  /** Sorted, not empty. Tags that hold signatures and other artifacts are left out. */
  readonly tags: readonly string[];
  /** When the registry received it, where the listing says so. ISO 8601 in UTC. */
  readonly pushed?: string;
  /** Where the listing came with them. */
  readonly details?: ImageDetails;
}

/** A tag whose image could not be read, and why; without a problem it was not its turn yet. */
export interface UnreadTag {
  readonly tag: string;
  /** What it names, where that itself can never be read. */
  readonly digest?: Digest;
  readonly problem?: ExecutorRegistryError;
}

/** One of our errors, to be reported; any other is a mistake in this program and is thrown on. */
export function problemOf(error: unknown): ExecutorRegistryError {
  if (error instanceof ExecutorRegistryError) return error;
  throw error;
}

/** What can never be read, by its own content, where the problem says so. */
export function lasting(problem: ExecutorRegistryError): { readonly digest?: Digest } {
  return problem instanceof RegistryError && problem.digest !== undefined ? { digest: problem.digest } : {};
}

/** What one repository held when it was looked at. */
export type RepositoryListing =
  /** Everything that is tagged in it, but for tags that could not be read: those keep what they had. */
  | {
      readonly state: "listed";
      readonly repository: Repository;
      readonly images: readonly ListedImage[];
      readonly unread: readonly UnreadTag[];
      /** Each tag that is not there any more was asked for by itself, and the registry said so. */
      readonly asked?: boolean;
      /** What is odd about the repository as a whole, where its images were read nevertheless. */
      readonly problem?: ExecutorRegistryError;
    }
  /** The registry says that it does not exist (any more). */
  | { readonly state: "gone"; readonly repository: Repository }
  /** Could not be read completely: nothing may be concluded from it. */
  | { readonly state: "failed"; readonly repository: Repository; readonly problem: ExecutorRegistryError };

/** What is known of a repository from earlier scans. */
export interface KnownRepository {
  /** The tags that images had, or that could never be read, when it was last looked at. */
  readonly tags: Iterable<string>;
  /** Whether it is this tag's turn to be looked up again, although it should not move. */
  isDue(tag: string): boolean;
  /** What a tag named when it was last looked up. */
  digestOf(tag: string): Digest | undefined;
  /** Why this was found to be unreadable for good; `undefined` for all else. */
  unreadable(digest: Digest): ExecutorRegistryError | undefined;
  /** Whether the details of this image are known: then they need not be fetched again. */
  hasDetails(digest: Digest): boolean;
}

/** How far a scan is. */
export interface ScanProgress {
  /** Repositories that are to be read, as far as known. */
  readonly repositories: number;
  readonly repositoriesRead: number;
  /** Tags that are to be looked up, in the repositories that were begun. */
  readonly tags: number;
  readonly tagsRead: number;
}

/** What to look at. */
export interface ScanRequest {
  /**
   * Only these repositories; those that are not this source's are passed over silently.
   * All of the source's when absent.
   */
  readonly only?: readonly Repository[];
  /**
   * Tags said to have moved: looked up even if they look immutable. Repository's name → tags; `"all"` for every tag, of every repository where
   * it stands for the map.
   */
  readonly recheck?: ReadonlyMap<string, readonly string[] | "all"> | "all";
  /** Called with what there is to read, and of what was read. */
  progress?(more: Partial<ScanProgress>): void;
  /** Called right before a repository is read: of two readings, the one that began later is believed. */
  known(repository: Repository): KnownRepository;
  readonly signal: AbortSignal;
}

/** How a scan went. */
export interface ScanOutcome {
  /**
   * The list of repositories itself is complete: one that was not reported, and not when it was asked for by itself, is gone.
   * Always `false` for a scan with `only`.
   */
  readonly complete: boolean;
  /** Why not, where something failed. */
  readonly problem?: ExecutorRegistryError;
}

/** The state of a source. */
export interface SourceHealth {
  readonly name: string;
  readonly kind: string;
  /** `starting` before it was looked at the first time; `failing` when the last look was not complete. */
  readonly state: "starting" | "ready" | "failing";
  /** When the last complete scan ended; of a cluster, when it was last known to be current. ISO 8601 in UTC. */
  readonly completed?: string;
  /** When the last scan ended, complete or not. */
  readonly attempted?: string;
  readonly problem?: { readonly code: string; readonly message: string };
  /** What could not be read, a sentence each; the first of them. */
  readonly incomplete?: readonly string[];
  /** How far the scan that is under way is. */
  readonly progress?: ScanProgress;
  /** Of the last scan; a cluster is watched instead. */
  readonly repositories?: number;
  readonly unread?: number;
  readonly requests?: number;
}

/** A place where images are found. It lists them and gives a reader of one repository; it never judges. One folder for each kind, with its settings. */
export interface ImageSource {
  /** As named in the configuration; in webhooks' paths, logs and metrics. */
  readonly name: string;
  readonly kind: string;
  /**
   * Where a repository stands in the configuration's order, the preferred first, from 0;
   * `undefined` when this source would not scan it. Touches memory only.
   */
  rank(repository: Repository): number | undefined;
  /**
   * The repositories of this source that an event may mean by a path within a registry, and by the
   * registry's host where it says it. Usually one or none.
   */
  named(path: string, registry?: string): readonly Repository[];
  /** Requests sent to the registry so far. */
  readonly requests: number;
  /** Those of them that it refused because there were too many. */
  readonly throttled: number;
  /** Milliseconds that the registry's clock is ahead of this machine's, by its last answer; absent where it does not say its time. */
  readonly clockOffset?: number | undefined;
  /**
   * Looks at repositories and hands each to `found` as soon as it is read, awaiting it before going on with that one.
   * One that takes long is handed over several times, with what was read so far.
   * Never rejects but for an aborted signal: what failed is in the listings and in the outcome.
   */
  scan(request: ScanRequest, found: (listing: RepositoryListing) => Promise<void>): Promise<ScanOutcome>;
  /**
   * Fetches what the listing did not bring. Asked once per digest, ever.
   * @throws RegistryError and other ExecutorRegistryErrors
   */
  details(repository: Repository, digest: Digest, signal: AbortSignal): Promise<ImageDetails>;
  /** Reads one of its repositories, for who judges what is in it. Touches nothing until it is asked. */
  reader(repository: Repository): RepositoryReader;
  close(): Promise<void>;
}

/** The reader of an image's repository, by the source that found it. */
export function readerOf(sources: readonly ImageSource[], name: string, repository: Repository): RepositoryReader {
  const source = sources.find((one) => one.name === name);
  if (source !== undefined) return source.reader(repository);
  const none = (): Promise<never> =>
    Promise.reject(
      new ExecutorRegistryError("not-found", `there is no source "${name}" to read ${repository.name} from`),
    );
  return { manifest: none, tagged: none, referrers: none, blob: none };
}
