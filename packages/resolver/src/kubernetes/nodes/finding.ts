import type { Candidate, Evidence, Finding } from "../../contract/resolution.ts";
import type { HeldImage } from "./held-image.ts";
import type { AgeEvidence } from "./newer.ts";
import { byLikelihood, compareTags, type Newest, newest } from "./recency.ts";
import { tagTime } from "./tag-time.ts";
import { tagVersion } from "../../reference/tag-version.ts";

/** An image on the nodes with all that shows its age. */
export interface DatedImage extends HeldImage {
  readonly podStart?: number;
}

const iso = (at: number): string => new Date(at).toISOString();

/** What the nodes say of one type. @param images at least one */
export function nodeFinding(type: string, images: readonly DatedImage[]): Finding {
  const held = images.filter(({ holders }) => holders.size > 0);
  const eligible = held.length > 0 ? held : images;
  const found = newest(eligible);
  const ordered = [...eligible].sort(byLikelihood);
  const chosen = found?.image ?? ordered[0];
  if (!chosen) throw new RangeError("a type has at least one image");
  const others = [...ordered, ...images.filter((image) => !eligible.includes(image))].filter(
    (image) => image !== chosen,
  );
  const nodes = [...chosen.holders].sort();
  return {
    image: chosen.name,
    ...(chosen.digest && { digest: chosen.digest }),
    version: chosen.version,
    // What is only on nodes must not be asked for elsewhere: somebody else's image could answer.
    pullPolicy: "Never",
    nodes,
    decidedBy: found?.by ?? "none",
    reason: found
      ? reasonFor(found, eligible.length)
      : `nothing shows which of ${eligible.length} images is the newest`,
    candidates: [chosen, ...others].map(candidateOf),
    ambiguous: found === undefined,
    ...(!found && { advice: adviceFor(type) }),
    warnings: [
      ...(chosen.tag === "latest"
        ? [`${chosen.name} has a tag that moves; a rebuild of the same size would not be noticed`]
        : []),
      ...(found && found.by !== "sighting"
        ? []
        : eligible.filter((image) => image.capped && image !== found?.image).map(cappedWarning)),
      ...(nodes.length === 0
        ? [`no node holds ${chosen.name} since ${iso(chosen.goneAt ?? 0)}; this is the last known answer`]
        : []),
    ],
  };
}

function reasonFor({ image, by }: Newest<DatedImage>, count: number): string {
  const others = count === 2 ? "the other one" : `the other ${count - 1}`;
  const reasons: Readonly<Record<AgeEvidence | "only-candidate", string>> = {
    "only-candidate": "the only image of this type on the nodes",
    sighting: `${arrival(image)} at ${iso(image.sighting.at)}, after ${others}`,
    "tag-time": `its tag ${telling(image, isTimed)} holds a later time than ${others}`,
    "tag-version": `its tag ${telling(image, isVersioned)} holds a higher version than ${others}`,
    "pod-start": `of the pods there were when watching began, one ran it last, at ${iso(image.podStart ?? 0)}`,
  };
  return reasons[by];
}

function arrival({ arrivedAs, firstNode }: DatedImage): string {
  return `${arrivedAs === undefined ? "" : `its tag ${arrivedAs} was `}seen to arrive on ${firstNode}`;
}

const isTimed = (tag: string): boolean => tagTime(tag) !== undefined;
const isVersioned = (tag: string): boolean => !isTimed(tag) && tagVersion(tag) !== undefined;

/** Of the tags that say something of a kind, the one that says the latest. */
function telling({ tags }: DatedImage, ofKind: (tag: string) => boolean): string | undefined {
  return tags.filter(ofKind).sort(compareTags).at(-1);
}

function cappedWarning({ name }: DatedImage): string {
  return `a kubelet reports no more than 5 names of an image: ${name} may have a tag that is later than those that are seen`;
}

function adviceFor(type: string): string {
  return (
    `declare it: a suspended CronJob named executor-${type}, whose image your build tool keeps current, makes the answer exact; ` +
    "or keep a resolver watching while you build"
  );
}

function candidateOf(image: DatedImage): Candidate {
  return {
    image: image.name,
    ...(image.digest && { digest: image.digest }),
    version: image.version,
    names: [...image.allNames].sort(),
    nodes: [...image.holders].sort(),
    sizeBytes: image.sizeBytes,
    evidence: evidenceOf(image),
  };
}

function evidenceOf(image: DatedImage): readonly Evidence[] {
  const { sighting, firstNode, podStart, goneAt } = image;
  const timed = telling(image, isTimed);
  const time = tagTime(timed ?? "");
  const versioned = telling(image, isVersioned);
  const seen = sighting.how === "arrived" ? arrival(image) : `there when watching ${firstNode} began`;
  return [
    {
      kind: "sighting",
      at: iso(sighting.at),
      detail: goneAt === undefined ? seen : `${seen}; on no node since ${iso(goneAt)}`,
    },
    ...(time ? [{ kind: "tag-time", at: iso(time.from), detail: `time in tag ${timed}` } as const] : []),
    ...(versioned === undefined ? [] : [{ kind: "tag-version", detail: `version in tag ${versioned}` } as const]),
    ...(podStart === undefined
      ? []
      : [{ kind: "pod-start", at: iso(podStart), detail: "latest start of a pod that ran it" } as const]),
  ];
}
