import { hash } from "node:crypto";
import { isDigest, pinnedName, type Repository, tryParseReference, VERSION } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueType } from "../catalogue/state.ts";
import { Answers, CATALOGUE, type Order } from "./answers.ts";
import { executorDocument } from "./document.ts";
import type { OnInvalid } from "../model/verdict.ts";
import type { Snapshot } from "./snapshot.ts";
import { Recent } from "../model/recent.ts";
import { TypeView } from "./type-view.ts";

/** Each takes about 600 bytes, where the catalogue does not hold it too. */
const MAX_VIEWED_IMAGES = 10_000;

/** Counts the changes of what is answered in the same state: answers that were kept before are chosen again. */
const ANSWER_FORMAT = 1;

/** What is current of each type of a catalogue: chosen and rendered once after each change. */
export class Choices {
  /** What readers are given, together with what is watched instead of kept in the catalogue. */
  readonly answers: Answers;
  readonly catalogue: Catalogue;
  readonly #views = new Map<string, TypeView>();
  #onInvalid: (type: string) => OnInvalid;
  /** The types whose views are kept, by how many images each may hold. */
  readonly #recent = new Recent<string>(MAX_VIEWED_IMAGES, (type) => this.#views.delete(type));

  /**
   * @param order which source's answer comes first, where a type has several
   * @param onInvalid what becomes of a type whose version fails as it is judged again
   */
  constructor(catalogue: Catalogue, order: Order, onInvalid: (type: string) => OnInvalid) {
    this.answers = new Answers(order);
    this.catalogue = catalogue;
    this.#onInvalid = onInvalid;
    for (const type of catalogue.types()) this.#render(type);
    catalogue.onTypes((types) => {
      for (const name of types) {
        this.#views.delete(name);
        const type = catalogue.type(name);
        if (type !== undefined) this.#render(type);
      }
    });
  }

  /** Chooses again, by another configuration, for the types that it changes. */
  renew(onInvalid: (type: string) => OnInvalid): void {
    const before = this.#onInvalid;
    this.#onInvalid = onInvalid;
    for (const type of this.catalogue.types()) {
      if (onInvalid(type.type) === before(type.type)) continue;
      this.#views.delete(type.type);
      this.#render(type);
    }
  }

  get snapshot(): Snapshot {
    return this.answers.snapshot;
  }

  /** What is asked of a type, in the order in which it is asked for. */
  view(name: string): TypeView | undefined {
    const type = this.catalogue.type(name);
    let view = this.#views.get(name);
    if (type === undefined) return undefined;
    if (view === undefined)
      this.#views.set(
        name,
        (view = new TypeView(type, (repository) => this.catalogue.readsOf(repository), this.#onInvalid(name))),
      );
    this.#recent.use(name, type.images.size);
    return view;
  }

  /** The tags of a repository's images that types are answered with now: of each image the most telling. */
  servedTags(repository: Repository): ReadonlySet<string> {
    const served = this.catalogue.typesIn(repository.name).flatMap((type) => {
      const { digest, image, version } = this.snapshot.document(type) ?? {};
      if (digest === undefined || version === undefined || !isDigest(digest)) return [];
      return image === pinnedName(repository, digest) ? [version] : [];
    });
    return new Set(served);
  }

  #render(type: CatalogueType): void {
    const basis = this.#basisOf(type);
    let { answer } = type;
    if (answer?.basis !== basis) {
      const current = this.view(type.type)?.current;
      const document = current && executorDocument(type.type, current);
      // What an older version took in: no client takes a name that long.
      answer = { basis, ...(document && tryParseReference(document.image) && { document }) };
      this.catalogue.keepAnswer(type, answer);
    }
    this.answers.set(CATALOGUE, type.type, answer.document);
  }

  /** All that a choice depends on, besides the type. */
  #basisOf({ type, claims, from }: CatalogueType): string {
    const reads = [...claims, ...(from ? [from] : [])].map(({ repository }) => {
      const { firstComplete, unread, unreadTotal } = this.catalogue.readsOf(repository) ?? {};
      return [firstComplete, unread, unreadTotal];
    });
    return hash("sha256", JSON.stringify([VERSION, ANSWER_FORMAT, this.#onInvalid(type), reads]), "base64url");
  }
}
