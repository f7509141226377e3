import type { EvidenceKind } from "../../contract/resolution.ts";
import { isHigher, type TagVersion, tagVersion } from "../../reference/tag-version.ts";
import { cameAfter, type Sighting } from "./sighting.ts";
import { isLater, type TagTime, tagTime } from "./tag-time.ts";

/** What can show an image's age. */
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
export const EVIDENCE: readonly { readonly kind: AgeEvidence; readonly newer: (a: Aged, b: Aged) => boolean }[] = [
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

/** By which evidence `a` is newer than `b`, or `undefined` when it is older or nothing shows it. */
export function newerBy(a: Aged, b: Aged): AgeEvidence | undefined {
  for (const { kind, newer } of EVIDENCE) {
    if (newer(a, b)) return kind;
    if (newer(b, a)) return undefined;
  }
  return undefined;
}

export function tagTimes(image: Aged): readonly TagTime[] {
  return tagsOf(image).flatMap((tag) => tagTime(tag) ?? []);
}

/** A date such as `2026.11.23` has the form of a version and none of its meaning. */
export function versionsIn(image: Aged): readonly TagVersion[] {
  return tagsOf(image).flatMap((tag) => (tagTime(tag) ? [] : (tagVersion(tag) ?? [])));
}

function tagsOf({ tag, tags }: Aged): readonly string[] {
  return tags ?? (tag === undefined ? [] : [tag]);
}
