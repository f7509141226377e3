import { tryParseReference } from "@executor-registry/resolver";
import { createRegistryClient } from "../../oci/read/client.ts";
import type { Credentials } from "../../oci/auth/credentials.ts";
import { type Place, RegistryError } from "../../oci/wire/errors.ts";
import { createHostPacer, type HostPacer, type PacingOptions } from "../../oci/wire/pacing.ts";
import type { RegistryClient } from "../../oci/read/registry.ts";
import type { RetryOptions } from "../with-retries.ts";
import { createEcrApi, type EcrApi, type EcrApiOptions } from "./ecr-api.ts";

/** What one region's registry is opened with. */
export interface EcrRegistryOptions extends Omit<EcrApiOptions, "retry"> {
  readonly pacing: Pick<PacingOptions, "concurrency" | "rate">;
  readonly context: Omit<RetryOptions, "pacer">;
}

/** Whatever partition's domain it ends in. @see https://docs.aws.amazon.com/general/latest/gr/ecr.html */
const HOST = /^(\d{12})\.dkr[.-]ecr(?:-fips)?\.([a-z0-9-]+)\.[a-z0-9.-]+$/;

/** Whose registry a host is, by its name; `undefined` for one that is not ECR's. */
export function accountOf(host: string): { readonly registryId: string; readonly region: string } | undefined {
  const [, registryId, region] = HOST.exec(host) ?? [];
  return registryId === undefined || region === undefined ? undefined : { registryId, region };
}

/** Part of a token's life after which it is renewed. */
const RENEWED = 0.8;

/** An account's registry in one region: its API, and the registry itself. */
export class EcrRegistry {
  readonly api: EcrApi;
  readonly #options: EcrRegistryOptions;
  readonly #pacer: HostPacer;
  #host: string | undefined;
  #client: RegistryClient | undefined;

  constructor(options: EcrRegistryOptions) {
    const { pacing, context, region } = options;
    this.#options = options;
    const pacer = createHostPacer(`api.ecr.${region}.amazonaws.com`, { ...pacing, ...context });
    this.#pacer = pacer;
    this.api = createEcrApi({ ...options, retry: { ...context, pacer } });
  }

  get requests(): number {
    return this.api.calls + (this.#client?.requests ?? 0);
  }

  get throttled(): number {
    return this.#pacer.throttled + (this.#client?.throttled ?? 0);
  }

  get clockOffset(): number | undefined {
    return this.api.clockOffset ?? this.#client?.clockOffset;
  }

  /** As in references; `undefined` until AWS has said it. */
  get host(): string | undefined {
    return this.#host;
  }

  /** Whether this is the registry's host in references; as long as AWS has not said it, whether it looks like it. */
  answersTo(host: string): boolean {
    if (this.#host !== undefined) return host === this.#host;
    const { region, registryId } = this.#options;
    const named = accountOf(host);
    return named?.region === region && (registryId === undefined || registryId === named.registryId);
  }

  /** @param uri a repository's, `123456789012.dkr.ecr.eu-west-1.amazonaws.com/team/executor-ml` */
  learn(uri: string): void {
    if (this.#host === undefined && uri.includes("/")) this.#host = tryParseReference(uri)?.registry;
  }

  /** Asks AWS for its host, unless it is known. */
  async known(signal: AbortSignal): Promise<string> {
    if (this.#host !== undefined) return this.#host;
    const { region, registryId } = this.#options;
    const { proxyEndpoint = "" } = (await this.api.authorization(signal)) ?? {};
    const { host } = URL.parse(proxyEndpoint) ?? {};
    if (host === undefined) throw this.#odd(`ECR in ${region} does not give its registry's address`);
    // AWS answers with the caller's own account.
    this.#host ??= registryId === undefined ? host : host.replace(/^\d{12}(?=\.)/, registryId);
    return this.#host;
  }

  /** The registry itself, asked for what ECR's API does not give. */
  client(host: string): RegistryClient {
    const { endpoint, pacing, context } = this.#options;
    this.#client ??= createRegistryClient({
      host,
      // An emulator's registry is as plain as its API.
      insecure: endpoint?.startsWith("http:") ?? false,
      // It redirects to S3, which has a private address behind an interface endpoint.
      allowPrivateAddresses: true,
      pacer: createHostPacer(host, { ...pacing, ...context }),
      credentials: { credentials: (_host, signal) => this.#credentials(signal) },
      ...context,
    });
    return this.#client;
  }

  async close(): Promise<void> {
    this.api.close();
    await this.#client?.close();
  }

  /** @see https://docs.aws.amazon.com/AmazonECR/latest/APIReference/API_GetAuthorizationToken.html */
  async #credentials(signal: AbortSignal): Promise<Credentials> {
    const { clock } = this.#options.context;
    const { authorizationToken = "", expiresAt } = (await this.api.authorization(signal)) ?? {};
    const text = Buffer.from(authorizationToken, "base64").toString();
    const colon = text.indexOf(":");
    if (colon < 0) throw this.#odd("ECR gives a malformed token");
    const now = clock.now();
    const life = (expiresAt?.getTime() ?? now) - now;
    return { username: text.slice(0, colon), password: text.slice(colon + 1), renewAt: now + life * RENEWED };
  }

  #odd(why: string): RegistryError {
    const place: Place = { host: `api.ecr.${this.#options.region}.amazonaws.com` };
    return new RegistryError("registry-protocol", why, place);
  }
}
