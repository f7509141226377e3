import {
  type Clock,
  type ExecutorRegistryError,
  type Logger,
  type Random,
  type Repository,
  repositoryAt,
} from "@executor-registry/resolver";
import type { Naming } from "../../model/naming.ts";
import type { RegistryClient } from "../../oci/read/registry.ts";
import { repositoryReader } from "../../oci/read/repository-reader.ts";
import { RegistryError, RepositoryGoneError } from "../../oci/wire/errors.ts";
import type { PacingOptions } from "../../oci/wire/pacing.ts";
import { forEachLimited } from "../for-each-limited.ts";
import type { EcrApiOptions } from "./ecr-api.ts";
import { EcrRegistry } from "./ecr-registry.ts";
import { type ImageSource, problemOf, type RepositoryListing, type ScanRequest } from "../image-source.ts";
import { selectRepositories, withoutDefaultPort } from "../repositories.ts";
import { TaggedImages } from "../tagged-images.ts";

/** What to look at in Amazon ECR. */
export interface EcrSourceOptions extends Omit<EcrApiOptions, "region" | "retry"> {
  readonly name: string;
  /** In the order of preference. */
  readonly regions: readonly string[];
  /** Names of repositories; with `*` or `**` all of the registry's are listed. */
  readonly repositories: readonly string[];
  readonly naming: Naming;
  /** Of the API and of the registry, in each region. @default by the host */
  readonly pacing?: Pick<PacingOptions, "concurrency" | "rate">;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** Repositories of one region that are read at the same time; the API is paced besides. */
const AT_ONCE = 8;

type Found = (listing: RepositoryListing) => Promise<void>;

/**
 * Amazon ECR: `ceil(repositories / 1000)` calls and `ceil(images / 1000)` for each that holds executors, whatever has changed.
 * Labels and platforms, which the API does not give, come from the registry itself.
 */
export function createEcrSource(options: EcrSourceOptions): ImageSource {
  const { name, regions, repositories, naming, pacing = {}, clock, random, log, ...api } = options;
  const selection = selectRepositories(repositories, naming);
  const context = { clock, random, log };
  const registries = regions.map((region) => new EcrRegistry({ ...api, region, pacing, context }));
  const rank = ({ registry: host, path }: Repository): number | undefined => {
    const region = registries.findIndex((registry) => registry.answersTo(host));
    const place = selection.rank(path);
    return region < 0 || place === undefined ? undefined : place * registries.length + region;
  };

  async function list(registry: EcrRegistry, repository: Repository, request: ScanRequest, found: Found) {
    const { registry: host, path } = repository;
    request.known(repository);
    const images = new TaggedImages({ host, repository: path }, (tag) => naming.typesOf(path, tag).length > 0);
    try {
      for await (const page of registry.api.images(path, request.signal)) {
        for (const { imageDigest, imageTags = [], imagePushedAt, imageStatus = "ACTIVE" } of page) {
          // An archived image cannot be pulled until it is restored.
          if (imageStatus === "ACTIVE") images.add(imageDigest, imageTags, imagePushedAt);
        }
      }
    } catch (error) {
      request.signal.throwIfAborted();
      const problem = problemOf(error);
      const gone = problem instanceof RepositoryGoneError;
      return found(gone ? { state: "gone", repository } : { state: "failed", repository, problem });
    }
    await found({ state: "listed", repository, images: images.list(), unread: [] });
  }

  /** Every repository of one region that may hold executors. */
  async function pathsOf(registry: EcrRegistry, signal: AbortSignal): Promise<readonly string[]> {
    if (!selection.discovers) return selection.named;
    const paths: string[] = [];
    for await (const page of registry.api.repositories(signal)) {
      for (const { repositoryName = "", repositoryUri = "" } of page) {
        registry.learn(repositoryUri);
        if (selection.rank(repositoryName) !== undefined) paths.push(repositoryName);
      }
    }
    return paths;
  }

  /** @returns what kept the region from being read completely */
  async function scanRegion(
    registry: EcrRegistry,
    request: ScanRequest,
    found: Found,
  ): Promise<ExecutorRegistryError | undefined> {
    const { only, signal } = request;
    const candidates = only?.filter(
      (repository) => rank(repository) !== undefined && registry.answersTo(repository.registry),
    );
    if (candidates?.length === 0) return undefined;
    let host: string;
    let paths: readonly string[];
    try {
      paths = candidates?.map(({ path }) => path) ?? (await pathsOf(registry, signal));
      if (paths.length === 0) return undefined;
      host = await registry.known(signal);
    } catch (error) {
      signal.throwIfAborted();
      return problemOf(error);
    }
    // Before its account was known, a repository of another could be taken for one of this registry.
    const ours = candidates?.filter((repository) => repository.registry === host).map(({ path }) => path);
    await forEachLimited(new Set(ours ?? paths), AT_ONCE, (path) =>
      list(registry, repositoryAt(host, path), request, found),
    );
    return undefined;
  }

  const clientOf = (host: string): RegistryClient => {
    const registry = registries.find((one) => one.answersTo(host));
    if (!registry) throw new RegistryError("not-found", "no region of this source has this registry", { host });
    return registry.client(host);
  };

  return {
    name,
    kind: "ecr",
    rank,
    named: (path, registry) => {
      const hosts =
        registry === undefined ? registries.flatMap(({ host }) => host ?? []) : [withoutDefaultPort(registry)];
      return hosts.map((host) => repositoryAt(host, path)).filter((repository) => rank(repository) !== undefined);
    },
    get requests() {
      return registries.reduce((sum, { requests }) => sum + requests, 0);
    },
    get throttled() {
      return registries.reduce((sum, { throttled }) => sum + throttled, 0);
    },
    get clockOffset() {
      return registries.find(({ clockOffset }) => clockOffset !== undefined)?.clockOffset;
    },
    async scan(request, found) {
      const problems = await Promise.all(registries.map((registry) => scanRegion(registry, request, found)));
      const problem = problems.find((problem) => problem !== undefined);
      const complete = request.only === undefined && problem === undefined;
      return { complete, ...(problem !== undefined && { problem }) };
    },
    async details({ registry, path }, digest, signal) {
      const client = clientOf(registry);
      return client.details(path, await client.manifest(path, digest, signal), signal);
    },
    reader: ({ registry, path }) => repositoryReader(() => clientOf(registry), path),
    async close() {
      await Promise.all(registries.map((registry) => registry.close()));
    },
  };
}
