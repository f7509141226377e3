import { isLocalBuild, mayBeInLoopbackRegistry, mayBeOnNodesOnly, namesNoRegistry, versionOf } from "./local-name.ts";
import { declaredCapabilities } from "../../contract/capability.ts";
import { familiarName, type ImageReference } from "../../reference/reference.ts";
import type { DeclaredTemplate, Finding, PullPolicy } from "../../contract/resolution.ts";

/** Somebody's word for exactly one image. */
export interface ExactImage {
  readonly reference: ImageReference;
  /** Who said so: `CronJob/executor-ml`. */
  readonly from: string;
  /** When that last changed, ISO 8601 in UTC. */
  readonly at?: string | undefined;
  /** The declaring container's own policy, which the API server fills in. */
  readonly pullPolicy?: PullPolicy | undefined;
  readonly template?: DeclaredTemplate;
  readonly warnings: readonly string[];
  /** What somebody said that it can do, as it is written. */
  readonly capabilities?: string;
}

/** The finding for a declared image. */
export function exactFinding(exact: ExactImage): Finding {
  const { reference, from, at, pullPolicy, template, warnings, capabilities } = exact;
  const { original: image, digest } = reference;
  const version = versionOf(reference);
  const known = digest === undefined ? {} : { digest };
  const reason = `declared by ${from}`;
  const evidence = { kind: "declared", ...(at === undefined ? {} : { at }), detail: reason } as const;
  const moves = `${from} names ${familiarName(reference)}, a tag that moves: two Jobs may run different builds`;
  return {
    image,
    ...known,
    version,
    pullPolicy: workingPolicy(reference, pullPolicy),
    decidedBy: "declared",
    reason,
    candidates: [{ image, ...known, version, names: [image], evidence: [evidence] }],
    ambiguous: false,
    ...(template && { template }),
    warnings: isMoving(reference) ? [...warnings, moves] : warnings,
    ...declaredCapabilities(capabilities, { from: "configuration", evidence: from }),
  };
}

/** @see https://kubernetes.io/docs/concepts/containers/images/#imagepullpolicy-defaulting */
function workingPolicy(reference: ImageReference, own: PullPolicy | undefined): PullPolicy {
  // Who loads with a registry's name may as well have pushed: a node that lacks it is let ask.
  if (isLocalBuild(reference)) return namesNoRegistry(reference) || own === "Never" ? "Never" : "IfNotPresent";
  // Without a registry `Always` would miss the build on the node, and it is often not chosen: the server fills it in
  // for `latest` and for a placeholder, and it stays when a tool puts the build's name there.
  if (mayBeOnNodesOnly(reference) && !mayBeInLoopbackRegistry(reference)) return own === "Never" ? own : "IfNotPresent";
  return own ?? (isMoving(reference) ? "Always" : "IfNotPresent");
}

function isMoving({ tag, digest }: ImageReference): boolean {
  return tag === "latest" && digest === undefined;
}
