import { shortDigest } from "../../reference/digest.ts";
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
}

const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Whether the name says no registry. The runtime then means Docker Hub, while who loads images into nodes means the nodes.
 * `docker.io/library/…` is what the nodes themselves make of such a name.
 */
export function namesNoRegistry({ registry, repository, original }: ImageReference): boolean {
  return (
    registry === "docker.io" && (repository.startsWith("library/") || !/^(?:index\.)?docker\.io\//i.test(original))
  );
}

const LOOPBACK = /^(?:localhost|127\.0\.0\.1|\[::1\])(?<port>:\d+)?$/;

/**
 * Whether a name may be one that only nodes know. `localhost/…` is what podman and buildah call an image without registry.
 * `localhost:PORT/…` may be a registry on each node, or the prefix that Skaffold gives to what it loads; a digest says that it
 * was pushed.
 */
export function mayBeOnNodesOnly(reference: ImageReference): boolean {
  return namesNoRegistry(reference) || (LOOPBACK.test(reference.registry) && reference.digest === undefined);
}

/** Whether only nodes can have it: an image ID as the tag is what Skaffold writes after loading; no registry has such. */
export function isLocalBuild(reference: ImageReference): boolean {
  return mayBeOnNodesOnly(reference) && reference.digest === undefined && IMAGE_ID.test(reference.tag ?? "");
}

/** Whether a registry may have it, too, on the node's own loopback address. */
export function mayBeInLoopbackRegistry(reference: ImageReference): boolean {
  return LOOPBACK.exec(reference.registry)?.groups?.["port"] !== undefined && !isLocalBuild(reference);
}

/** What tells an image apart for a person. An image ID used as a tag is shortened. */
export function versionOf({ tag, digest }: ImageReference): string {
  if (tag !== undefined) return IMAGE_ID.test(tag) ? tag.slice(0, 12) : tag;
  return digest === undefined ? "" : shortDigest(digest);
}

/** The finding for a declared image. */
export function exactFinding({ reference, from, at, pullPolicy, template, warnings }: ExactImage): Finding {
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
