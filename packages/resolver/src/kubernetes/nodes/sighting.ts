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
