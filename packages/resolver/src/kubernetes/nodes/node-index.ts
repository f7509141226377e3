import type { Clock } from "../../clock.ts";
import type { NodeImage, ReportedImage } from "./node-image.ts";
import { isImportName } from "./node-image.ts";
import type { Sighting } from "./sighting.ts";

/** An image and the nodes that report it. One object, however many nodes. */
export interface HeldImage extends NodeImage {
  readonly allNames: Set<string>;
  readonly holders: Set<string>;
  sighting: Sighting;
  /** The node it was first noticed on. */
  readonly firstNode: string;
  /** Since when no node holds it. */
  goneAt?: number;
}

/** What a node reports, counted; for `doctor`. */
export interface NodeCount {
  readonly name: string;
  readonly images: number;
  /** Entries whose every name only says when they were imported. */
  readonly nameless: number;
}

interface NodeRecord {
  readonly held: readonly HeldImage[];
  readonly images: number;
  readonly nameless: number;
}

export interface NodeIndexOptions {
  readonly read: (image: ReportedImage) => readonly NodeImage[];
  readonly clock: Clock;
  /** What earlier watching noted of an image. */
  readonly recall: (id: string) => Sighting | undefined;
  /** Nodes that earlier watching knew: what is new on them arrived. */
  readonly knew: (node: string) => boolean;
  /** The images of a type, or their holders, changed. */
  readonly changed: (type: string) => void;
  /** An image has lost its last holder: {@link NodeIndex.sweep} is due {@link MEMORY} from now. */
  readonly gone: () => void;
}

/** How long an image that no node holds is still an answer, in milliseconds: a node that registers anew is back by then. */
export const MEMORY = 600_000;

/** Executor type → images → nodes. Holds nothing of an image that is no executor's. */
export class NodeIndex {
  readonly #options: NodeIndexOptions;
  readonly #types = new Map<string, Map<string, HeldImage>>();
  readonly #nodes = new Map<string, NodeRecord>();

  constructor(options: NodeIndexOptions) {
    this.#options = options;
  }

  /** Takes what a node reports. `at` is one moment for all that came together. */
  update(node: string, images: readonly ReportedImage[], at: number): void {
    const before = this.#nodes.get(node);
    // A kubelet that just started has not looked yet, and says so by reporting nothing.
    if (images.length === 0 && before) return;
    const known = before !== undefined || this.#options.knew(node);
    const held = images.flatMap(this.#options.read).map((image) => this.#hold(image, node, known, at));
    const nameless = images.filter(({ names }) => names?.length && names.every(isImportName)).length;
    this.#nodes.set(node, { held, images: images.length, nameless });
    const still = new Set(held);
    for (const image of before?.held ?? []) if (!still.has(image)) this.#release(image, node);
  }

  remove(node: string): void {
    const record = this.#nodes.get(node);
    this.#nodes.delete(node);
    for (const image of record?.held ?? []) this.#release(image, node);
  }

  /** Forgets what no node has held for {@link MEMORY}. */
  sweep(): void {
    const { clock, changed } = this.#options;
    for (const [type, images] of this.#types) {
      for (const [id, { goneAt }] of images) {
        if (goneAt === undefined || clock.now() - goneAt < MEMORY) continue;
        images.delete(id);
        changed(type);
      }
      if (images.size === 0) this.#types.delete(type);
    }
  }

  types(): Iterable<string> {
    return this.#types.keys();
  }

  images(type: string): readonly HeldImage[] {
    return [...(this.#types.get(type)?.values() ?? [])];
  }

  all(): readonly HeldImage[] {
    return [...this.#types.values()].flatMap((images) => [...images.values()]);
  }

  nodes(): IterableIterator<string> {
    return this.#nodes.keys();
  }

  counts(): readonly NodeCount[] {
    return [...this.#nodes].map(([name, { images, nameless }]) => ({ name, images, nameless }));
  }

  #hold(image: NodeImage, node: string, known: boolean, at: number): HeldImage {
    const { recall, changed } = this.#options;
    let images = this.#types.get(image.type);
    if (!images) this.#types.set(image.type, (images = new Map()));
    let held = images.get(image.id);
    if (!held) {
      const sighting = recall(image.id) ?? { how: known ? "arrived" : "present", at };
      held = { ...image, allNames: new Set(image.names), holders: new Set(), sighting, firstNode: node };
      images.set(image.id, held);
    }
    const names = held.allNames.size;
    for (const name of image.names) held.allNames.add(name);
    if (held.holders.has(node) && names === held.allNames.size) return held;
    held.holders.add(node);
    delete held.goneAt;
    changed(image.type);
    return held;
  }

  #release(image: HeldImage, node: string): void {
    image.holders.delete(node);
    this.#options.changed(image.type);
    if (image.holders.size > 0) return;
    image.goneAt = this.#options.clock.now();
    this.#options.gone();
  }
}
