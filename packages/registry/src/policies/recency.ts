import { compareVersions, isHigher, type TagVersion, tagVersion } from "@executor-registry/resolver";
import type { CatalogueImage, RepositoryReads } from "../catalogue/state.ts";
import { versionTag } from "../model/version-tag.ts";

/** Builds that strip times set 1970 or 1980; nothing older than registries of images is believed. */
const FIRST_BELIEVED_MS = Date.parse("2013-03-01T00:00:00Z");
/** How far another machine's clock may be ahead of this one's when an image is first seen. */
const AHEAD_MS = 5 * 60_000;

/**
 * How new an image is, by what was known when it was first recorded: later looks change nothing of it.
 *
 * The registry's time of push counts where the registry reports it. Else what came after the first complete look at its repository is newer than all that this
 * look found, in the order of the looks, not of a clock. What one look found came in the order of reading, which says nothing: then the time
 * of the build counts where it is believable, and then the version.
 */
export class Recency {
  readonly image: CatalogueImage;
  /** By the registry, milliseconds since the Unix epoch. */
  readonly pushed: number | undefined;
  /** By its own account; 0 where that is no evidence. */
  readonly created: number;
  /** The look that found it, as its place in the journal; 0 for all up to the first complete one. */
  readonly look: number;
  /** The order in which older versions found it; 0 for all others. */
  readonly before: number;
  #tag: string | undefined;
  #version: TagVersion | undefined | null = null;

  /** @param reads what came of the looks at the image's repository */
  constructor(image: CatalogueImage, reads: RepositoryReads | undefined) {
    const latest = Date.parse(image.found) + AHEAD_MS;
    const created = Date.parse(image.details?.created ?? "");
    this.image = image;
    this.pushed = image.pushed === undefined ? undefined : Math.min(Date.parse(image.pushed), latest);
    this.created = created >= FIRST_BELIEVED_MS && created <= latest ? created : 0;
    const first = reads?.firstComplete ?? Infinity;
    this.look = image.since < first ? 0 : image.since;
    this.before = Math.min(0, image.since);
  }

  get tag(): string {
    return (this.#tag ??= versionTag(this.image.tags));
  }

  get version(): TagVersion | undefined {
    if (this.#version === null) this.#version = tagVersion(this.tag);
    return this.#version;
  }
}

/** What tells two images apart. `name` is no evidence: it only makes the choice the same each time. */
export type Difference = "pushed" | "found" | "created" | "version" | "name";

/** Which of two images is newer: positive for `a`. Total, and the same on every replica. */
export function compareRecency(a: Recency, b: Recency): number {
  const apart = byTime(a, b);
  if (apart !== undefined) return apart.sign;
  const version = Number(a.version !== undefined) - Number(b.version !== undefined);
  const higher = a.version && b.version ? compareVersions(a.version, b.version) : version;
  return higher || natural(a.tag, b.tag) || (a.image.digest < b.image.digest ? -1 : 1);
}

/** By what {@link compareRecency} tells two images apart. */
export function differenceOf(a: Recency, b: Recency): Difference {
  return byTime(a, b)?.by ?? (isCertain(a, b) || isCertain(b, a) ? "version" : "name");
}

function byTime(a: Recency, b: Recency): { readonly sign: number; readonly by: Difference } | undefined {
  if (a.pushed !== undefined || b.pushed !== undefined) {
    const pushed = timeOf(a) - timeOf(b);
    return pushed === 0 ? undefined : { sign: pushed, by: "pushed" };
  }
  if (a.look !== b.look) return { sign: a.look - b.look, by: "found" };
  if (a.created !== b.created) return { sign: a.created - b.created, by: "created" };
  if (a.before !== b.before) return { sign: a.before - b.before, by: "found" };
  return undefined;
}

const isCertain = (a: Recency, b: Recency): boolean =>
  a.version !== undefined && b.version !== undefined && isHigher(a.version, b.version);

/** On one scale with times of push: when it was first seen, or for what was there before, when it was built. */
function timeOf({ pushed, look, created, image }: Recency): number {
  return pushed ?? (look > 0 ? Date.parse(image.found) : created);
}

const RUNS = /\d+|\D+/g;

/** As people count: runs of digits by their value, the rest by code units. */
function natural(a: string, b: string): number {
  const [left, right] = [a.match(RUNS) ?? [], b.match(RUNS) ?? []];
  for (const [index, run] of left.entries()) {
    const other = right[index];
    if (other === undefined) return 1;
    if (run === other) continue;
    const values = [run, other].map((text) => (/^\d/.test(text) ? BigInt(text) : undefined));
    const [one, two] = values;
    if (one !== undefined && two !== undefined && one !== two) return one > two ? 1 : -1;
    return run < other ? -1 : 1;
  }
  return left.length - right.length;
}
