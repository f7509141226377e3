import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { backoff } from "@executor-registry/resolver/internal";
import { clockOffset } from "../../net/clock-offset.ts";
import { createAuthorizer, type Authorizer } from "../auth/authorizer.ts";
import type { CredentialProvider } from "../auth/credentials.ts";
import { type Place, RegistryError, shown } from "../wire/errors.ts";
import { failure, type Standing } from "../wire/failure.ts";
import { createLearnt, type Learnt } from "../wire/learnt.ts";
import { CONFIGS_LIMIT } from "../wire/limits.ts";
import { concernsHost, type HostPacer, HostPausedError, MAX_BACKOFF_MS, MAX_WAIT_MS } from "../wire/pacing.ts";
import { follow, type Reach } from "../wire/redirects.ts";
import type { Resource } from "../auth/scopes.ts";
import { createSemaphore, type Semaphore } from "../wire/semaphore.ts";
import type { HttpAnswer, OutgoingRequest, Transport } from "../wire/transport.ts";

/** One question to the registry. */
interface Ask {
  /** @default "GET" */
  readonly method?: "GET" | "HEAD";
  /** Path and query, from `/v2/`. */
  readonly path: string;
  readonly resource: Resource;
  readonly headers?: Readonly<Record<string, string>>;
  /** Most bytes of the answer. */
  readonly limit: number;
  /** Statuses that are answers too, besides 2xx. */
  readonly takes?: readonly number[];
}

/** Asks one registry: paced, authorized, redirects followed, temporary failures tried again. */
export interface Session {
  readonly host: string;
  readonly requests: number;
  /** Requests that it refused because there were too many. */
  readonly throttled: number;
  /** Milliseconds that its clock is ahead of ours, by the `Date` of its last answer, which has whole seconds. */
  readonly clockOffset: number | undefined;
  /** What it turned out not to offer. */
  readonly learnt: Learnt;
  /** Bytes of configurations that are held at the same time. */
  readonly configurations: Semaphore;
  /** @throws RegistryError for every answer that is not taken */
  ask(ask: Ask, signal: AbortSignal): Promise<HttpAnswer>;
  close(): void;
}

export interface SessionOptions {
  readonly host: string;
  readonly reach: Reach;
  readonly transport: Transport;
  readonly pacer: HostPacer;
  readonly credentials: CredentialProvider;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  readonly userAgent: string;
}

const MAX_TRIES = 4;
/** A cached token or guessed scope may be refused, then a narrower token; after that a refusal is meant. */
const MAX_REFUSALS = 3;

export function createSession(options: SessionOptions): Session {
  return new HostSession(options);
}

class HostSession implements Session {
  readonly host: string;
  readonly learnt: Learnt;
  readonly configurations = createSemaphore(CONFIGS_LIMIT);
  readonly #options: SessionOptions;
  readonly #authorizer: Authorizer;
  readonly #life = new AbortController();
  #requests = 0;
  #clockOffset: number | undefined;

  constructor(options: SessionOptions) {
    const { host, credentials: provider, clock } = options;
    this.host = host;
    this.learnt = createLearnt(clock);
    this.#options = options;
    const life = this.#life.signal;
    const send = (request: Omit<OutgoingRequest, "guarded">): Promise<HttpAnswer> => this.#send(request, life);
    this.#authorizer = createAuthorizer({ place: { host }, provider, clock, send, life });
  }

  get requests(): number {
    return this.#requests;
  }

  get throttled(): number {
    return this.#options.pacer.throttled;
  }

  get clockOffset(): number | undefined {
    return this.#clockOffset;
  }

  async ask(ask: Ask, signal: AbortSignal): Promise<HttpAnswer> {
    const { pacer, clock, random, log } = this.#options;
    for (let failures = 0; ; failures += 1) {
      const error = await this.#attempt(ask, signal).catch((error: unknown) => {
        if (signal.aborted) throw signal.reason;
        if (error instanceof RegistryError) return error;
        throw error;
      });
      if (!(error instanceof RegistryError)) {
        pacer.succeeded();
        return error;
      }
      // It was not asked, so this says nothing new of it.
      if (error instanceof HostPausedError) throw error;
      if (!passes(error)) {
        if (error.status !== undefined) pacer.succeeded();
        throw error;
      }
      if (concernsHost(error)) pacer.pause(error);
      const { retryAfter: asked = 0 } = error;
      // What hangs as a HEAD is asked for by GET instead.
      const hopeless =
        (!concernsHost(error) && asked > MAX_WAIT_MS) || (ask.method === "HEAD" && error.code === "timeout");
      if (failures + 1 >= MAX_TRIES || hopeless || !pacer.mayRetry()) throw error;
      log.debug({ host: this.host, code: error.code, status: error.status, failures }, "will ask the registry again");
      if (!concernsHost(error))
        await clock.sleep(error.retryAfter ?? backoff(failures, random, MAX_BACKOFF_MS), signal);
    }
  }

  close(): void {
    const place = { host: this.host };
    this.#life.abort(new RegistryError("closed", "the client was closed", place));
    this.#options.transport.close();
  }

  async #attempt(ask: Ask, signal: AbortSignal): Promise<HttpAnswer> {
    const { reach, clock } = this.#options;
    const place = this.#placeOf(ask.resource);
    const url = new URL(ask.path, reach.home);
    // No matter what a name holds: credentials and answers are those of the registry's API.
    if (!url.pathname.startsWith("/v2/") || url.origin !== reach.home.origin)
      throw new RegistryError("registry-protocol", `${shown(ask.path, 100)} is outside its API`, place, {
        retryable: false,
      });
    for (let refusals = 0; ; refusals += 1) {
      if (this.#life.signal.aborted) throw this.#life.signal.reason;
      const authorization = await this.#authorizer.header(ask.resource, signal);
      const headers = { ...ask.headers, ...(authorization !== undefined && { authorization }) };
      const { method = "GET", limit } = ask;
      const answer = await this.#send({ method, url, headers, limit, place }, signal);
      const { status } = answer;
      if ((status >= 200 && status < 300) || ask.takes?.includes(status)) return answer;
      const refused =
        (status === 401 || status === 403) && refusals < MAX_REFUSALS - 1 && answer.url.origin === url.origin;
      if (refused && (await this.#authorizer.refused(answer, ask.resource, authorization, refusals === 0, signal)))
        continue;
      const standing =
        status === 401 || status === 403 ? await this.#standing(ask.resource, authorization, signal) : "known";
      throw failure(answer, place, clock.now(), standing, authorization);
    }
  }

  async #standing(resource: Resource, sent: string | undefined, signal: AbortSignal): Promise<Standing> {
    // What keeps credentials from being read is reported when they are needed.
    const standing = await this.#authorizer.standing(resource, signal).catch(() => "not-asked" as const);
    return standing === "known" && sent === undefined ? "not-asked" : standing;
  }

  async #send(request: Omit<OutgoingRequest, "guarded">, signal: AbortSignal): Promise<HttpAnswer> {
    const { transport, reach, pacer, userAgent, clock } = this.#options;
    const headers = { ...request.headers, "accept-encoding": "identity", "user-agent": userAgent };
    const done = await pacer.turn(signal);
    const began = clock.now();
    try {
      const answer = await follow(transport, { ...request, headers }, reach, () => (this.#requests += 1), signal);
      if (answer.url.origin === reach.home.origin)
        this.#clockOffset = clockOffset(answer.headers, began, clock.now()) ?? this.#clockOffset;
      return answer;
    } finally {
      done();
    }
  }

  #placeOf(resource: Resource): Place {
    return resource.kind === "repository" ? { host: this.host, repository: resource.name } : { host: this.host };
  }
}

/** Whether the same question may be answered a little later. */
function passes({ code, retryable }: RegistryError): boolean {
  return retryable && (code === "throttled" || code === "unreachable" || code === "timeout");
}
