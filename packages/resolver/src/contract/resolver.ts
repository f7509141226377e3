import type { Environment, Resolution, SourceName } from "./resolution.ts";
import type { ExecutorRegistryError } from "../tools/errors.ts";
import type { ResolutionChange } from "./watch.ts";

/** How long a caller waits. */
export interface WaitOptions {
  readonly signal?: AbortSignal;
}

/** What a resolution is made for. */
export interface ResolveOptions extends WaitOptions {
  /** A run id or tenant, so that one subject always sees one version. Rollouts use it; without one it changes nothing. */
  readonly subject?: string;
}

/** What an image has to be able to do, in place of a type. */
export interface NeedsOptions extends ResolveOptions {
  /** Capabilities, each alone or with a comparison of its version: `["pytorch", "cuda>=12"]`. */
  readonly needs: readonly string[];
}

/**
 * - `starting`: no complete state yet
 * - `ready`: current
 * - `stale`: was ready, has lost contact, keeps its last state and keeps trying
 * - `unavailable`: never was ready; `problem` says why; keeps trying
 */
export interface SourceStatus {
  readonly state: "starting" | "ready" | "stale" | "unavailable";
  /** When this state began, milliseconds since the Unix epoch. */
  readonly since: number;
  readonly problem?: ExecutorRegistryError;
  /** The refusal, where RBAC forbids a part of it, and the rest is read. */
  readonly forbidden?: ExecutorRegistryError;
}

/** The state of one source. */
export interface SourceReport {
  readonly name: SourceName;
  readonly status: SourceStatus;
  /** What it left out and a person should know. */
  readonly notes: readonly string[];
}

/** Answers which image an executor type means right now. */
export interface Resolver {
  readonly environment: Environment;
  /**
   * The image of a type. The first call waits until every source has answered or failed, and up to ten seconds more for one
   * that might name another image; later ones are a look-up in memory, and get the same object until something changes. In production the service is asked, and once it has answered,
   * its last answer counts as `stale` while it is away; `staleSince` is when it last confirmed it.
   * @throws InvalidTypeError
   * @throws UnknownTypeError
   * @throws RegistryServiceError in production, when the service has never answered for this type
   * @throws TooStaleError in production, when the last answer is older than `registry.maxStale`
   * @throws ForbiddenError when no source knows it, and one that might is forbidden
   * @throws SourceUnreadError when a source that might know it, or know better, was never read; it is tried on
   * @throws NoClusterError
   * @throws KubeconfigError
   * @throws ClosedError
   */
  resolve(type: string, options?: ResolveOptions): Promise<Resolution>;
  /**
   * The image of the type that can do all that is needed: of several types the one that can do least besides, then the first by name.
   * A capability whose version is not known meets no comparison. In production every type is looked at as in {@link list}, so that it goes on
   * answering while the service is away; in development only what is declared is known.
   * @throws NoMatchError where no type can, as far as is known: it says of each what is missing
   * @throws ExecutorRegistryError code `invalid-request` for what is no need
   * @throws as {@link list}
   */
  resolve(needed: NeedsOptions): Promise<Resolution>;
  /**
   * Every known type's resolution, sorted by type.
   * @throws as {@link resolve}, when one of them, or whether there is any, is not known
   */
  list(options?: WaitOptions): Promise<readonly Resolution[]>;
  /**
   * What is, then every change of it, of one type or of all, until the signal aborts or the resolver closes.
   * Of one type the first change may be that it has no image. A slow reader misses what came and went in between, never the latest.
   * In production it waits for a service that is away.
   * @throws InvalidTypeError at once; while iterating NoClusterError and KubeconfigError, and before the first change
   * SourceUnreadError as {@link resolve} and {@link list} do
   */
  watch(type?: string, options?: WaitOptions): AsyncIterable<ResolutionChange>;
  /** The state of each source, most exact first. */
  sources(options?: WaitOptions): Promise<readonly SourceReport[]>;
  /** Ends all watching. Calls afterwards reject with a ClosedError. */
  close(): Promise<void>;
}
