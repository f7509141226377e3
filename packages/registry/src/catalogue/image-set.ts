import type { Digest } from "@executor-registry/resolver";
import { findPacked, packedVerdicts, packImages, unpackImages } from "./packed-images.ts";
import type { Recent } from "../model/recent.ts";
import type { CatalogueImage } from "./state.ts";

/** By repository and digest. One key for both would be a long text of its own for each. */
type Images = Map<string, Map<Digest, CatalogueImage>>;

/** What images have in common by which they are found. */
export type ImageHolder = Pick<CatalogueImage, "repository" | "source" | "state">;

/** An image set as it is kept. */
export interface PackedImageSet {
  readonly size: number;
  readonly holders: readonly ImageHolder[];
  readonly images: string;
}

/**
 * Images of one type. Most types change seldom: those that were not changed lately are kept packed. What is read from these is not kept
 * besides, since a look at every type would leave as much to collect as all of them take.
 */
export class ImageSet {
  readonly #recent: Recent<ImageSet>;
  /** Absent where an image was put since. */
  #packed: string | undefined;
  #images: Images | undefined;
  #holders: readonly ImageHolder[] | undefined;
  #size: number;

  /** @param packed what another had; none where absent */
  constructor(recent: Recent<ImageSet>, packed?: PackedImageSet) {
    this.#recent = recent;
    this.#packed = packed?.images;
    this.#holders = packed?.holders;
    this.#size = packed?.size ?? 0;
    if (packed === undefined) this.#images = new Map();
  }

  get size(): number {
    return this.#size;
  }

  get(repository: string, digest: Digest): CatalogueImage | undefined {
    if (this.#images !== undefined) return this.#images.get(repository)?.get(digest);
    return findPacked(this.#packed ?? "", repository, digest);
  }

  /** Adds an image, or takes the place of the one with its repository and digest. */
  put(image: CatalogueImage): void {
    this.#images ??= unpacked(this.#packed ?? "");
    if (putInto(this.#images, image) === "added") this.#size += 1;
    this.#packed = undefined;
    this.#holders = undefined;
    this.#recent.use(this, this.#size);
  }

  /** Those of one repository, as they are now. */
  of(repository: string): ReadonlyMap<Digest, CatalogueImage> {
    if (this.#images !== undefined) return this.#images.get(repository) ?? new Map();
    const images = new Map<Digest, CatalogueImage>();
    for (const image of this) if (image.repository.name === repository) images.set(image.digest, image);
    return images;
  }

  /** All of them, repository by repository. */
  *[Symbol.iterator](): Generator<CatalogueImage> {
    if (this.#images === undefined) yield* unpackImages(this.#packed ?? "");
    else for (const images of this.#images.values()) yield* images.values();
  }

  /** The different verdicts that they have; where only few differ, next to nothing is unpacked for it. */
  *verdicts(): Generator<CatalogueImage["verdicts"]> {
    if (this.#images === undefined) yield* packedVerdicts(this.#packed ?? "");
    else for (const { verdicts } of this) yield verdicts;
  }

  /** In which repositories they are, of which sources, in which states: each once, in the order of the first of them. Nothing is unpacked for it. */
  get holders(): readonly ImageHolder[] {
    return (this.#holders ??= holdersOf(this));
  }

  repositories(): readonly string[] {
    return [...new Set(this.holders.map(({ repository }) => repository.name))];
  }

  get packed(): PackedImageSet {
    return { size: this.#size, holders: this.holders, images: (this.#packed ??= packImages(this)) };
  }

  /** Keeps them packed until one of them is used again. */
  pack(): void {
    ({ holders: this.#holders, images: this.#packed } = this.packed);
    this.#images = undefined;
  }
}

/** Adds an image, or takes the place of the one with its repository and digest. Says which it was. */
function putInto(all: Images, image: CatalogueImage): "added" | "replaced" {
  const { repository, digest } = image;
  let images = all.get(repository.name);
  if (images === undefined) all.set(repository.name, (images = new Map()));
  const known = images.has(digest);
  images.set(digest, image);
  return known ? "replaced" : "added";
}

function unpacked(text: string): Images {
  const all: Images = new Map();
  for (const image of unpackImages(text)) putInto(all, image);
  return all;
}

function holdersOf(images: Iterable<CatalogueImage>): readonly ImageHolder[] {
  const holders = new Map<string, ImageHolder>();
  for (const { repository, source, state } of images) {
    const key = `${repository.name} ${source} ${state}`;
    if (!holders.has(key)) holders.set(key, { repository, source, state });
  }
  return [...holders.values()];
}
