import type { Clock } from "@executor-registry/resolver";
import { untilAborted } from "@executor-registry/resolver/internal";
import { type BearerToken, readToken, type TokenServer, tokenRequest } from "./bearer-token.ts";
import { parseChallenges } from "../wire/challenge.ts";
import {
  basicHeader,
  type CredentialProvider,
  type Credentials,
  type CredentialsByPath,
  credentialsFor,
  sameCredentials,
} from "./credentials.ts";
import { type Place, RegistryError } from "../wire/errors.ts";
import { failure } from "../wire/failure.ts";
import { createScopes, type Resource } from "./scopes.ts";
import { createTokenCache, type TokenCache } from "./token-cache.ts";
import type { HttpAnswer, OutgoingRequest } from "../wire/transport.ts";

/** Knows how requests to one registry are authorized. */
export interface Authorizer {
  /** The `Authorization` of a request; `undefined` for none. */
  header(resource: Resource, signal: AbortSignal): Promise<string | undefined>;
  /**
   * Learns from a 401 or 403.
   * @param sent what `header` gave
   * @param first whether the request was refused for the first time
   * @returns whether to send it once more
   */
  refused(
    answer: HttpAnswer,
    resource: Resource,
    sent: string | undefined,
    first: boolean,
    signal: AbortSignal,
  ): Promise<boolean>;
  /** Whether there are credentials for this; for messages. */
  standing(resource: Resource, signal: AbortSignal): Promise<"known" | "anonymous" | "other-paths">;
}

export interface AuthorizerOptions {
  readonly place: Place;
  readonly provider: CredentialProvider;
  readonly clock: Clock;
  /** Sends a request for a token: paced, guarded, redirects followed. Its own life, since many wait for one token. */
  readonly send: (request: Omit<OutgoingRequest, "guarded">) => Promise<HttpAnswer>;
  /** Ends what is shared among callers: asking for credentials and tokens. */
  readonly life: AbortSignal;
}

type Scheme = { readonly kind: "basic" } | ({ readonly kind: "bearer" } & TokenServer);

/** A provider may be a process or a cloud's API: after refusals it is asked again only this often. */
const ASK_AGAIN_MS = 60_000;

export function createAuthorizer(options: AuthorizerOptions): Authorizer {
  return new HostAuthorizer(options);
}

class HostAuthorizer implements Authorizer {
  readonly #options: AuthorizerOptions;
  readonly #scopes = createScopes();
  readonly #tokens: TokenCache;
  #scheme: Scheme | undefined;
  #credentials: Promise<Credentials | CredentialsByPath | undefined> | undefined;
  #askedAt = -Infinity;
  #renewAt = Infinity;

  constructor(options: AuthorizerOptions) {
    this.#options = options;
    this.#tokens = createTokenCache(options.clock);
  }

  async header(resource: Resource, signal: AbortSignal): Promise<string | undefined> {
    const scheme = this.#scheme;
    if (!scheme) return undefined;
    if (scheme.kind === "bearer") {
      try {
        return `Bearer ${await this.#token(scheme, resource, signal)}`;
      } catch (error) {
        // It may have been a wrong challenge, or the token server has moved: the next request asks the registry again.
        if (this.#scheme === scheme) this.#scheme = undefined;
        throw error;
      }
    }
    const credentials = credentialsFor(await this.#known(signal), nameOf(resource));
    if (!credentials || "identityToken" in credentials) return undefined;
    return basicHeader(credentials.username, credentials.password);
  }

  async refused(
    answer: HttpAnswer,
    resource: Resource,
    sent: string | undefined,
    first: boolean,
    signal: AbortSignal,
  ): Promise<boolean> {
    // ECR refuses expired credentials by 403; for most others a 403 is final.
    if (answer.status === 403 && sent !== undefined) return first && (await this.#changed(signal));
    const { scheme, scope } = this.#chosen(answer);
    if (!scheme) return this.#forget(sent) && first;
    this.#scheme = scheme;
    if (scheme.kind === "basic") {
      if (sent?.startsWith("Basic ")) return first && (await this.#changed(signal));
      return (await this.header(resource, signal)) !== undefined || (await this.#changed(signal));
    }
    const before = this.#scopes.of(resource);
    this.#scopes.learn(resource, scope);
    const widened = this.#scopes.of(resource) !== before;
    if (sent?.startsWith("Bearer ")) this.#tokens.refused(sent.slice("Bearer ".length));
    return first || widened || !sent?.startsWith("Bearer ") || (await this.#changed(signal));
  }

  /** Without a challenge to follow, nothing that was learnt before is known to hold. @returns whether something was sent */
  #forget(sent: string | undefined): boolean {
    this.#scheme = undefined;
    if (sent?.startsWith("Bearer ")) this.#tokens.refused(sent.slice("Bearer ".length));
    return sent !== undefined;
  }

  async standing(resource: Resource, signal: AbortSignal): Promise<"known" | "anonymous" | "other-paths"> {
    const given = await this.#known(signal);
    if (given === undefined) return "anonymous";
    return credentialsFor(given, nameOf(resource)) === undefined ? "other-paths" : "known";
  }

  /** Bearer goes first: where a registry offers both, its passwords are for tokens. */
  #chosen(answer: HttpAnswer): { readonly scheme?: Scheme; readonly scope?: string | undefined } {
    const challenges = parseChallenges(answer.headers["www-authenticate"] ?? "");
    for (const { scheme, parameters } of challenges) {
      const realm = parameters.get("realm") ?? "";
      if (scheme !== "bearer" || !URL.canParse(realm)) continue;
      const server = { realm: new URL(realm), service: parameters.get("service") };
      return { scheme: { kind: "bearer", ...server }, scope: parameters.get("scope") };
    }
    return challenges.some(({ scheme }) => scheme === "basic") ? { scheme: { kind: "basic" } } : {};
  }

  async #token(server: TokenServer, resource: Resource, signal: AbortSignal): Promise<string> {
    const scope = this.#scopes.of(resource);
    // A token of one repository is not another's where they have credentials of their own.
    const given = await this.#known(signal);
    const parted = given !== undefined && "byPath" in given;
    const key = JSON.stringify([server.realm.href, server.service, scope, parted ? nameOf(resource) : undefined]);
    return untilAborted(
      this.#tokens.get(key, () => this.#fetch(server, scope, resource)),
      signal,
    );
  }

  async #fetch(server: TokenServer, scope: string | undefined, resource: Resource): Promise<BearerToken> {
    const { place: registry, clock, life, send } = this.#options;
    const place = resource.kind === "repository" ? { ...registry, repository: resource.name } : registry;
    let sent: string | undefined;
    const ask = async (): Promise<HttpAnswer> => {
      const credentials = credentialsFor(await this.#known(life), nameOf(resource));
      const request = tokenRequest(server, scope, credentials, place);
      sent =
        credentials && "identityToken" in credentials ? credentials.identityToken : request.headers?.["authorization"];
      return send(request);
    };
    let answer = await ask();
    if ((answer.status === 401 || answer.status === 403) && (await this.#changed(life))) answer = await ask();
    if (answer.status < 200 || answer.status > 299)
      throw failure(answer, place, clock.now(), await this.standing(resource, life), sent);
    return readToken(answer, place, clock);
  }

  #known(signal: AbortSignal): Promise<Credentials | CredentialsByPath | undefined> {
    if (this.#options.clock.now() >= this.#renewAt) this.#credentials = undefined;
    return untilAborted((this.#credentials ??= this.#ask()), signal);
  }

  async #ask(): Promise<Credentials | CredentialsByPath | undefined> {
    const { place, provider, clock, life } = this.#options;
    this.#askedAt = clock.now();
    this.#renewAt = Infinity;
    try {
      const credentials = await provider.credentials(place.host, life);
      if (credentials && "renewAt" in credentials) this.#renewAt = credentials.renewAt ?? Infinity;
      return credentials;
    } catch (cause) {
      this.#credentials = undefined;
      if (cause instanceof RegistryError) throw cause;
      const why = cause instanceof Error ? cause.message.trim().slice(0, 500) : "unknown reason";
      throw new RegistryError("unauthorized", `its credentials cannot be read: ${why}`, place, { cause });
    }
  }

  /** Asks for credentials again. @returns whether they are others than before */
  async #changed(signal: AbortSignal): Promise<boolean> {
    // Also where the clock was set back meanwhile.
    if (Math.abs(this.#options.clock.now() - this.#askedAt) < ASK_AGAIN_MS) return false;
    const before = await this.#known(signal);
    this.#credentials = this.#ask();
    const changed = !sameCredentials(before, await this.#known(signal));
    if (changed) this.#tokens.clear();
    return changed;
  }
}

const nameOf = (resource: Resource): string | undefined => (resource.kind === "repository" ? resource.name : undefined);
