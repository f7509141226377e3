import type { DeclaredTemplate, Finding, PullPolicy } from "../../resolution.ts";
import { type ImageReference, repositoryName } from "../../reference/reference.ts";
import { shortDigest } from "../../reference/digest.ts";

/** Somebody's word for exactly one image. */
export interface ExactImage {
  readonly reference: ImageReference;
  /** Who said so: `CronJob/executor-ml`. */
  readonly from: string;
  /** The declaring container's own policy. */
  readonly pullPolicy?: PullPolicy | undefined;
  readonly template?: DeclaredTemplate;
  readonly warnings: readonly string[];
}

const IMAGE_ID = /^[0-9a-f]{64}$/;

/**
 * Whether an image can only be on nodes, because no registry has it: the name has no registry and stands for itself, or
 * its tag is an image ID, which is what Skaffold writes after loading. Pulling it would ask Docker Hub for somebody else's.
 */
export function isLocalBuild({ registry, repository, tag, digest }: ImageReference): boolean {
  return (
    registry === "docker.io" && digest === undefined && (repository.startsWith("library/") || IMAGE_ID.test(tag ?? ""))
  );
}

/** What tells an image apart for a person. An image ID used as a tag is shortened. */
export function versionOf({ tag, digest }: ImageReference): string {
  if (tag !== undefined) return IMAGE_ID.test(tag) ? tag.slice(0, 12) : tag;
  return digest === undefined ? "" : shortDigest(digest);
}

/** The finding for a declared image. */
export function exactFinding({ reference, from, pullPolicy, template, warnings }: ExactImage): Finding {
  const { original: image, tag, digest } = reference;
  const known = digest === undefined ? {} : { digest };
  const reason = `declared by ${from}`;
  const moving = tag === "latest" && digest === undefined;
  return {
    image,
    ...known,
    version: versionOf(reference),
    pullPolicy: isLocalBuild(reference) ? "Never" : (pullPolicy ?? (moving ? "Always" : "IfNotPresent")),
    decidedBy: "declared",
    reason,
    candidates: [
      {
        image,
        ...known,
        version: versionOf(reference),
        names: [image],
        evidence: [{ kind: "declared", detail: reason }],
      },
    ],
    ambiguous: false,
    ...(template && { template }),
    warnings: moving
      ? [
          ...warnings,
          `${from} names ${repositoryName(reference)}:latest, a tag that moves: two jobs may run different builds`,
        ]
      : warnings,
  };
}
