import { type Clock, type Logger, type Random, silentLogger, systemClock, VERSION } from "@executor-registry/resolver";
import { fetchBlob } from "./blob.ts";
import type { CredentialProvider } from "../auth/credentials.ts";
import { fetchDetails } from "./details.ts";
import { endpointOf } from "../wire/registry-host.ts";
import { type ResolveName, systemResolve } from "../wire/guarded-lookup.ts";
import { PAGE_LIMIT } from "../wire/limits.ts";
import { fetchHead, fetchManifest } from "./manifest.ts";
import { createHostPacer, type HostPacer } from "../wire/pacing.ts";
import { fetchReferrers } from "./referrers.ts";
import type { RegistryClient } from "./registry.ts";
import { type Proxies, proxiesOf } from "../../net/proxies.ts";
import { createSession } from "./session.ts";
import { listRepositories, listTags } from "./tags.ts";
import { createTransport, DEFAULT_TIMEOUTS, type Timeouts } from "../wire/transport.ts";

/** How a registry is reached. */
export interface RegistryClientOptions {
  /** `host[:port]` as in references; Docker Hub is `docker.io`. Contacted at any address, private ones included. */
  readonly host: string;
  /** Speaks plain HTTP. @default false */
  readonly insecure?: boolean;
  /** Certificates in PEM of a private authority, trusted besides the public ones. */
  readonly ca?: string;
  /** @default none: anonymous */
  readonly credentials?: CredentialProvider;
  /** Shared by everybody who asks this host. @default one of its own */
  readonly pacer?: HostPacer;
  /** Its token server and storage, being other hosts, may have private addresses. @default false */
  readonly allowPrivateAddresses?: boolean;
  readonly timeouts?: Partial<Timeouts>;
  /** @default "executor-registry/VERSION" */
  readonly userAgent?: string;
  readonly resolveName?: ResolveName;
  /** @default the environment's */
  readonly proxies?: Proxies;
  readonly clock?: Clock;
  readonly random?: Random;
  readonly log?: Logger;
}

/** A client of one registry. Close it to end its connections. */
export function createRegistryClient(options: RegistryClientOptions): RegistryClient {
  const { host, insecure = false, allowPrivateAddresses = false, clock = systemClock, random = Math.random } = options;
  const reach = { home: endpointOf(host, insecure), insecure, allowPrivateAddresses };
  const timeouts = { ...DEFAULT_TIMEOUTS, ...options.timeouts };
  const session = createSession({
    host,
    reach,
    transport: createTransport({
      clock,
      timeouts,
      resolve: options.resolveName ?? systemResolve,
      proxies: options.proxies ?? proxiesOf(),
      ...(options.ca !== undefined && { ca: options.ca }),
    }),
    pacer: options.pacer ?? createHostPacer(host, { clock, random }),
    credentials: options.credentials ?? { credentials: async () => undefined },
    clock,
    random,
    log: options.log ?? silentLogger,
    userAgent: options.userAgent ?? `executor-registry/${VERSION}`,
  });
  return {
    host,
    get requests() {
      return session.requests;
    },
    get throttled() {
      return session.throttled;
    },
    get clockOffset() {
      return session.clockOffset;
    },
    async ping(signal) {
      await session.ask({ path: "/v2/", resource: { kind: "registry" }, limit: PAGE_LIMIT }, signal);
    },
    tags: (repository, signal) => listTags(session, repository, signal),
    repositories: (signal, leftOut = () => {}) => listRepositories(session, signal, leftOut),
    head: (repository, reference, signal, known) => fetchHead(session, repository, reference, signal, known),
    manifest: (repository, reference, signal) => fetchManifest(session, repository, reference, signal),
    blob: (repository, digest, limit, signal) => fetchBlob(session, repository, digest, limit, signal),
    referrers: (repository, subject, artifactType, signal) =>
      fetchReferrers(session, repository, subject, artifactType, signal),
    details: (repository, manifest, signal) => fetchDetails(session, repository, manifest, signal),
    close: async () => session.close(),
  };
}
