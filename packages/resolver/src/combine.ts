import type { Environment } from "./environment.ts";
import { isLocalBuild, namesNoRegistry } from "./kubernetes/declared/exact.ts";
import { canonicalName, familiarName, type ImageReference, tryParseReference } from "./reference/reference.ts";
import type { Finding, Resolution } from "./resolution.ts";
import type { Source } from "./source.ts";

/** Sources that answer together. */
export interface Sources {
  /** The most exact first. */
  readonly list: readonly Source[];
  /** The nodes that report an image under this name, sorted; absent when nodes are not looked at. */
  holders?(reference: ImageReference): readonly string[];
  /** Where RBAC rules would be needed. */
  readonly namespace: string;
  /** Name of the ConfigMap that lists executors. */
  readonly configMap?: string;
  /** Ends the connection, if it was made with the sources. */
  close(): void;
}

/** The answer of the most exact source that has one, with what the others add to it. */
export function combine(type: string, environment: Environment, sources: Sources): Resolution | undefined {
  const { list } = sources;
  const place = list.findIndex((source) => source.find(type) !== undefined);
  const source = list[place];
  const finding = source?.find(type);
  if (!source || !finding) return undefined;
  const { state, since } = source.status();
  const passedOver = list.slice(0, place).flatMap((better) => better.notes?.(type) ?? []);
  const doubts = list.slice(place + 1).flatMap((other) => doubt(finding, other.find(type)) ?? []);
  const { warnings, ...bound } = finding.decidedBy === "declared" ? onNodes(finding, sources) : { warnings: [] };
  return Object.freeze({
    type,
    environment,
    source: source.name,
    ...finding,
    ...bound,
    warnings: [...finding.warnings, ...warnings, ...passedOver, ...doubts],
    ...(state === "stale" ? { stale: true, staleSince: new Date(since).toISOString() } : { stale: false }),
    validated: false,
  });
}

/** An image named without a registry, that nodes hold: it was loaded there, and a Job must go where it is. */
function onNodes({ image }: Finding, { list, holders }: Sources): Partial<Finding> & Pick<Finding, "warnings"> {
  const reference = tryParseReference(image);
  if (!holders || !reference || !namesNoRegistry(reference)) return { warnings: [] };
  const nodes = holders(reference);
  if (nodes.length > 0) return { pullPolicy: "Never", nodes, warnings: [] };
  const current = list.some((source) => source.name === "nodes" && source.status().state === "ready");
  if (!current || !isLocalBuild(reference)) return { warnings: [] };
  return {
    warnings: [`no node reports ${familiarName(reference)}; a kubelet reports its 50 largest images, up to 40 s late`],
  };
}

/** What a less exact source has against the answer, where a person may have forgotten something. */
function doubt(answer: Finding, other: Finding | undefined): string | undefined {
  if (answer.decidedBy !== "declared" || !other || sameImage(answer, other)) return undefined;
  if (other.decidedBy === "declared") return `${other.reason} is ${other.image}; ${answer.reason} counts`;
  if (other.decidedBy !== "sighting") return undefined;
  const arrived = evidenceTime(other, "sighting");
  const declared = evidenceTime(answer, "declared");
  if (arrived === undefined || declared === undefined || Date.parse(arrived) <= Date.parse(declared)) return undefined;
  return `${other.image} arrived on nodes at ${arrived}, after this was declared; if it is the one meant, declare it`;
}

function evidenceTime({ candidates }: Finding, kind: "sighting" | "declared"): string | undefined {
  return candidates[0]?.evidence.find((evidence) => evidence.kind === kind)?.at;
}

function sameImage(a: Finding, b: Finding): boolean {
  if (a.digest !== undefined && a.digest === b.digest) return true;
  const wanted = canonical(a.image);
  return [b.image, ...(b.candidates[0]?.names ?? [])].some((name) => canonical(name) === wanted);
}

function canonical(image: string): string {
  const reference = tryParseReference(image);
  return reference ? canonicalName(reference) : image;
}
