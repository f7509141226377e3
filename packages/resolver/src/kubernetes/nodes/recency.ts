import { compareVersions, type TagVersion } from "../../reference/tag-version.ts";
import { type Aged, type AgeEvidence, EVIDENCE, newerBy, tagTimes, versionsIn } from "./newer.ts";

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
 * The order in which images stand when nothing shows which is newest: deterministic, likelier ones first, `latest` last.
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

/** The order of tags by what they say, the most informative last: a tag with a time by that, then one with a version. */
export function compareTags(a: string, b: string): number {
  const [one, other] = [a, b].map((tag): Aged & { readonly tag: string } => ({
    tag,
    sighting: { how: "present", at: 0 },
  }));
  return (one && other && (timeOf(one) - timeOf(other) || compareKnown(versionIn(one), versionIn(other)))) ?? 0;
}
