import type { CatalogueImage } from "../catalogue/state.ts";
import { versionTag } from "../model/version-tag.ts";
import { Candidate } from "./candidate.ts";
import { type DropMark, isFurther } from "./drops.ts";
import { type HeldTags, type ImageNames, ownNames } from "./held-tags.ts";
import type { Ordering, Reading } from "./ordering.ts";
import type { TagFilter } from "./tag-filter.ts";
import { naturalOrder } from "./text-order.ts";

/** Of an image that each commit tags again: what is made of its tags is kept beyond the image, which each new one replaces. */
const MANY_TAGS = 20;

/** A tag that makes its image a candidate. */
interface MatchingTag<Key> {
  readonly tag: string;
  readonly key: Key;
  readonly reading: Reading<Key>;
}

/** Reads images by their tags: each once, as long as the image stays as it is. */
export class ImageReader<Key> {
  readonly filter: TagFilter;
  readonly #ordering: Ordering<Key>;
  readonly #platform: string | undefined;
  readonly #read = new WeakMap<CatalogueImage, Candidate<Key> | DropMark>();

  /** @param platform that images have to run on */
  constructor(filter: TagFilter, ordering: Ordering<Key>, platform: string | undefined) {
    this.filter = filter;
    this.#ordering = ordering;
    this.#platform = platform;
  }

  read(image: CatalogueImage, held: HeldTags | undefined): Candidate<Key> | DropMark {
    if (held?.affects(image)) return this.#readImage(image, held.namesOf(image));
    let read = this.#read.get(image);
    if (read === undefined) this.#read.set(image, (read = this.#readImage(image, ownNames(image))));
    return read;
  }

  /** What a tag says, whether or not it is left out by a filter. */
  readingOf(tag: string, image: CatalogueImage): Reading<Key> {
    const text = this.filter.extracted(tag);
    return text === undefined ? {} : this.#ordering.read(text, tag, image);
  }

  #readImage(image: CatalogueImage, { tags, moved }: ImageNames): Candidate<Key> | DropMark {
    const platforms = image.details?.platforms ?? [];
    if (this.#platform !== undefined && !runsOn(platforms, this.#platform))
      return { code: "platform", tag: versionTag(image.tags) };
    let furthest: DropMark | undefined = moved === undefined ? undefined : { code: "tag-moved", tag: moved };
    const matching: MatchingTag<Key>[] = [];
    for (const tag of tags) {
      const read = this.#readTag(tag, image);
      if ("key" in read) matching.push(read);
      else if (furthest === undefined || isFurther(read.code, furthest.code)) furthest = read;
    }
    return this.#bestOf(matching, image) ?? furthest ?? { code: "tag-moved", tag: versionTag(image.tags) };
  }

  #readTag(tag: string, image: CatalogueImage): DropMark | MatchingTag<Key> {
    const text = this.filter.textOf(tag, image.tags.length > MANY_TAGS);
    if (typeof text !== "string") return text;
    const reading = this.#ordering.read(text, tag, image);
    const { key, drop, note } = reading;
    if (drop === undefined && key !== undefined) return { tag, key, reading };
    return { code: drop ?? "not-a-version", tag, text, ...(note && { note }) };
  }

  /** By the best key, and the tag that gave it. */
  #bestOf(matching: readonly MatchingTag<Key>[], image: CatalogueImage): Candidate<Key> | undefined {
    const { compareKeys, shownTag } = this.#ordering;
    let [best] = matching;
    if (best === undefined) return undefined;
    for (const one of matching) {
      const higher = compareKeys(one.key, best.key);
      if (higher > 0 || (higher === 0 && isShownBefore(one.tag, best.tag))) best = one;
    }
    let { tag } = best;
    const { key, reading } = best;
    if (shownTag !== undefined && matching.length > 1)
      tag = shownTag(matching.filter((one) => compareKeys(one.key, key) === 0).map((one) => one.tag));
    return new Candidate(image, tag, key, reading.note, reading.tagged);
  }
}

/** The longest first, then the higher in natural order. */
const isShownBefore = (a: string, b: string): boolean =>
  a.length === b.length ? naturalOrder(a, b) > 0 : a.length > b.length;

/** `arm64` is `arm64/v8`: there was no other before. */
const withVariant = (platform: string): string => platform.replace(/\/arm64$/, "/arm64/v8");

/** Whether an image with these platforms runs on one. Without a variant any variant will do. */
function runsOn(platforms: readonly string[], wanted: string): boolean {
  return platforms.some((one) => withVariant(one) === withVariant(wanted) || one.startsWith(`${wanted}/`));
}
