/** When an image was first noticed on the nodes, in milliseconds since the Unix epoch. */
export interface Sighting {
  /** `arrived`: a known node did not have it, then had it. `present`: it was there when watching, or its node, began. */
  readonly how: "arrived" | "present";
  readonly at: number;
}

/** What two watchers know together: an arrival says more than a presence, and the earlier of two alike holds. */
export function mergeSightings(a: Sighting, b: Sighting): Sighting {
  if (a.how !== b.how) return a.how === "arrived" ? a : b;
  return a.at <= b.at ? a : b;
}

/** Whether one image certainly came after another. */
export function cameAfter(a: Sighting, b: Sighting): boolean {
  return a.how === "arrived" && a.at > b.at;
}

/** A tag that was noticed on an image which nodes had already. */
export interface TagArrival {
  readonly tag: string;
  readonly node: string;
  /** Milliseconds since the Unix epoch. */
  readonly at: number;
}

/** What a ledger holds of one image: when it was first noticed, and the tags that arrived later, by what they are known by. */
export interface Recalled {
  readonly first: Sighting | undefined;
  readonly later: ReadonlyMap<string, number>;
}

/** @param lasting what the image as a whole is noted by @param tags what its tags are */
export function recallImage(
  lasting: Iterable<string>,
  tags: Iterable<string>,
  noted: (id: string) => Sighting | undefined,
): Recalled {
  const [first] = [...lasting].flatMap((id) => noted(id) ?? []).sort((a, b) => a.at - b.at);
  const arrivals = [...tags].flatMap((id) => {
    const sighting = noted(id);
    return first && sighting && cameAfter(sighting, first) ? [[id, sighting.at] as const] : [];
  });
  return { first, later: new Map(arrivals) };
}
