import {
  type Digest,
  type ExecutorRegistryError,
  type Logger,
  type Repository,
  repositoryAt,
} from "@executor-registry/resolver";
import type { Naming } from "../../model/naming.ts";
import { compareVersionTags, isMovingTag } from "../../model/version-tag.ts";
import {
  type ImageSource,
  type KnownRepository,
  lasting,
  type ListedImage,
  problemOf,
  type RepositoryListing,
  type ScanOutcome,
  type ScanRequest,
  type UnreadTag,
} from "../image-source.ts";
import { RegistryError, RepositoryGoneError, TooLargeError } from "../../oci/wire/errors.ts";
import type { RegistryClient } from "../../oci/read/registry.ts";
import { repositoryReader } from "../../oci/read/repository-reader.ts";
import { isArtifactTag } from "../../oci/read/referrers.ts";
import { forEachLimited } from "../for-each-limited.ts";
import { selectRepositories, withoutDefaultPort } from "../repositories.ts";

/** What to look at in a registry that speaks the OCI Distribution API. */
export interface OciSourceOptions {
  readonly name: string;
  readonly client: RegistryClient;
  /** Paths within the registry; with `*` or `**` the registry's catalogue is read. */
  readonly repositories: readonly string[];
  readonly naming: Naming;
  readonly log: Logger;
}

/** Repositories, and tags of one repository, read at the same time; the client paces each host besides. */
const AT_ONCE = 8;
/** How many new images of one repository are handed over at a time: what was fetched is not lost with the process. */
const CHUNK = 200;
/** How many odd names are shown in the log. */
const SHOWN = 5;
/** The first are handed over sooner: they are the newest. */
const FIRST_CHUNK = 10;
/** Names of one registry that are kept while its catalogue is read: who may push could make it endless. */
const MAX_REPOSITORIES = 10_000;
/** Tags of one repository. */
const MAX_TAGS = 500_000;

const natural = new Intl.Collator("en", { numeric: true });
const newestFirst = (a: string, b: string): number => compareVersionTags(b, a) || natural.compare(b, a);

type Found = (listing: RepositoryListing) => Promise<void>;

/** Any registry that speaks the OCI Distribution API. */
export function createOciSource({ name, client, repositories, naming, log }: OciSourceOptions): ImageSource {
  const selection = selectRepositories(repositories, naming);
  const rank = ({ registry, path }: Repository): number | undefined =>
    registry === client.host ? selection.rank(path) : undefined;

  /** @param all takes the paths, also where the list breaks off */
  async function discover(all: Set<string>, signal: AbortSignal): Promise<void> {
    if (!selection.discovers) return;
    let leftOut = 0;
    const odd: string[] = [];
    const note = (path: string): void => void ((leftOut += 1) <= SHOWN && odd.push(path));
    for await (const page of client.repositories(signal, note)) {
      for (const path of page) {
        if (all.has(path) || selection.rank(path) === undefined) continue;
        if (all.size >= MAX_REPOSITORIES) throw tooMany("repositories that may hold executors", MAX_REPOSITORIES);
        all.add(path);
      }
    }
    if (leftOut > 0) {
      const message =
        "repositories whose names break the grammar of image references are left out: no reference can name them";
      log.warn({ source: name, leftOut, names: odd }, message);
    }
  }

  async function list(path: string, request: ScanRequest, found: Found): Promise<void> {
    const repository = repositoryAt(client.host, path);
    const known = request.known(repository);
    try {
      const tags = await tagsOf(path, request.signal);
      const holds = (tag: string): boolean => naming.typesOf(path, tag).length > 0;
      const lost = [...known.tags].filter((tag) => !tags.has(tag) && holds(tag));
      await new RepositoryReading(client, repository, known, request).read(tags, lost, found);
    } catch (error) {
      request.signal.throwIfAborted();
      const problem = problemOf(error);
      // What the service itself could not take in is not the registry's fault.
      if (problem.code === "store" || problem.code === "conflict") throw problem;
      const gone = problem instanceof RepositoryGoneError;
      await found(gone ? { state: "gone", repository } : { state: "failed", repository, problem });
    }
  }

  /** Each once, although one that is pushed meanwhile, or where pages overlap, is on two pages. */
  async function tagsOf(path: string, signal: AbortSignal): Promise<ReadonlySet<string>> {
    const tags = new Set<string>();
    for await (const page of client.tags(path, signal)) {
      for (const tag of page) if (!isArtifactTag(tag) && naming.typesOf(path, tag).length > 0) tags.add(tag);
      if (tags.size > MAX_TAGS) throw tooMany("tags", MAX_TAGS, path);
    }
    return tags;
  }

  const tooMany = (what: string, most: number, repository?: string): TooLargeError =>
    new TooLargeError(
      `it has more than ${most} ${what}; the rest is not read. Select fewer in the configuration`,
      most,
      {
        host: client.host,
        ...(repository !== undefined && { repository }),
      },
    );

  return {
    name,
    kind: "oci",
    rank,
    named: (path, registry) => {
      const repository = repositoryAt(client.host, path);
      const ours = registry === undefined || withoutDefaultPort(registry) === withoutDefaultPort(client.host);
      return ours && rank(repository) !== undefined ? [repository] : [];
    },
    get requests() {
      return client.requests;
    },
    get throttled() {
      return client.throttled;
    },
    get clockOffset() {
      return client.clockOffset;
    },
    async scan(request, found): Promise<ScanOutcome> {
      let problem: ExecutorRegistryError | undefined;
      const wanted = new Set<string>();
      if (request.only === undefined) {
        for (const path of selection.named) wanted.add(path);
        try {
          await discover(wanted, request.signal);
        } catch (error) {
          request.signal.throwIfAborted();
          problem = problemOf(error);
          log.debug(
            { source: name, code: problem.code, problem: problem.message },
            "the registry does not list its repositories",
          );
        }
      } else {
        for (const repository of request.only) if (rank(repository) !== undefined) wanted.add(repository.path);
      }
      request.progress?.({ repositories: wanted.size });
      await forEachLimited(wanted, AT_ONCE, (path) => list(path, request, found));
      return {
        complete: request.only === undefined && problem === undefined,
        ...(problem === undefined ? {} : { problem }),
      };
    },
    async details({ path }, digest, signal) {
      return client.details(path, await client.manifest(path, digest, signal), signal);
    },
    reader: ({ path }) => repositoryReader(() => client, path),
    close: () => client.close(),
  };
}

/** One reading of one repository. */
class RepositoryReading {
  readonly #client: RegistryClient;
  readonly #repository: Repository;
  readonly #known: KnownRepository;
  readonly #request: ScanRequest;
  readonly #images = new Map<Digest, { details?: ListedImage["details"]; readonly tags: string[] }>();
  readonly #unread = new Map<string, UnreadTag>();
  /** Tags that are to be looked up. */
  readonly #asked = new Set<string>();
  /** Tags that name something. */
  readonly #read = new Set<string>();
  #problem: RegistryError | undefined;
  #fetched = 0;

  constructor(client: RegistryClient, repository: Repository, known: KnownRepository, request: ScanRequest) {
    this.#client = client;
    this.#repository = repository;
    this.#known = known;
    this.#request = request;
  }

  /** @param lost tags that were there, and are not in the list any more */
  async read(tags: Iterable<string>, lost: readonly string[], found: Found): Promise<void> {
    const { recheck, progress } = this.#request;
    const asked = recheck === "all" ? recheck : (recheck?.get(this.#repository.name) ?? []);
    const lookUp: string[] = [];
    for (const tag of tags) {
      const digest = this.#known.digestOf(tag);
      if (asked === "all" || asked.includes(tag)) this.#asked.add(tag);
      const again = this.#asked.has(tag) || isMovingTag(tag) || this.#known.isDue(tag);
      if (digest === undefined || again) lookUp.push(tag);
      else this.#keep(tag, digest);
    }
    // The newest first, so that there is an answer early.
    lookUp.sort(newestFirst);
    for (const tag of [...lost, ...lookUp]) this.#unread.set(tag, { tag });
    progress?.({ tags: lookUp.length + lost.length });
    await forEachLimited(lost, AT_ONCE, (tag) => this.#lookUp(tag));
    const left = lost.filter((tag) => this.#read.has(tag));
    if (left.length > 0) this.#problem = this.#leftOut(left);
    let handedOver = 0;
    await forEachLimited(lookUp, AT_ONCE, async (tag) => {
      await this.#lookUp(tag);
      const chunk = handedOver === 0 ? FIRST_CHUNK : CHUNK;
      if (this.#fetched - handedOver < chunk) return;
      handedOver = this.#fetched;
      await found(this.#listing());
    });
    await found({ ...this.#listing(), asked: true });
  }

  #leftOut(tags: readonly string[]): RegistryError {
    const place = { host: this.#client.host, repository: this.#repository.path };
    const why = `its list of tags leaves out ${tags.length} that are there, such as ${tags[0]}`;
    return new RegistryError("registry-protocol", why, place);
  }

  #listing(): RepositoryListing & { readonly state: "listed" } {
    const images = [...this.#images].map(([digest, { tags, details }]) => ({
      digest,
      tags: [...tags].sort(),
      ...(details === undefined ? {} : { details }),
    }));
    const problem = this.#problem;
    const unread = [...this.#unread.values()];
    return { state: "listed", repository: this.#repository, images, unread, ...(problem && { problem }) };
  }

  #add(tag: string, digest: Digest, details?: ListedImage["details"]): void {
    const image = this.#images.get(digest) ?? { tags: [] };
    image.tags.push(tag);
    if (details !== undefined) image.details = details;
    this.#images.set(digest, image);
    this.#unread.delete(tag);
    this.#read.add(tag);
  }

  /** A tag that names what it named before. */
  #keep(tag: string, digest: Digest): void {
    const problem = this.#known.unreadable(digest);
    if (problem === undefined || this.#hasDetails(digest)) this.#add(tag, digest);
    else this.#unread.set(tag, { tag, digest, problem });
  }

  /** A tag that is known costs a HEAD, one that is new its manifest and configuration. */
  async #lookUp(tag: string): Promise<void> {
    const { signal } = this.#request;
    const before = this.#known.digestOf(tag);
    try {
      if (before !== undefined) {
        const head = await this.#client.head(this.#repository.path, tag, signal, before);
        if (head === undefined) this.#unread.delete(tag);
        else if (this.#asked.has(tag) && this.#known.unreadable(head.digest)) await this.#fetch(tag);
        else if (head.digest === before || this.#hasDetails(head.digest)) this.#keep(tag, head.digest);
        else await this.#fetch(tag);
      } else await this.#fetch(tag);
    } catch (error) {
      signal.throwIfAborted();
      const problem = problemOf(error);
      // Deleted between the listing and now.
      if (problem.code === "not-found") this.#unread.delete(tag);
      else this.#unread.set(tag, { tag, ...lasting(problem), problem });
    } finally {
      this.#request.progress?.({ tagsRead: 1 });
    }
  }

  async #fetch(tag: string): Promise<void> {
    const { signal } = this.#request;
    const manifest = await this.#client.manifest(this.#repository.path, tag, signal);
    if (this.#hasDetails(manifest.digest)) return this.#add(tag, manifest.digest);
    const details = await this.#client.details(this.#repository.path, manifest, signal);
    this.#fetched += 1;
    this.#add(tag, manifest.digest, details);
  }

  #hasDetails(digest: Digest): boolean {
    return this.#known.hasDetails(digest) || this.#images.get(digest)?.details !== undefined;
  }
}
