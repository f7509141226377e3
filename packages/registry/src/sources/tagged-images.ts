import { type Digest, isDigest } from "@executor-registry/resolver";
import { isArtifactTag } from "../oci/read/referrers.ts";
import { type Place, RegistryError } from "../oci/wire/errors.ts";
import type { ListedImage } from "./image-source.ts";

/** Gathers the images of one repository from a listing that names each with its tags. */
export class TaggedImages {
  readonly #byTag = new Map<string, Digest>();
  readonly #pushed = new Map<Digest, string>();
  readonly #place: Place;
  readonly #holds: (tag: string) => boolean;

  /** @param holds whether a tag is one of an executor */
  constructor(place: Place, holds: (tag: string) => boolean) {
    this.#place = place;
    this.#holds = holds;
  }

  /** @throws RegistryError code `registry-protocol` for what is no digest */
  add(digest: string | undefined, tags: readonly string[], pushed: Date | undefined): void {
    if (digest === undefined || !isDigest(digest)) {
      throw new RegistryError("registry-protocol", "its list of images names one without a digest", this.#place);
    }
    // The pages are no snapshot: a tag that moved between two of them is on both, and the later one is right.
    for (const tag of tags) if (!isArtifactTag(tag) && this.#holds(tag)) this.#byTag.set(tag, digest);
    if (pushed !== undefined && !Number.isNaN(pushed.getTime())) this.#pushed.set(digest, pushed.toISOString());
  }

  list(): readonly ListedImage[] {
    const tagged = new Map<Digest, string[]>();
    for (const [tag, digest] of this.#byTag) tagged.set(digest, [...(tagged.get(digest) ?? []), tag]);
    return [...tagged].map(([digest, tags]) => {
      const pushed = this.#pushed.get(digest);
      return { digest, tags: tags.sort(), ...(pushed !== undefined && { pushed }) };
    });
  }
}
