import {
  type Clock,
  type ExecutorRegistryError,
  type Logger,
  type Random,
  type Repository,
  repositoryAt,
} from "@executor-registry/resolver";
import type { Naming } from "../../model/naming.ts";
import { createRegistryClient } from "../../oci/read/client.ts";
import type { CredentialProvider } from "../../oci/auth/credentials.ts";
import { createHostPacer, type PacingOptions } from "../../oci/wire/pacing.ts";
import type { RegistryClient } from "../../oci/read/registry.ts";
import { repositoryReader } from "../../oci/read/repository-reader.ts";
import { proxiedFetch } from "../../net/proxied-fetch.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { createArtifactRegistryApi } from "./artifact-registry-api.ts";
import { type ArtifactPlace, hostsOf, imageAt, mayMatch, placeOf } from "./artifact-registry-place.ts";
import { defaultGoogleToken, type GoogleToken } from "./google-token.ts";
import { type ImageSource, problemOf, type RepositoryListing, type ScanRequest } from "../image-source.ts";
import { selectRepositories, withoutDefaultPort } from "../repositories.ts";
import { TaggedImages } from "../tagged-images.ts";

/** What to look at in Google's Artifact Registry. */
export interface ArtifactRegistrySourceOptions {
  readonly name: string;
  readonly project: string;
  /** `europe-west4`, `europe`; in the order of preference. `gcr.io` is a repository in `us`, `eu.gcr.io` in `europe`. */
  readonly locations: readonly string[];
  /** Paths below the host: `project/repository/image`, of a gcr.io host `project/image`; with `*` and `**`. */
  readonly repositories: readonly string[];
  readonly naming: Naming;
  /** @default "https://artifactregistry.googleapis.com" */
  readonly endpoint?: string;
  /** @default the application default credentials' */
  readonly token?: GoogleToken;
  /** @default the global fetch, through the environment's proxies */
  readonly fetch?: typeof fetch;
  /** Of the API and of each registry's host. @default by the host */
  readonly pacing?: Pick<PacingOptions, "concurrency" | "rate">;
  /** @default a client of that host */
  readonly clientOf?: (host: string, credentials: CredentialProvider) => RegistryClient;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Artifact Registry's repositories that are read at the same time. */
const AT_ONCE = 4;
/** The library that keeps the token renews it five minutes before it expires. */
const TOKEN_HELD_MS = 4 * 60_000;

type Found = (listing: RepositoryListing) => Promise<void>;

/**
 * Google's Artifact Registry, and what was Container Registry: a request per location and one per 1,000 images of each of its
 * repositories, whatever has changed. Labels, which the API does not give, come from the registry itself.
 */
export function createArtifactRegistrySource(options: ArtifactRegistrySourceOptions): ImageSource {
  const { name, project, locations, repositories, naming, pacing = {}, clock, random, log } = options;
  const { endpoint = "https://artifactregistry.googleapis.com", fetch = proxiedFetch() } = options;
  const apiHost = new URL(endpoint).host;
  const { token = defaultGoogleToken(apiHost) } = options;
  const context = { clock, random, log };
  const pacer = createHostPacer(apiHost, { ...pacing, ...context });
  const api = createArtifactRegistryApi({ project, endpoint, token, fetch, retry: { pacer, ...context } });
  const selection = selectRepositories(repositories, naming);
  const clients = new Map<string, RegistryClient>();

  const rank = (repository: Repository): number | undefined => {
    const place = placeOf(project, locations, repository);
    const order = place && selection.rank(repository.path);
    return order === undefined ? undefined : order * locations.length + locations.indexOf(place?.location ?? "");
  };

  const credentials: CredentialProvider = {
    credentials: async () => ({
      username: "oauth2accesstoken",
      password: await token(),
      renewAt: clock.now() + TOKEN_HELD_MS,
    }),
  };
  const makeClient = (host: string): RegistryClient =>
    options.clientOf?.(host, credentials) ??
    createRegistryClient({
      host,
      credentials,
      // Google's storage has a private address behind Private Service Connect.
      allowPrivateAddresses: true,
      pacer: createHostPacer(host, { ...pacing, ...context }),
      ...context,
    });
  const clientOf = (host: string): RegistryClient => {
    const client = clients.get(host) ?? makeClient(host);
    clients.set(host, client);
    return client;
  };

  /** What one of Artifact Registry's repositories holds of ours, by the path at its host. */
  async function read(place: ArtifactPlace, signal: AbortSignal): Promise<ReadonlyMap<string, TaggedImages>> {
    const found = new Map<string, TaggedImages>();
    for await (const page of api.images(place, signal)) {
      for (const { uri, tags, uploadTime } of page) {
        const { path, digest } = imageAt(uri, project, place) ?? {};
        if (path === undefined || selection.rank(path) === undefined) continue;
        const holds = (tag: string): boolean => naming.typesOf(path, tag).length > 0;
        const images = found.get(path) ?? new TaggedImages({ host: place.host, repository: path }, holds);
        images.add(digest, tags, uploadTime === undefined ? undefined : new Date(uploadTime));
        found.set(path, images);
      }
    }
    return found;
  }

  async function readAsked(place: ArtifactPlace, asked: readonly Repository[], request: ScanRequest, found: Found) {
    for (const repository of asked) request.known(repository);
    let held: ReadonlyMap<string, TaggedImages> = new Map();
    try {
      held = await read(place, request.signal);
    } catch (error) {
      request.signal.throwIfAborted();
      const problem = problemOf(error);
      if (problem.code !== "not-found") {
        for (const repository of asked) await found({ state: "failed", repository, problem });
        return;
      }
    }
    for (const repository of asked) {
      const images = held.get(repository.path)?.list();
      await found(images ? { state: "listed", repository, images, unread: [] } : { state: "gone", repository });
    }
  }

  async function scanSome(only: readonly Repository[], request: ScanRequest, found: Found): Promise<void> {
    const asked = new Map<string, { readonly place: ArtifactPlace; readonly repositories: Repository[] }>();
    for (const repository of only) {
      const place = placeOf(project, locations, repository);
      if (place === undefined || rank(repository) === undefined) continue;
      const key = `${place.location}/${place.repository}`;
      const group = asked.get(key) ?? { place, repositories: [] };
      group.repositories.push(repository);
      asked.set(key, group);
    }
    await forEachLimited(asked.values(), AT_ONCE, (group) =>
      readAsked(group.place, group.repositories, request, found),
    );
  }

  /** @returns what kept the location from being read completely */
  async function scanLocation(
    location: string,
    { signal }: ScanRequest,
    found: Found,
  ): Promise<ExecutorRegistryError | undefined> {
    const places: ArtifactPlace[] = [];
    try {
      for await (const page of api.repositories(location, signal)) places.push(...page);
    } catch (error) {
      signal.throwIfAborted();
      return problemOf(error);
    }
    let problem: ExecutorRegistryError | undefined;
    const ours = places.filter(({ prefix }) => repositories.some((pattern) => mayMatch(pattern, prefix)));
    await forEachLimited(ours, AT_ONCE, async (place) => {
      let held: ReadonlyMap<string, TaggedImages>;
      try {
        held = await read(place, signal);
      } catch (error) {
        signal.throwIfAborted();
        const failed = problemOf(error);
        // Deleted since it was listed.
        if (failed.code !== "not-found") problem ??= failed;
        return;
      }
      // Which repositories there are was unknown when this reading began: an event's scan, having begun later, is believed more.
      for (const [path, images] of held) {
        const repository = repositoryAt(place.host, path);
        await found({ state: "listed", repository, images: images.list(), unread: [] });
      }
    });
    return problem;
  }

  return {
    name,
    kind: "artifact-registry",
    rank,
    named: (path, registry) => {
      const hosts = registry === undefined ? locations.flatMap(hostsOf) : [withoutDefaultPort(registry)];
      return hosts.map((host) => repositoryAt(host, path)).filter((repository) => rank(repository) !== undefined);
    },
    get requests() {
      return [...clients.values()].reduce((sum, { requests }) => sum + requests, api.requests);
    },
    get throttled() {
      return [...clients.values()].reduce((sum, { throttled }) => sum + throttled, pacer.throttled);
    },
    get clockOffset() {
      return [api, ...clients.values()].find(({ clockOffset }) => clockOffset !== undefined)?.clockOffset;
    },
    async scan(request, found) {
      if (request.only) {
        await scanSome(request.only, request, found);
        return { complete: false };
      }
      const problems = await Promise.all(locations.map((location) => scanLocation(location, request, found)));
      const problem = problems.find((problem) => problem !== undefined);
      return { complete: problem === undefined, ...(problem !== undefined && { problem }) };
    },
    async details({ registry, path }, digest, signal) {
      const client = clientOf(registry);
      return client.details(path, await client.manifest(path, digest, signal), signal);
    },
    reader: ({ registry, path }) => repositoryReader(() => clientOf(registry), path),
    async close() {
      await Promise.all([...clients.values()].map((client) => client.close()));
    },
  };
}
