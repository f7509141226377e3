import type { Digest } from "@executor-registry/resolver";
import { type Beaten, beaten } from "./beaten.ts";
import { choose, type Choice } from "./current.ts";
import type { Grounds } from "./rules.ts";
import type { UnreadRecord } from "../model/change.ts";
import { oneLine } from "../model/one-line.ts";
import type { TypeProfile } from "../model/type-profile.ts";
import { Recency, RecencyOrder } from "../policies/recency.ts";
import type { CatalogueImage, CatalogueType, ImageState } from "../catalogue/state.ts";

/** A tag that could not be read, as `GET /executors/{type}/versions` lists it. */
export interface UnreadTagDocument extends Omit<UnreadRecord, "since"> {
  readonly repository: string;
}

const MAX_UNREAD = 500;

/** What is asked of a type again and again, worked out once after each change of it. */
export class TypeView {
  readonly choice: Choice;
  readonly #type: CatalogueType;
  readonly #grounds: Grounds;
  #newest: readonly CatalogueImage[] | undefined;
  readonly #byState = new Map<ImageState, readonly CatalogueImage[]>();

  constructor(type: CatalogueType, grounds: Grounds) {
    this.#type = type;
    this.#grounds = grounds;
    this.choice = choose(type, grounds);
  }

  get type(): string {
    return this.#type.type;
  }

  /** What the configuration says of it. */
  get profile(): TypeProfile | undefined {
    return this.#grounds.rules.profile;
  }

  get current(): Choice["current"] {
    return this.choice.current;
  }

  /** The version that fails, so that the type's policy refuses the type. */
  get refused(): Choice["refused"] {
    return this.choice.refused;
  }

  /** Its images, newest first: all, or those in a state. */
  images(state?: ImageState): readonly CatalogueImage[] {
    this.#newest ??= this.#ordered();
    if (state === undefined) return this.#newest;
    let images = this.#byState.get(state);
    if (images === undefined)
      this.#byState.set(state, (images = this.#newest.filter((image) => image.state === state)));
    return images;
  }

  /** Its images with a digest or a tag, the best first: the current one, then those that are there, newest first. */
  named(name: Digest | { readonly tag: string }): readonly CatalogueImage[] {
    const meant = (image: CatalogueImage): boolean =>
      typeof name === "string" ? image.digest === name : image.tags.includes(name.tag);
    const place = (image: CatalogueImage): number => (this.isCurrent(image) ? 0 : image.state === "withdrawn" ? 2 : 1);
    return this.images()
      .filter(meant)
      .sort((a, b) => place(a) - place(b));
  }

  /** Whether it is the current version. What is read twice of images that are kept packed is not one object. */
  isCurrent({ repository, digest }: CatalogueImage): boolean {
    const current = this.current?.image;
    return digest === current?.digest && repository.name === current.repository.name;
  }

  /** Why an image that passes is not the current version. */
  beaten(image: CatalogueImage): Beaten {
    return beaten(image, this.current, this.#type, this.#grounds);
  }

  /** The repositories that hold, or held, images of it. */
  get repositories(): readonly string[] {
    return this.#type.images.repositories();
  }

  /** The tags of its repositories that could not be read, and how many there are: what is listed is bounded. */
  unread(): { readonly unread: readonly UnreadTagDocument[]; readonly total: number } {
    const { repositories } = this;
    const unread = repositories.flatMap((repository) =>
      (this.#grounds.readsOf(repository)?.unread ?? []).map(({ tag, digest, code, reason }) => {
        return { repository, tag, ...(digest !== undefined && { digest }), code, reason: oneLine(reason) };
      }),
    );
    const total = repositories.reduce(
      (sum, repository) => sum + (this.#grounds.readsOf(repository)?.unreadTotal ?? 0),
      0,
    );
    return { unread: unread.slice(0, MAX_UNREAD), total };
  }

  #ordered(): readonly CatalogueImage[] {
    const all = [...this.#type.images].map((image) => new Recency(image, this.#grounds.readsOf(image.repository.name)));
    const order = new RecencyOrder(all);
    return all.sort((a, b) => order.compare(b, a)).map(({ image }) => image);
  }
}
