import type { Environment } from "../contract/resolution.ts";
import { isLocalBuild, mayBeInLoopbackRegistry, mayBeOnNodesOnly } from "../kubernetes/declared/local-name.ts";
import type { NamespaceWatch } from "../kubernetes/api/namespace-watch.ts";
import { passedOver, answeringSource, seesDeclarations } from "./passed-over.ts";
import { canonicalName, familiarName, type ImageReference, tryParseReference } from "../reference/reference.ts";
import type { Finding, Resolution } from "../contract/resolution.ts";
import type { Source } from "../sources/source.ts";

/** Sources that answer together. */
export interface Sources {
  /** The most exact first. */
  readonly list: readonly Source[];
  /** The nodes that report an image under this name, sorted; absent when nodes are not looked at. */
  holders?(reference: ImageReference): readonly string[];
  /** Where declarations are, and RBAC rules would be needed. */
  readonly namespace: string;
  /** Whether that namespace exists; absent where nothing is declared in one. */
  readonly namespaceWatch?: NamespaceWatch;
  /** Name of the ConfigMap that lists executors. */
  readonly configMap?: string;
  /** Ends the connection, if it was made with the sources. */
  close(): void;
}

/**
 * The answer of the most exact source that has one, with what the others add to it. Only where no source that was never
 * read could say otherwise.
 */
export function combine(type: string, environment: Environment, sources: Sources): Resolution | undefined {
  const { list } = sources;
  const { source, better } = answeringSource(type, sources);
  const finding = source?.find(type);
  if (!source || !finding) return undefined;
  const { state, since } = source.status(type);
  const doubts = list.slice(better.length + 1).flatMap((other) => doubt(finding, other.find(type)) ?? []);
  const { warnings, ...bound } = finding.decidedBy === "declared" ? onNodes(finding, sources) : { warnings: [] };
  const all = [...finding.warnings, ...warnings, ...passedOver(type, better, sources), ...nowhere(source, sources)];
  return Object.freeze({
    type,
    environment,
    source: source.name,
    ...finding,
    ...bound,
    ...(finding.ambiguous && !seesDeclarations(sources) && { advice: UNDECLARABLE }),
    warnings: [...new Set([...all, ...doubts])],
    ...(state === "stale" ? { stale: true, staleSince: new Date(since).toISOString() } : { stale: false }),
    validated: false,
  });
}

/** What to do where nothing shows which image is newest, and declaring it would not be seen. */
const UNDECLARABLE =
  "let this resolver read what is declared, or keep one watching while you build, or put a time into the tag";

/** Nodes belong to no namespace, so they answer for one that does not exist, too. */
function nowhere(source: Source, { namespaceWatch }: Sources): readonly string[] {
  const missing = source.name === "nodes" ? namespaceWatch?.missing() : undefined;
  return missing === undefined ? [] : [missing];
}

/** An image whose name may be known to nodes alone, and that some hold: a Job must go where it is. */
function onNodes(
  { image, pullPolicy }: Finding,
  { list, holders }: Sources,
): Partial<Finding> & Pick<Finding, "warnings"> {
  const reference = tryParseReference(image);
  if (!holders || !reference || !mayBeOnNodesOnly(reference)) return { warnings: [] };
  const nodes = holders(reference);
  if (nodes.length > 0) {
    // A registry on the node itself may have what the node has lost meanwhile.
    const asked = pullPolicy !== "Never" && mayBeInLoopbackRegistry(reference);
    return { pullPolicy: asked ? "IfNotPresent" : "Never", nodes, warnings: [] };
  }
  const current = list.some((source) => source.name === "nodes" && source.status().state === "ready");
  if (!current || !isLocalBuild(reference)) return { warnings: [] };
  return {
    warnings: [`no node reports ${familiarName(reference)}; a kubelet reports its 50 largest images, up to 40 s late`],
  };
}

/**
 * The most by which an arrival is noticed late: the kubelet looks every 30 s and reports every 10 s; a declaration's time is
 * in whole seconds, and the watch and clocks that differ a little take some, too.
 */
const KUBELET_DELAY_MS = 45_000;

/** What a less exact source has against the answer, where a person may have forgotten something. */
function doubt(answer: Finding, other: Finding | undefined): string | undefined {
  if (answer.decidedBy !== "declared" || !other || sameImage(answer, other)) return undefined;
  if (other.decidedBy === "declared") return `${other.reason} is ${other.image}; ${answer.reason} counts`;
  if (other.decidedBy !== "sighting") return undefined;
  const arrived = evidenceTime(other, "sighting");
  const declared = evidenceTime(answer, "declared");
  if (arrived === undefined || declared === undefined) return undefined;
  // It was loaded up to the kubelet's delay before it was noticed: only after that it surely came after the declaration.
  if (Date.parse(arrived) - Date.parse(declared) <= KUBELET_DELAY_MS) return undefined;
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
