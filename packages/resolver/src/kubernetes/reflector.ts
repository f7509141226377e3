import type { Clock, Random } from "../clock.ts";
import type { ExecutorRegistryError } from "../errors.ts";
import type { Logger } from "../logger.ts";
import type { ApiPath, KubernetesApi } from "./api.ts";

/** Receives the objects of one collection: first all, then every change. Called synchronously, never concurrently. */
export interface ReflectionHandler {
  /** A full list begins. Objects known before and not upserted until `synced` are gone. */
  begin(): void;
  /** An object as it is now. `listed` while a full list runs. */
  upsert(object: unknown, listed: boolean): void;
  /** An object that was deleted. */
  remove(object: unknown): void;
  /** The full list is complete. */
  synced(): void;
  /**
   * Contact: `undefined` when the watch (again) follows, an error when it broke and is being retried.
   * Comes after `synced` on success.
   */
  contact(problem: ExecutorRegistryError | undefined): void;
  /** Looks at a raw watch line before it is parsed; `true` means it changes nothing and is dropped. */
  skip?(line: Buffer): boolean;
}

export interface ReflectorOptions {
  readonly api: KubernetesApi;
  readonly path: ApiPath;
  readonly query?: Readonly<Record<string, string>>;
  readonly handler: ReflectionHandler;
  readonly signal: AbortSignal;
  readonly log: Logger;
  readonly clock: Clock;
  readonly random: Random;
  /** Objects in one page of the list. @default 500 */
  readonly pageSize?: number;
}

/**
 * Follows a collection until the signal aborts: paged list, then watch with bookmarks; resumes where a connection broke,
 * lists again after 410 Gone, and backs off with jitter (1 s to 30 s) while the server does not answer.
 * Never rejects.
 */
export declare function reflect(options: ReflectorOptions): Promise<void>;
