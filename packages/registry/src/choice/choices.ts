import { isDigest, pinnedName, repositoryNamed, tryParseReference } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { CatalogueImage } from "../catalogue/state.ts";
import { Answers, CATALOGUE, type Order } from "./answers.ts";
import { executorDocument } from "./document.ts";
import type { OnInvalid } from "../model/verdict.ts";
import type { Snapshot } from "./snapshot.ts";
import { TypeView } from "./type-view.ts";

/** What is current of each type of a catalogue: chosen and rendered once after each change. */
export class Choices {
  /** What readers are given, together with what is watched instead of kept in the catalogue. */
  readonly answers: Answers;
  readonly catalogue: Catalogue;
  readonly #views = new Map<string, TypeView>();
  readonly #onInvalid: (type: string) => OnInvalid;

  /**
   * @param order which source's answer comes first, where a type has several
   * @param onInvalid what becomes of a type whose version fails as it is judged again
   */
  constructor(catalogue: Catalogue, order: Order, onInvalid: (type: string) => OnInvalid) {
    this.answers = new Answers(order);
    this.catalogue = catalogue;
    this.#onInvalid = onInvalid;
    for (const { type } of catalogue.types()) this.#render(type);
    catalogue.onTypes((types) => {
      for (const type of types) {
        this.#views.delete(type);
        this.#render(type);
      }
    });
  }

  /** Chooses anew for every type, by another configuration. */
  renew(): void {
    this.#views.clear();
    for (const { type } of this.catalogue.types()) this.#render(type);
  }

  get snapshot(): Snapshot {
    return this.answers.snapshot;
  }

  /** What is asked of a type, in the order in which it is asked for. */
  view(name: string): TypeView | undefined {
    const type = this.catalogue.type(name);
    let view = this.#views.get(name);
    if (view === undefined && type !== undefined)
      this.#views.set(
        name,
        (view = new TypeView(type, (repository) => this.catalogue.readsOf(repository), this.#onInvalid(name))),
      );
    return view;
  }

  /** The images of a repository that types are answered with now. */
  servedFrom(repository: string): readonly CatalogueImage[] {
    return this.catalogue.typesIn(repository).flatMap((type) => {
      const { digest, image = "" } = this.snapshot.document(type) ?? {};
      if (digest === undefined || !isDigest(digest) || image !== pinnedName(repositoryNamed(repository), digest))
        return [];
      return this.catalogue.type(type)?.images.get(repository, digest) ?? [];
    });
  }

  #render(name: string): void {
    const current = this.view(name)?.current;
    const document = current && executorDocument(name, current);
    // What an older version took in: no client takes a name that long.
    const served = document && tryParseReference(document.image) ? document : undefined;
    this.answers.set(CATALOGUE, name, served);
  }
}
