import type { Clock, Random } from "../../tools/clock.ts";
import { ExecutorRegistryError } from "../../tools/errors.ts";
import type { Logger } from "../../tools/logger.ts";
import type { ApiPath, KubernetesApi } from "./api.ts";
import { type Backoff, createBackoff } from "../../tools/backoff.ts";
import { KubernetesError } from "./errors.ts";
import { statusError } from "./failures.ts";
import { isModified, metadataOf, parseWatchEvent, rawResourceVersion, resourceVersionOf } from "./watch-event.ts";

/** Receives the objects of one collection: first all, then every change. Called synchronously, never concurrently. */
export interface ReflectionHandler {
  /**
   * A full list begins. Objects known before and not upserted until `synced` are gone.
   * Comes again, without `synced` in between, when the list broke off.
   */
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
  /**
   * Looks at the raw line of a MODIFIED event before it is parsed; `true` means it changes nothing and is dropped.
   * For built-in kinds only.
   */
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

/** Bookmarks come each minute; a connection silent for longer may be dead without anybody having said so. */
const IDLE_MS = 75_000;
/** A watch that ends sooner, without an event, is not worth much: the next one waits. */
const WORTHWHILE = 1000;

/**
 * Follows a collection until the signal aborts: paged list, then watch with bookmarks; resumes where a connection broke,
 * lists again after 410 Gone, and backs off with jitter (1 s to 30 s) while the server does not answer.
 * Never rejects.
 * @see https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes
 */
export async function reflect(options: ReflectorOptions): Promise<void> {
  await new Reflector(options).run();
}

class Reflector {
  readonly #options: ReflectorOptions;
  readonly #backoff: Backoff;
  /** Where the watch goes on, or `undefined` when a list is needed. */
  #position: string | undefined;
  #listedBefore = false;
  /** A list is complete, and its watch not yet accepted. */
  #listed = false;
  #problem: ExecutorRegistryError | undefined;
  #lostAt = 0;

  constructor(options: ReflectorOptions) {
    this.#options = options;
    this.#backoff = createBackoff(options.random);
  }

  async run(): Promise<void> {
    const { signal, clock } = this.#options;
    while (!signal.aborted) {
      let retryAfter: number | undefined;
      try {
        this.#position ??= await this.#list();
        if (await this.#watch(this.#position)) continue;
      } catch (error) {
        if (signal.aborted) return;
        retryAfter = this.#failed(error);
      }
      await clock.sleep(this.#backoff.next(retryAfter), signal).catch(() => {});
    }
  }

  /** Resolves to the position from which a watch has to follow. */
  async #list(): Promise<string> {
    const { api, path, query, signal, handler, log, pageSize = 500 } = this.#options;
    let token: string | undefined;
    let objects = 0;
    this.#notify("begin", () => handler.begin());
    for (;;) {
      // Without a resourceVersion the list is the newest state, and `limit` is honoured by every version of the server.
      const item = (object: unknown): void => {
        objects += 1;
        this.#notify("upsert", () => handler.upsert(object, true));
      };
      const page = await api.request(path, { query: { ...query, limit: pageSize, continue: token }, signal, item });
      const items = (page as { items?: unknown } | null | undefined)?.items ?? [];
      const position = resourceVersionOf(page);
      if (!Array.isArray(items) || position === undefined) throw this.#nonsense("the answer is not a list");
      for (const object of items) item(object);
      token = metadataOf(page)["continue"] as string | undefined;
      if (token) continue;
      this.#notify("synced", () => handler.synced());
      if (this.#listedBefore && !this.#problem) log.info({ path, objects }, "listed again");
      else log.debug({ path, objects }, "listed");
      this.#listedBefore = true;
      this.#listed = true;
      return position;
    }
  }

  /** Follows until the server ends it or the line goes silent. Resolves to whether the next watch may follow at once. */
  async #watch(resourceVersion: string): Promise<boolean> {
    const { api, path, query, signal, clock, random } = this.#options;
    const timeoutSeconds = 240 + Math.floor(random() * 241);
    const began = clock.now();
    let worthwhile = false;
    const take = (line: Buffer): void => {
      this.#receive(line);
      worthwhile = true;
    };
    const lines = await api.lines(path, {
      query: { ...query, watch: true, allowWatchBookmarks: true, resourceVersion, timeoutSeconds },
      signal,
      idle: IDLE_MS,
      take,
    });
    this.#following();
    try {
      for await (const line of lines) take(line);
    } catch (error) {
      // Some servers send no bookmarks for a kind that never changed, so silence is no proof of a lost connection: ask again.
      if (!(error instanceof KubernetesError && error.code === "timeout" && error.status === undefined)) throw error;
    } finally {
      worthwhile ||= clock.now() - began >= WORTHWHILE;
      if (worthwhile) this.#backoff.reset();
    }
    return worthwhile;
  }

  #receive(line: Buffer): void {
    const { path, handler, log } = this.#options;
    if (handler.skip && isModified(line) && this.#skips(line)) {
      this.#advance(rawResourceVersion(line));
      return;
    }
    const event = parseWatchEvent(line);
    if (!event) throw this.#nonsense("a line of the watch is not an event");
    switch (event.type) {
      case "ADDED":
      case "MODIFIED":
        this.#notify("upsert", () => handler.upsert(event.object, false));
        break;
      case "DELETED":
        this.#notify("remove", () => handler.remove(event.object));
        break;
      case "BOOKMARK":
        break;
      case "ERROR":
        throw statusError({ method: "WATCH", path, server: this.#options.api.server }, event.object);
      default:
        log.debug({ path }, `a watch event of the unknown type ${event.type} is left out`);
        return;
    }
    this.#advance(resourceVersionOf(event.object));
  }

  #advance(position: string | undefined): void {
    this.#position = position ?? this.#position;
  }

  #skips(line: Buffer): boolean {
    let skip = false;
    this.#notify("skip", () => {
      skip = this.#options.handler.skip?.(line) ?? false;
    });
    return skip;
  }

  /** A handler that throws loses this one call, not the collection. */
  #notify(what: string, call: () => void): void {
    try {
      call();
    } catch (error) {
      this.#options.log.error({ path: this.#options.path, err: error }, `a handler's ${what} failed`);
    }
  }

  #following(): void {
    const { path, handler, log, clock } = this.#options;
    const problem = this.#problem;
    this.#problem = undefined;
    if (problem) log.info({ path, ms: clock.now() - this.#lostAt }, "contact again");
    if (problem || this.#listed) this.#notify("contact", () => handler.contact(undefined));
    this.#listed = false;
  }

  /** Notes what broke, once for each kind of problem. Returns the wait the server asked for. */
  #failed(error: unknown): number | undefined {
    const { path, handler, log, clock } = this.#options;
    const problem = error instanceof ExecutorRegistryError ? error : this.#nonsense(String(error), error);
    const { retryAfter, status } = problem instanceof KubernetesError ? problem : {};
    // A server that cannot make sense of the watch may be able to make sense of a new one.
    if (problem.code === "kubernetes-api" && status !== undefined) this.#position = undefined;
    if (problem.code === "gone") {
      this.#position = undefined;
      log.debug({ path }, "the watch's position expired");
      return retryAfter;
    }
    // Who may list and not watch sees what is new only by listing again.
    if (problem.code === "forbidden" && this.#listed) this.#position = undefined;
    const known = problem.code === this.#problem?.code;
    // A list that came in between was a sign of contact; its watch is not.
    if (known && !this.#listed) return retryAfter;
    if (!this.#problem) this.#lostAt = clock.now();
    this.#problem = problem;
    this.#listed = false;
    if (!known) log.warn({ path, code: problem.code, err: problem }, "no contact, trying again");
    this.#notify("contact", () => handler.contact(problem));
    return retryAfter;
  }

  #nonsense(message: string, cause?: unknown): KubernetesError {
    const { path, api } = this.#options;
    return new KubernetesError("kubernetes-api", message, { method: "GET", path, server: api.server }, { cause });
  }
}
