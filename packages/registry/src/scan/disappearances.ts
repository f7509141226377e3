import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { RepositoryListing } from "../sources/image-source.ts";

/** A listing by which a repository that held images holds none any more. */
export type EmptyListing = Exclude<RepositoryListing, { state: "failed" }>;

/** One that lost them, and how many there were. */
export interface Emptied {
  readonly listing: EmptyListing;
  readonly images: number;
}

/** So many images of a repository, or repositories of a source, that disappear together are more likely a fault than meant. */
const MANY = 3;
const MAX_NAMED = 3;

/**
 * What disappears as a whole has to be seen twice, at least one interval apart: a registry whose storage is away says of everything that it
 * does not exist. One image that was deleted, of which the registry says so by itself, is believed at once.
 */
export class Disappearances {
  /** Milliseconds between the two looks. */
  readonly #apart: number;
  readonly #since = new Map<string, number>();
  readonly #images = new Map<string, number>();

  constructor(apart: number) {
    this.#apart = apart;
  }

  /** Images of the repository were seen, or there are none left that could disappear. */
  seen(repository: string): void {
    this.#since.delete(repository);
  }

  /**
   * Which of these are to be believed now.
   * @param all how many repositories of the source held images; `undefined` where not all were looked at
   */
  believed(emptied: readonly Emptied[], all: number | undefined, now: number): readonly EmptyListing[] {
    const mass = all !== undefined && emptied.length >= MANY && emptied.length * 2 > all;
    return emptied.flatMap(({ listing, images }) => {
      const { name: repository } = listing.repository;
      const doubtful = mass || listing.state === "gone" || listing.asked !== true || images >= MANY;
      const since = this.#since.get(repository);
      if (doubtful && (since === undefined || now - since < this.#apart)) {
        if (since === undefined) this.#since.set(repository, now);
        return [];
      }
      this.#since.delete(repository);
      return [listing];
    });
  }

  /** Whether it is to be believed now that an image is gone which a type is answered with: of that no single answer is believed. */
  confirmed(image: string, now: number): boolean {
    const since = this.#images.get(image);
    if (since === undefined) this.#images.set(image, now);
    if (since === undefined || now - since < this.#apart) return false;
    this.#images.delete(image);
    return true;
  }

  /** The registry has the image. */
  present(image: string): void {
    this.#images.delete(image);
  }

  /** What is held back, in a sentence; `undefined` where nothing is. */
  problem(): ExecutorRegistryError | undefined {
    const names = [...this.#since.keys()].sort();
    if (names.length === 0) return undefined;
    const more = names.length > MAX_NAMED ? ` and ${names.length - MAX_NAMED} more` : "";
    const which = names.slice(0, MAX_NAMED).join(", ") + more;
    const why =
      `all images of ${names.length === 1 ? "a repository" : `${names.length} repositories`} seem to be gone (${which}); ` +
      "nothing is withdrawn before a look at least one interval later says so again. If that is not meant, look at the registry's storage";
    return new ExecutorRegistryError("not-found", why, { retryable: false });
  }
}
