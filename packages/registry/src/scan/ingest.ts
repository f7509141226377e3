import {
  type Digest,
  type ExecutorRegistryError,
  type Logger,
  parseReference,
  type Repository,
} from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { boundedDetails, type ImageDetails, isDescribed } from "../model/image.ts";
import type { Naming } from "../model/naming.ts";
import { reconcile, type Observation, type Recording } from "../catalogue/reconcile.ts";
import { recordLook } from "../catalogue/repository-read.ts";
import { isRunnable } from "../model/runnable.ts";
import {
  type ImageSource,
  lasting,
  type ListedImage,
  problemOf,
  type RepositoryListing,
  type UnreadTag,
} from "../sources/image-source.ts";
import { forEachLimited } from "../sources/for-each-limited.ts";
import type { Span } from "../tracing/tracer.ts";
import { unreadableIn } from "./known.ts";
import { heldOutside, presenceOf } from "./presence.ts";

/** Where the registry tells when images were pushed, the older ones' details do not matter until they become current. */
const DETAILED = 10;
/** Artifacts among the last pushed are passed over this many times to find images; the next look goes on. */
const ROUNDS = 10;
const AT_ONCE = 8;

/** What taking in a listing needs. */
export interface IngestOptions {
  readonly catalogue: Catalogue;
  /** Writes down what was seen. */
  readonly record: Recording;
  readonly naming: Naming;
  readonly log: Logger;
}

/** A tag that could not be read. */
type Failure = UnreadTag & { readonly problem: ExecutorRegistryError };

/** What came of a listing. */
export interface Ingested {
  /** Entries written to the journal. */
  readonly changes: number;
  /** Tags that could not be read, with what kept them from it. */
  readonly unread: readonly Failure[];
}

/** Who looked, and why: for the journal. */
export interface Reason {
  readonly actor: string;
  readonly why: string;
  /** What caused it, where that is traced. */
  readonly span?: Span;
}

/** One look at a repository. */
export interface Look extends Reason {
  /** The head of the journal when it began. */
  readonly since: number;
  /** Whether an image is to be believed gone, of which the registry says so by itself. */
  confirmed(image: string): boolean;
  /** The registry has it. */
  present(image: string): void;
  /** Whether no look that began later was taken in before. Asked when the decision is written down: much may happen until then. */
  newest(): boolean;
}

/** Takes in what a source saw of one repository: fetches what is missing, writes down what changed. */
export async function ingest(
  source: ImageSource,
  listing: Exclude<RepositoryListing, { state: "failed" }>,
  look: Look,
  { catalogue, record, naming, log }: IngestOptions,
  signal: AbortSignal,
  progressed: () => void,
): Promise<Ingested> {
  const { actor, why, span, since, newest } = look;
  const { repository } = listing;
  const { name, path } = repository;
  const problem = invalidName(repository);
  if (problem !== undefined && listing.state === "listed") {
    const unread = listing.images.flatMap(({ tags }) => tags.map((tag) => ({ tag, problem })));
    report(log, source, look, repository, unread);
    return { changes: 0, unread };
  }
  const listed = listing.state === "gone" ? [] : listing.images;
  const images = listed.filter(({ tags }) => tags.some((tag) => naming.typesOf(path, tag).length > 0));
  const known = catalogue.imagesOf(name);
  const unreadable = unreadableIn(catalogue, repository);
  const unread: UnreadTag[] = listing.state === "gone" ? [] : [...listing.unread];

  const details = new Map<Digest, ImageDetails>();
  for (const image of images) if (image.details) details.set(image.digest, boundedDetails(image.details));
  const failed = new Set<Digest>();
  const detailsOf = ({ digest }: ListedImage): ImageDetails | undefined =>
    details.get(digest) ?? known.get(digest)?.details;
  const lacks = (image: ListedImage): boolean =>
    !details.has(image.digest) && !failed.has(image.digest) && !isDescribed(detailsOf(image));
  for (let round = 0; round < ROUNDS; round += 1) {
    const lacking = wanting(images, (image) => isRunnable(detailsOf(image))).filter(lacks);
    if (lacking.length === 0) break;
    await forEachLimited(lacking, AT_ONCE, async ({ digest, tags }) => {
      const problem = unreadable.get(digest);
      if (problem !== undefined) {
        failed.add(digest);
        for (const tag of tags) unread.push({ tag, digest, problem });
        return;
      }
      try {
        details.set(digest, boundedDetails(await source.details(repository, digest, signal)));
        progressed();
      } catch (error) {
        signal.throwIfAborted();
        const problem = problemOf(error);
        failed.add(digest);
        for (const tag of tags) unread.push({ tag, ...lasting(problem), problem });
      }
    });
  }

  const readable = images.filter(({ digest }) => !failed.has(digest) || known.get(digest)?.details !== undefined);
  const seen: Observation = {
    source: source.name,
    since,
    repository,
    images: readable,
    unread: new Set(unread.map(({ tag }) => tag)),
    gone: listing.state === "gone" ? `repository ${name} does not exist any more` : "no tag names it any more",
    details,
    presence: await presenceOf(heldOutside(catalogue, repository, readable), { source, repository, look, signal }),
  };
  const failures = unread.flatMap(({ problem, ...tag }) => (problem ? [{ ...tag, problem }] : []));
  const ended = failures.length === unread.length;
  const read = { source: source.name, since, repository: name, unread: failures };
  const entries = await record({ actor, why, ...(span && { span }) }, (state) =>
    newest() ? [...reconcile(state, seen, naming), ...(ended ? recordLook(state, read) : [])] : [],
  );
  report(log, source, look, repository, failures);
  return { changes: entries.length, unread: failures };
}

/** Why a repository's name is no part of any reference: with its host it is too long, for example. What is in it cannot be run. */
function invalidName({ name }: Repository): ExecutorRegistryError | undefined {
  try {
    parseReference(name);
    return undefined;
  } catch (error) {
    return problemOf(error);
  }
}

/** The images whose details matter: all, or the last pushed where the registry tells, as long as they may be run. */
function wanting(images: readonly ListedImage[], runnable: (image: ListedImage) => boolean): readonly ListedImage[] {
  if (images.some(({ pushed }) => pushed === undefined)) return images;
  return [...images]
    .sort((a, b) => Date.parse(b.pushed ?? "") - Date.parse(a.pushed ?? ""))
    .filter(runnable)
    .slice(0, DETAILED);
}

function report(
  log: Logger,
  source: ImageSource,
  { span }: Reason,
  { name }: Repository,
  failures: readonly Failure[],
): void {
  const [first] = failures;
  if (first === undefined) return;
  const { tag, problem } = first;
  log.warn(
    { source: source.name, repository: name, unread: failures.length, tag, code: problem.code, ...span?.ids },
    `could not read ${tag}: ${problem.message}`,
  );
}
