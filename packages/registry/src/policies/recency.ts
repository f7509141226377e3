import { compareVersions, isHigher, type TagVersion, tagVersion } from "@executor-registry/resolver";
import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import { versionTag } from "../model/version-tag.ts";
import { naturalOrder } from "./text-order.ts";

/** Builds that strip times set 1970 or 1980; nothing older than registries of images is believed. */
const FIRST_BELIEVED_MS = Date.parse("2013-03-01T00:00:00Z");
/** How far another machine's clock may be ahead of this one's when an image is first seen. */
const AHEAD_MS = 5 * 60_000;

const known = new WeakMap<CatalogueImage, { readonly first: number | undefined; readonly recency: Recency }>();

/** What shows how new an image is, by what was known when it was first recorded: later looks change nothing of it. */
export class Recency {
  readonly image: CatalogueImage;
  /** When its registry received it, by the registry's account. Milliseconds since the Unix epoch, as all times here. */
  readonly pushed: number | undefined;
  /** When a tag came to it after it was found, where that counts as a push. */
  readonly tagged: number | undefined;
  /** By its own account; 0 where that is no evidence. */
  readonly created: number;
  /** When it was first read. */
  readonly found: number;
  /** The look that found it, as its place in the journal; 0 for all up to the first complete one. */
  readonly look: number;
  /** The order in which older versions found it; 0 for all others. */
  readonly before: number;
  #tag: string | undefined;
  #version: TagVersion | undefined | null = null;

  /**
   * @param reads what came of the looks at the image's repository
   * @param tag that it is shown by; the most telling one when absent
   * @param tagged see {@link Recency.tagged}
   */
  constructor(image: CatalogueImage, reads: RepositoryReads | undefined, tag?: string, tagged?: number) {
    this.found = Date.parse(image.found);
    const latest = this.found + AHEAD_MS;
    const created = Date.parse(image.details?.created ?? "");
    this.image = image;
    const pushed = image.pushed === undefined ? undefined : Math.min(Date.parse(image.pushed), latest);
    this.tagged = tagged;
    this.pushed = tagged === undefined ? pushed : Math.max(tagged, pushed ?? 0);
    this.created = created >= FIRST_BELIEVED_MS && created <= latest ? created : 0;
    const first = reads?.firstComplete ?? Infinity;
    this.look = image.since < first ? 0 : image.since;
    this.before = Math.min(0, image.since);
    this.#tag = tag;
  }

  /** Of an image by its most telling tag; the same one as long as nothing of it changes. */
  static of(image: CatalogueImage, reads: RepositoryReads | undefined): Recency {
    const first = reads?.firstComplete;
    const kept = known.get(image);
    if (kept?.first === first && kept !== undefined) return kept.recency;
    const recency = new Recency(image, reads);
    known.set(image, { first, recency });
    return recency;
  }

  get tag(): string {
    return (this.#tag ??= versionTag(this.image.tags));
  }

  get version(): TagVersion | undefined {
    if (this.#version === null) this.#version = tagVersion(this.tag);
    return this.#version;
  }
}

/** What tells two images apart. `name` is no evidence: it only makes the choice the same each time. */
export type Difference = "pushed" | "found" | "created" | "version" | "name";

/**
 * The order of images by how new they are: total, and the same on every replica. Each image has a tuple, and the first member that differs
 * decides: `[time, look, created, before]`, then the version, the tag and the digest.
 *
 * Where the registry reports the time of push, that is the time, and the next three members are 0. Else what came after the
 * first complete look at its repository is newer than all that this look found, and what one look found came in the order of reading, which
 * says nothing: then the time of the build counts where it is believable, and then the version. So the time of such an image is that of its
 * look; of the first look's, which were there before, it is that of the build, or 0.
 *
 * No image says when its look was. Each was read after its look began, and looks are in the order of the journal, whatever a clock
 * says: the least time at which an image of a look, or of a later one, was read is the nearest that is known. Such times never fall
 * from one look to the next, so that images without times of push are in the order of their looks, and those of the first look below the
 * others; only against images with times of push do they count. The journal's times never fall either: what is found now was read last, also
 * where an earlier look could not read it, and is the least of nothing that was there before. So an image more does not turn the order of
 * two others.
 */
export class RecencyOrder {
  readonly #all: Iterable<Recency>;
  #looks: LookTimes | undefined;

  /** @param all whose looks are known; those that are compared among them */
  constructor(all: Iterable<Recency>) {
    this.#all = all;
  }

  /** Which of two images is newer: positive for `a`. Zero for an image and itself. */
  compare(a: Recency, b: Recency): number {
    return this.compareTimes(a, b) || compareNames(a, b);
  }

  /** As {@link compare}, without what is no evidence of time. */
  compareTimes(a: Recency, b: Recency): number {
    if (a.pushed !== undefined && b.pushed !== undefined) return a.pushed - b.pushed;
    if (a.pushed === undefined && b.pushed === undefined) return compareLooks(a, b);
    return this.#timeOf(a) - this.#timeOf(b) || compareLooks(looksOf(a), looksOf(b));
  }

  /** By what {@link compare} tells two images apart. */
  difference(a: Recency, b: Recency): Difference {
    if (this.compareTimes(a, b) !== 0) {
      if (a.pushed !== undefined || b.pushed !== undefined) return "pushed";
      return a.look === b.look && a.created !== b.created ? "created" : "found";
    }
    return isCertain(a, b) || isCertain(b, a) ? "version" : "name";
  }

  #timeOf({ pushed, look, created }: Recency): number {
    if (pushed !== undefined) return pushed;
    this.#looks ??= new LookTimes(this.#all);
    return look > 0 ? this.#looks.of(look) : Math.min(created, this.#looks.of(1));
  }
}

type Looks = Pick<Recency, "look" | "created" | "before">;
const NO_LOOKS: Looks = { look: 0, created: 0, before: 0 };
const looksOf = (one: Recency): Looks => (one.pushed === undefined ? one : NO_LOOKS);

const compareLooks = (a: Looks, b: Looks): number => a.look - b.look || a.created - b.created || a.before - b.before;

function compareNames(a: Recency, b: Recency): number {
  const version = Number(a.version !== undefined) - Number(b.version !== undefined);
  const higher = a.version && b.version ? compareVersions(a.version, b.version) : version;
  return higher || naturalOrder(a.tag, b.tag) || compareDigests(a.image, b.image);
}

const compareDigests = ({ digest: a }: CatalogueImage, { digest: b }: CatalogueImage): number =>
  a < b ? -1 : a > b ? 1 : 0;

const isCertain = (a: Recency, b: Recency): boolean =>
  a.version !== undefined && b.version !== undefined && isHigher(a.version, b.version);

/** When looks were, at the latest. */
class LookTimes {
  /** What looks found, the last look's first, each with the least time from there on: times fall. */
  readonly #times: { readonly look: number; time: number }[] = [];

  constructor(all: Iterable<Recency>) {
    for (const { look, found } of all) if (look > 0) this.#times.push({ look, time: found });
    this.#times.sort((a, b) => b.look - a.look);
    let least = Infinity;
    for (const one of this.#times) least = one.time = Math.min(least, one.time);
  }

  /** The least of a look and those after it; infinite where there is none. */
  of(look: number): number {
    let [low, high] = [0, this.#times.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#times[middle]?.look ?? 0) >= look) low = middle + 1;
      else high = middle;
    }
    return this.#times[low - 1]?.time ?? Infinity;
  }
}
