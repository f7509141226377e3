import type { ExecutorDocument } from "@executor-registry/resolver";
import { Snapshot } from "./snapshot.ts";

/** Where a source stands in the configuration: the lower is preferred. */
export type Order = (source: string) => number;

/** The name of the layer that the catalogue writes; no source can be called so. */
export const CATALOGUE = "";

/**
 * What is answered: of each type the document of the source that the configuration puts first. The catalogue is one layer,
 * and each source that is watched instead of scanned is another.
 */
export class Answers {
  readonly snapshot = new Snapshot();
  readonly #order: Order;
  /** By type, then by layer. */
  readonly #documents = new Map<string, Map<string, ExecutorDocument>>();

  constructor(order: Order) {
    this.#order = order;
  }

  /** Puts, replaces or removes what a layer says of a type. */
  set(layer: string, type: string, document: ExecutorDocument | undefined): void {
    let layers = this.#documents.get(type);
    if (layers === undefined) this.#documents.set(type, (layers = new Map()));
    if (document !== undefined) layers.set(layer, document);
    else if (!layers.delete(layer)) return;
    this.#choose(type);
  }

  /** Puts all that a layer says: what it said of other types is gone. */
  reset(layer: string, documents: ReadonlyMap<string, ExecutorDocument>): void {
    for (const [type, layers] of this.#documents) {
      if (!documents.has(type) && layers.delete(layer)) this.#choose(type);
    }
    for (const [type, document] of documents) this.set(layer, type, document);
  }

  /** The configuration has changed: keeps the catalogue's answers and those of these layers, in their new order. */
  keep(kept: ReadonlySet<string>): void {
    for (const [type, layers] of this.#documents) {
      const several = layers.size > 1;
      const gone = [...layers.keys()].filter((layer) => layer !== CATALOGUE && !kept.has(layer));
      for (const layer of gone) layers.delete(layer);
      if (several || gone.length > 0) this.#choose(type);
    }
  }

  /** What a layer says of a type. */
  find(layer: string, type: string): ExecutorDocument | undefined {
    return this.#documents.get(type)?.get(layer);
  }

  #choose(type: string): void {
    const documents = [...(this.#documents.get(type)?.values() ?? [])];
    const [first, ...others] = documents.sort((a, b) => this.#order(a.source) - this.#order(b.source));
    if (first === undefined) this.#documents.delete(type);
    const doubts = others.map(
      ({ source, image }) =>
        `source ${source} has ${image} for this type too; ${first?.source} comes first in the configuration`,
    );
    const chosen = first && doubts.length > 0 ? { ...first, warnings: [...first.warnings, ...doubts] } : first;
    this.snapshot.set(type, chosen);
  }
}
