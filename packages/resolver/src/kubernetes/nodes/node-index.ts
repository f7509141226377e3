import type { Clock } from "../../tools/clock.ts";
import { type NamedImage, heldImage, type HeldImage, type ImageRecord, recognize } from "./held-image.ts";
import { isImportName, type NodeImage, type ReportedImage, tagIds } from "./node-image.ts";
import { mergeSightings, recallImage, type Sighting } from "./sighting.ts";

/** What a node reports, counted; for `doctor`. */
export interface NodeCount {
  readonly name: string;
  readonly images: number;
  /** Entries whose every name only says when they were imported. */
  readonly nameless: number;
}

interface NodeRecord {
  readonly held: readonly NamedImage[];
  readonly images: number;
  readonly nameless: number;
}

interface TypeRecord {
  readonly images: Set<ImageRecord>;
  readonly byId: Map<string, ImageRecord>;
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

/** How long an image that no node holds is still an answer, in milliseconds: a node that registers again is back by then. */
export const MEMORY = 600_000;

/** Executor type → images → nodes. Holds nothing of an image that is no executor's. */
export class NodeIndex {
  readonly #options: NodeIndexOptions;
  readonly #types = new Map<string, TypeRecord>();
  readonly #nodes = new Map<string, NodeRecord>();
  /** The latest sighting there is. */
  #latest = 0;

  constructor(options: NodeIndexOptions) {
    this.#options = options;
  }

  /** Takes what a node reports. `at` is one moment for all that came together. */
  update(node: string, images: readonly ReportedImage[], at: number): void {
    const before = this.#nodes.get(node);
    // A kubelet that just started has not looked yet, and says so by reporting nothing.
    if (images.length === 0 && before) return;
    // What a node's first real report holds may be as old as the node.
    const known = (before !== undefined && before.images > 0) || this.#options.knew(node);
    const reported = [...new Set(images.flatMap(this.#options.read))];
    const recognized = recognize(reported, (type, id) => this.#types.get(type)?.byId.get(id));
    const held = reported.map((image) => {
      const recalled = recognized.get(image);
      const record = recalled ?? this.#add(image, node, known, at);
      if (recalled && known) this.#noteTags(record, image, node, at);
      return this.#hold(record, image, node);
    });
    const nameless = images.filter(({ names }) => names?.length && names.every(isImportName)).length;
    this.#nodes.set(node, { held, images: images.length, nameless });
    const still = new Set(held);
    for (const calling of before?.held ?? []) if (!still.has(calling)) this.#release(calling, node);
  }

  remove(node: string): void {
    const record = this.#nodes.get(node);
    this.#nodes.delete(node);
    for (const calling of record?.held ?? []) this.#release(calling, node);
  }

  /** Forgets what no node has held for {@link MEMORY}. */
  sweep(): void {
    const { clock, changed } = this.#options;
    for (const [type, { images, byId }] of this.#types) {
      for (const image of images) {
        if (image.goneAt === undefined || clock.now() - image.goneAt < MEMORY) continue;
        images.delete(image);
        for (const id of [...image.ids, ...image.tagged]) if (byId.get(id) === image) byId.delete(id);
        changed(type);
      }
      if (images.size === 0) this.#types.delete(type);
    }
  }

  /** Takes what others noted of the images there are. Yields the types for which that made a difference. */
  adopt(sightings: ReadonlyMap<string, Sighting>): ReadonlySet<string> {
    const types = new Set<string>();
    for (const { at } of sightings.values()) this.#latest = Math.max(this.#latest, at);
    for (const image of this.#records()) {
      const { first, later } = recallImage(lasting(image), tagIds(image), (id) => sightings.get(id));
      const merged = first ? mergeSightings(image.sighting, first) : image.sighting;
      if (merged.how !== image.sighting.how || merged.at !== image.sighting.at) types.add(image.type);
      image.sighting = merged;
      for (const [id, at] of later) {
        const known = image.later.get(id);
        if (known && known.at <= at) continue;
        image.later.set(id, { node: image.firstNode, ...known, tag: tagIn(id), at });
        types.add(image.type);
      }
    }
    return types;
  }

  /** When each image was first noticed, by all that it can be recognized by later, and its tags that came after it. */
  sightings(): ReadonlyMap<string, Sighting> {
    const sightings = new Map<string, Sighting>();
    for (const image of this.#records()) {
      for (const id of lasting(image)) sightings.set(id, image.sighting);
      for (const [id, { at }] of image.later) sightings.set(id, { how: "arrived", at });
    }
    return sightings;
  }

  types(): Iterable<string> {
    return this.#types.keys();
  }

  images(type: string): readonly HeldImage[] {
    return [...(this.#types.get(type)?.images ?? [])].map(heldImage);
  }

  /** The nodes that report an image of a type by such a name, sorted. */
  holders(type: string, isName: (name: string) => boolean): readonly string[] {
    const byNames = [...(this.#types.get(type)?.images ?? [])].flatMap((image) => [...image.byNames.values()]);
    return [...new Set(byNames.filter(({ as }) => as.names.some(isName)).flatMap(({ nodes }) => [...nodes]))].sort();
  }

  nodes(): Iterable<string> {
    return this.#nodes.keys();
  }

  /** The nodes that have reported images. */
  *reporting(): Iterable<string> {
    for (const [name, { images }] of this.#nodes) if (images > 0) yield name;
  }

  /** When something that comes now comes: after all that came before, also where clocks disagree or were set back. */
  moment(now: number): number {
    return now < this.#latest ? this.#latest + 1 : now;
  }

  counts(): readonly NodeCount[] {
    return [...this.#nodes].map(([name, { images, nameless }]) => ({ name, images, nameless }));
  }

  *#records(): Iterable<ImageRecord> {
    for (const { images } of this.#types.values()) yield* images;
  }

  /** A tag that comes to content which is known says that it was built again, and is what counts now. */
  #noteTags(record: ImageRecord, image: NodeImage, node: string, at: number): void {
    const byNames = [...record.byNames.values()];
    const before = byNames.filter(({ nodes }) => nodes.has(node));
    // A name that a node did not report for want of room may be old.
    if (before.some(({ as }) => as.capped)) return;
    const current = new Set(byNames.flatMap(({ as }) => tagIds(as)));
    for (const id of tagIds(image)) {
      // A tag that left and is back was set again; an image that was away and is back may have made room for larger ones.
      const knownTag = before.length > 0 ? current.has(id) : record.ids.has(id) || record.tagged.has(id);
      if (knownTag) continue;
      record.later.set(id, { tag: tagIn(id), node, at });
      this.#latest = Math.max(this.#latest, at);
    }
  }

  #add(image: NodeImage, node: string, known: boolean, at: number): ImageRecord {
    const { recall } = this.#options;
    const { first, later } = recallImage(lasting(image), tagIds(image), recall);
    const record: ImageRecord = {
      type: image.type,
      firstNode: node,
      byNames: new Map(),
      ids: new Set(),
      tagged: new Set(),
      last: image,
      sighting: first ?? { how: known ? "arrived" : "present", at },
      later: new Map([...later].map(([id, came]) => [id, { tag: tagIn(id), node, at: came }])),
    };
    this.#latest = Math.max(this.#latest, record.sighting.at, ...later.values());
    let type = this.#types.get(image.type);
    if (!type) this.#types.set(image.type, (type = { images: new Set(), byId: new Map() }));
    type.images.add(record);
    return record;
  }

  #hold(record: ImageRecord, image: NodeImage, node: string): NamedImage {
    const names = image.names.join(" ");
    let calling = record.byNames.get(names);
    if (calling?.nodes.has(node)) return calling;
    if (!calling) {
      calling = { image: record, as: image, nodes: new Set() };
      record.byNames.set(names, calling);
      this.#learn(record, image);
    }
    calling.nodes.add(node);
    delete record.goneAt;
    this.#options.changed(record.type);
    return calling;
  }

  #learn(record: ImageRecord, image: NodeImage): void {
    const byId = this.#types.get(record.type)?.byId;
    for (const id of image.ids) record.ids.add(id);
    for (const id of image.tagged) record.tagged.add(id);
    for (const id of [...image.ids, ...image.tagged]) byId?.set(id, record);
    record.last = image;
  }

  #release({ image, as, nodes }: NamedImage, node: string): void {
    nodes.delete(node);
    if (nodes.size === 0) image.byNames.delete(as.names.join(" "));
    this.#options.changed(image.type);
    if (image.byNames.size > 0) return;
    image.goneAt = this.#options.clock.now();
    this.#options.gone();
  }
}

/** What an image as a whole is noted by. */
function lasting({ ids, tagged }: Record<"ids" | "tagged", Iterable<string>>): readonly string[] {
  const own = [...ids];
  return own.length > 0 ? own : [...tagged];
}

/** The tag in what it is known by, `executor-ml:TAG#SIZE`. */
function tagIn(id: string): string {
  return id.slice(id.lastIndexOf(":") + 1, id.lastIndexOf("#"));
}
