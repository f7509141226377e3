import type { Clock, ExecutorRegistryError, Logger, Random } from "@executor-registry/resolver";
import type { Naming } from "../../model/naming.ts";
import { RegistryError, RepositoryGoneError } from "../../oci/wire/errors.ts";
import type { PacingOptions } from "../../oci/wire/pacing.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { hostOf, pathOf } from "../repository-name.ts";
import type { EcrApiOptions } from "./ecr-api.ts";
import { EcrRegistry } from "./ecr-registry.ts";
import { type ImageSource, problemOf, type RepositoryListing, type ScanRequest } from "../image-source.ts";
import { selectRepositories } from "../repositories.ts";
import { TaggedImages } from "../tagged-images.ts";

/** What to look at in Amazon ECR. */
export interface EcrSourceOptions extends Omit<EcrApiOptions, "region" | "patience"> {
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
 * Labels and platforms, which the API does not tell, come from the registry itself.
 */
export function createEcrSource(options: EcrSourceOptions): ImageSource {
  const { name, regions, repositories, naming, pacing = {}, clock, random, log, ...api } = options;
  const selection = selectRepositories(repositories, naming);
  const surroundings = { clock, random, log };
  const registries = regions.map((region) => new EcrRegistry({ ...api, region, pacing, surroundings }));
  const registryOf = (repository: string): EcrRegistry | undefined =>
    registries.find((registry) => registry.answersTo(hostOf(repository)));

  const rank = (repository: string): number | undefined => {
    const region = registries.findIndex((registry) => registry.answersTo(hostOf(repository)));
    const place = selection.rank(pathOf(repository));
    return region < 0 || place === undefined ? undefined : place * registries.length + region;
  };

  async function list(registry: EcrRegistry, host: string, path: string, request: ScanRequest, found: Found) {
    const repository = `${host}/${path}`;
    request.known(repository);
    const images = new TaggedImages({ host, repository: path }, (tag) => naming.typesOf(path, tag).length > 0);
    try {
      for await (const page of registry.api.images(path, request.signal)) {
        for (const { imageDigest, imageTags = [], imagePushedAt, imageStatus = "ACTIVE" } of page) {
          // An archived image cannot be pulled until somebody restores it.
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
        if (repositoryUri.includes("/")) registry.learn(repositoryUri);
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
      (repository) => rank(repository) !== undefined && registryOf(repository) === registry,
    );
    if (candidates?.length === 0) return undefined;
    let host: string;
    let paths: readonly string[];
    try {
      paths = candidates?.map(pathOf) ?? (await pathsOf(registry, signal));
      if (paths.length === 0) return undefined;
      host = await registry.known(signal);
    } catch (error) {
      signal.throwIfAborted();
      return problemOf(error);
    }
    // Before its account was known, a repository of another could be taken for one of this registry.
    const ours = new Set(candidates?.filter((repository) => hostOf(repository) === host).map(pathOf) ?? paths);
    await forEachLimited(ours, AT_ONCE, (path) => list(registry, host, path, request, found));
    return undefined;
  }

  return {
    name,
    kind: "ecr",
    rank,
    named: (path, registry) => {
      const hosts = registry === undefined ? registries.flatMap(({ host }) => host ?? []) : [registry];
      return hosts.map((host) => `${host}/${path}`).filter((repository) => rank(repository) !== undefined);
    },
    get requests() {
      return registries.reduce((sum, { requests }) => sum + requests, 0);
    },
    async scan(request, found) {
      const problems = await Promise.all(registries.map((registry) => scanRegion(registry, request, found)));
      const problem = problems.find((problem) => problem !== undefined);
      const complete = request.only === undefined && problem === undefined;
      return { complete, ...(problem !== undefined && { problem }) };
    },
    async details(repository, digest, signal) {
      const [host, path] = [hostOf(repository), pathOf(repository)];
      const registry = registryOf(repository);
      if (!registry) throw new RegistryError("not-found", "no region of this source has this registry", { host });
      const client = registry.client(host);
      return client.details(path, await client.manifest(path, digest, signal), signal);
    },
    async close() {
      await Promise.all(registries.map((registry) => registry.close()));
    },
  };
}
