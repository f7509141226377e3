import { familiarName, parseReference, repositoryName, tryParseReference } from "../reference/reference.ts";
import type { Resolution } from "../resolution.ts";
import type { ExecutorDocument } from "./executor-document.ts";

/** What a resolver answers for the service's document. */
export function resolutionOf(document: ExecutorDocument): Resolution {
  const { type, image, digest, version, decidedBy, reason, created, sizeBytes, owner } = document;
  const repository = repositoryName(parseReference(image));
  const tags = document.tags.flatMap((tag) => tryParseReference(`${repository}:${tag}`) ?? []);
  return Object.freeze({
    type,
    environment: "production",
    source: "registry",
    image,
    digest,
    version,
    // A digest names one image for ever: what a node holds is right.
    pullPolicy: "IfNotPresent",
    decidedBy,
    reason,
    candidates: [
      {
        image,
        digest,
        version,
        names: [image, ...tags.map(familiarName)],
        ...(sizeBytes !== undefined && { sizeBytes }),
        evidence: [
          { kind: decidedBy, detail: reason },
          ...(created === undefined
            ? []
            : [{ kind: "created" as const, at: created, detail: "creation time in its configuration" }]),
        ],
      },
    ],
    ambiguous: false,
    warnings: document.warnings,
    stale: false,
    capabilities: document.capabilities,
    ...(owner !== undefined && { owner }),
    added: document.added,
    validated: document.validated,
  });
}

/** The same answer, no longer confirmed. @param since when the service last confirmed it, milliseconds since the epoch */
export function staleSince(resolution: Resolution, since: number): Resolution {
  return Object.freeze({ ...resolution, stale: true, staleSince: new Date(since).toISOString() });
}
