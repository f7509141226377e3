import { type NodeImage, tagIds } from "./node-image.ts";
import type { Sighting, TagArrival } from "./sighting.ts";

/** An image, and the nodes that can run it by its name. */
export interface HeldImage extends NodeImage {
  /** Every name that a node reports it by. */
  readonly allNames: ReadonlySet<string>;
  readonly holders: ReadonlySet<string>;
  /** When it came, or came again under another tag. */
  readonly sighting: Sighting;
  /** The tag that it came again under. */
  readonly arrivedAs?: string;
  /** The node it was first noticed on, or that tag. */
  readonly firstNode: string;
  /** Since when no node holds it. */
  readonly goneAt?: number;
}

/** One image with some nodes that call it alike. Nodes that do share one object. */
export interface NamedImage {
  readonly image: ImageRecord;
  readonly as: NodeImage;
  readonly nodes: Set<string>;
}

/** What is kept of one image, however many nodes hold it. */
export interface ImageRecord {
  readonly type: string;
  readonly firstNode: string;
  /** By the names, joined. */
  readonly byNames: Map<string, NamedImage>;
  /** All it was ever known by. */
  readonly ids: Set<string>;
  readonly tagged: Set<string>;
  /** How it was called last. */
  last: NodeImage;
  /** When the content was first noticed. */
  sighting: Sighting;
  /** Tags that came later, by what they are known by: somebody built, and loaded, this content again. */
  readonly later: Map<string, TagArrival>;
  goneAt?: number;
}

/** What its nodes together say of an image. They may call it differently: a tag is lost where it was pulled by digest. */
export function heldImage({ byNames, last, sighting, later, firstNode, goneAt }: ImageRecord): HeldImage {
  const ways = [...byNames.values()];
  // Who has more names knows more; among equals any will do, if it is always the same.
  const [best = last] = ways
    .map(({ as }) => as)
    .sort((a, b) => b.names.length - a.names.length || (a.name < b.name ? -1 : 1));
  const name = [best.name, ...best.names].find((one) => ways.every(({ as }) => as.names.includes(one))) ?? best.name;
  const [again] = (ways.length > 0 ? ways.map(({ as }) => as) : [last])
    .flatMap((as) => tagIds(as).flatMap((id) => later.get(id) ?? []))
    .sort((a, b) => b.at - a.at);
  const able = ways.filter(({ as }) => as.names.includes(name));
  return {
    ...best,
    name,
    tags: [...new Set(ways.length > 0 ? ways.flatMap(({ as }) => as.tags) : last.tags)].sort(),
    capped: ways.some(({ as }) => as.capped),
    allNames: new Set(ways.length > 0 ? ways.flatMap(({ as }) => as.names) : last.names),
    holders: new Set(able.flatMap(({ nodes }) => [...nodes])),
    sighting,
    firstNode,
    ...(again && { sighting: { how: "arrived", at: again.at }, arrivedAs: again.tag, firstNode: again.node }),
    ...(goneAt !== undefined && { goneAt }),
  };
}

/**
 * Which known image each one of a node's report is, if any. No two are the same. What never moves decides first; then what
 * an image is mostly known by; then any tag it had at the same size, unless what never moves speaks against it.
 */
export function recognize(
  reported: readonly NodeImage[],
  known: (type: string, id: string) => ImageRecord | undefined,
): ReadonlyMap<NodeImage, ImageRecord> {
  const found = new Map<NodeImage, ImageRecord>();
  const taken = new Set<ImageRecord>();
  const rounds: readonly {
    readonly ids: (image: NodeImage) => readonly string[];
    readonly fits: (record: ImageRecord, image: NodeImage) => boolean;
  }[] = [
    { ids: ({ ids }) => ids, fits: () => true },
    { ids: ({ tagged }) => tagged, fits: ({ last }, { id }) => last.id === id },
    { ids: ({ tagged }) => tagged, fits: (record, { ids }) => ids.length === 0 || record.ids.size === 0 },
  ];
  for (const { ids, fits } of rounds) {
    for (const image of reported) {
      if (found.has(image)) continue;
      const records = ids(image).map((id) => known(image.type, id));
      const record = records.find((one) => one && !taken.has(one) && fits(one, image));
      if (!record) continue;
      found.set(image, record);
      taken.add(record);
    }
  }
  return found;
}
