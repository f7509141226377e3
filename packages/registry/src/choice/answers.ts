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
  /** Which layer each type was answered from last, and with what. */
  readonly #leading = new Map<string, { readonly layer: string; readonly document: ExecutorDocument }>();

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
    const dropped = new Set<string>();
    for (const [type, { layer }] of this.#leading) {
      if (layer === CATALOGUE || kept.has(layer)) continue;
      this.#leading.delete(type);
      dropped.add(type);
    }
    for (const [type, layers] of this.#documents) {
      const several = layers.size > 1;
      const gone = [...layers.keys()].filter((layer) => layer !== CATALOGUE && !kept.has(layer));
      for (const layer of gone) layers.delete(layer);
      if (several || gone.length > 0 || dropped.has(type)) this.#choose(type);
    }
  }

  /** What a layer says of a type. */
  find(layer: string, type: string): ExecutorDocument | undefined {
    return this.#documents.get(type)?.get(layer);
  }

  #choose(type: string): void {
    const layers = [...(this.#documents.get(type) ?? [])].map(([layer, document]) => ({ layer, document }));
    const place = ({ document }: { readonly document: ExecutorDocument }): number => this.#order(document.source);
    const [first, ...others] = layers.sort((a, b) => place(a) - place(b));
    if (first === undefined) {
      this.#documents.delete(type);
      return this.snapshot.set(type, undefined);
    }
    const { source } = first.document;
    const doubts = others.map(
      ({ document }) =>
        `source ${document.source} has ${document.image} for this type too; ${source} comes first in the configuration`,
    );
    const before = this.#leading.get(type);
    const tookOver = before && before.layer !== first.layer && place(before) < place(first);
    if (tookOver) {
      const { source: better, image } = before.document;
      doubts.push(
        `source ${better} comes first in the configuration and had ${image}, but has no image for this type now`,
      );
    } else this.#leading.set(type, first);
    const { document } = first;
    this.snapshot.set(
      type,
      doubts.length > 0 ? { ...document, warnings: [...document.warnings, ...doubts] } : document,
    );
  }
}
