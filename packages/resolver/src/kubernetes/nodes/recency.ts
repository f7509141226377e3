import type { EvidenceKind } from "../../contract/resolution.ts";
import { cameAfter, type Sighting } from "./sighting.ts";
import { isLater, type TagTime, tagTime } from "./tag-time.ts";
import { compareVersions, isHigher, type TagVersion, tagVersion } from "../../reference/tag-version.ts";

/** What can tell an image's age. */
export interface Aged {
  readonly sighting: Sighting;
  /** The most informative one. */
  readonly tag?: string;
  /** All there are of this one content. @default the one above */
  readonly tags?: readonly string[];
  /** A node reports no more names of one image than these: there may be tags that are not listed. */
  readonly capped?: boolean;
  /** The latest start of a pod that ran it, milliseconds since the Unix epoch. */
  readonly podStart?: number;
}

/** A kind of evidence by which one image can be newer than another. */
export type AgeEvidence = Extract<EvidenceKind, "sighting" | "tag-time" | "tag-version" | "pod-start">;

/** The strongest first. Each says whether `a` is certainly newer than `b`. */
const EVIDENCE: readonly { readonly kind: AgeEvidence; readonly newer: (a: Aged, b: Aged) => boolean }[] = [
  { kind: "sighting", newer: (a, b) => cameAfter(a.sighting, b.sighting) },
  {
    kind: "tag-time",
    newer: (a, b) => saysNewer(tagTimes(a), tagTimes(b), isLater, b),
  },
  {
    kind: "tag-version",
    newer: (a, b) => saysNewer(versionsIn(a), versionsIn(b), isHigher, b),
  },
  {
    kind: "pod-start",
    newer: (a, b) => a.podStart !== undefined && b.podStart !== undefined && a.podStart > b.podStart,
  },
];

/** Whether one of an image's tags is above all of another's, which may not have tags that are not listed. */
function saysNewer<Value>(
  own: readonly Value[],
  others: readonly Value[],
  above: (a: Value, b: Value) => boolean,
  { capped = false }: Aged,
): boolean {
  return !capped && others.length > 0 && own.some((one) => others.every((other) => above(one, other)));
}

/** By which evidence `a` is newer than `b`, or `undefined` when it is older or nothing tells. */
export function newerBy(a: Aged, b: Aged): AgeEvidence | undefined {
  for (const { kind, newer } of EVIDENCE) {
    if (newer(a, b)) return kind;
    if (newer(b, a)) return undefined;
  }
  return undefined;
}

/** Which image is newest, and the weakest evidence that it took to say so. */
export interface Newest<Image> {
  readonly image: Image;
  readonly by: AgeEvidence | "only-candidate";
}

/**
 * The image that is newer than *every* other, or `undefined` where there is none. Evidence of different kinds can contradict
 * itself in a circle, so there need not be an order, and none is made up.
 */
export function newest<Image extends Aged>(images: readonly Image[]): Newest<Image> | undefined {
  const [first, ...rest] = images;
  if (!first) return undefined;
  if (rest.length === 0) return { image: first, by: "only-candidate" };
  // Who loses once cannot be the newest, so one pass leaves one candidate.
  const champion = rest.reduce((best, image) => (newerBy(image, best) ? image : best), first);
  let weakest = 0;
  for (const image of images) {
    if (image === champion) continue;
    const by = newerBy(champion, image);
    if (!by) return undefined;
    weakest = Math.max(
      weakest,
      EVIDENCE.findIndex(({ kind }) => kind === by),
    );
  }
  const by = EVIDENCE[weakest]?.kind;
  return by && { image: champion, by };
}

/**
 * The order in which images stand when nothing tells which is newest: deterministic, likelier ones first, `latest` last.
 * Returns a number as `sort` takes it.
 */
export function byLikelihood(a: Aged & { readonly id: string }, b: Aged & { readonly id: string }): number {
  // One kind of evidence after the other, each for all images: `newerBy` can run in a circle, where sorting depends on the input.
  return (
    Number(a.tag === "latest") - Number(b.tag === "latest") ||
    arrivalOf(b) - arrivalOf(a) ||
    timeOf(b) - timeOf(a) ||
    compareKnown(versionIn(b), versionIn(a)) ||
    (b.podStart ?? 0) - (a.podStart ?? 0) ||
    (a.id === b.id ? 0 : a.id < b.id ? 1 : -1)
  );
}

function arrivalOf({ sighting }: Aged): number {
  return sighting.how === "arrived" ? sighting.at : 0;
}

function timeOf(image: Aged): number {
  return Math.max(0, ...tagTimes(image).map(({ from }) => from));
}

function compareKnown(a: TagVersion | undefined, b: TagVersion | undefined): number {
  return a && b ? compareVersions(a, b) : Number(Boolean(a)) - Number(Boolean(b));
}

function versionIn(image: Aged): TagVersion | undefined {
  return [...versionsIn(image)].sort(compareVersions).at(-1);
}

function tagTimes(image: Aged): readonly TagTime[] {
  return tagsOf(image).flatMap((tag) => tagTime(tag) ?? []);
}

/** A date such as `2026.11.23` has the form of a version and none of its meaning. */
function versionsIn(image: Aged): readonly TagVersion[] {
  return tagsOf(image).flatMap((tag) => (tagTime(tag) ? [] : (tagVersion(tag) ?? [])));
}

function tagsOf({ tag, tags }: Aged): readonly string[] {
  return tags ?? (tag === undefined ? [] : [tag]);
}

/** The order of tags by what they say, the most informative last: a tag with a time by that, then one with a version. */
export function compareTags(a: string, b: string): number {
  const [one, other] = [a, b].map((tag): Aged & { readonly tag: string } => ({
    tag,
    sighting: { how: "present", at: 0 },
  }));
  return (one && other && (timeOf(one) - timeOf(other) || compareKnown(versionIn(one), versionIn(other)))) ?? 0;
}
