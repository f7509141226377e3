import { familiarName, parseReference, tryParseReference } from "../reference/reference.ts";
import { repositoryOf, taggedName } from "../reference/repository.ts";
import type { Candidate, Evidence, Resolution } from "./resolution.ts";
import type { ExecutorDocument } from "./executor-document.ts";

/** What a resolver answers for the service's document. */
export function resolutionOf(document: ExecutorDocument): Resolution {
  const { type, image, digest, version, decidedBy, reason, advice, owner, validatedAt, pin, live } = document;
  const { capabilityDetails, capabilitiesIncomplete, ownerFrom } = document;
  return Object.freeze({
    type,
    environment: "production",
    source: "registry",
    image,
    ...(digest !== undefined && { digest }),
    version,
    // A digest always names one image: what a node holds is right.
    pullPolicy: live?.pullPolicy ?? "IfNotPresent",
    ...(live?.nodes && { nodes: live.nodes }),
    decidedBy,
    reason,
    candidates: live?.candidates ?? [candidateOf(document)],
    ambiguous: document.ambiguous,
    ...(advice !== undefined && { advice }),
    ...(live?.template && { template: live.template }),
    warnings: document.warnings,
    ...(live?.staleSince === undefined ? { stale: false } : { stale: true, staleSince: live.staleSince }),
    capabilities: document.capabilities,
    ...(capabilityDetails && { capabilityDetails }),
    ...(capabilitiesIncomplete !== undefined && { capabilitiesIncomplete }),
    ...(owner !== undefined && { owner }),
    ...(ownerFrom !== undefined && { ownerFrom }),
    added: document.added,
    validated: document.validated,
    ...(validatedAt !== undefined && { validatedAt }),
    ...(pin && { pin }),
  });
}

function candidateOf(document: ExecutorDocument): Candidate {
  const { image, digest, version, decidedBy, reason, created, sizeBytes } = document;
  const repository = repositoryOf(parseReference(image));
  const tags = document.tags.flatMap((tag) => tryParseReference(taggedName(repository, tag)) ?? []);
  const built: readonly Evidence[] =
    created === undefined ? [] : [{ kind: "created", at: created, detail: "creation time in its configuration" }];
  return {
    image,
    ...(digest !== undefined && { digest }),
    version,
    names: [image, ...tags.map(familiarName)],
    ...(sizeBytes !== undefined && { sizeBytes }),
    evidence: [{ kind: decidedBy, detail: reason }, ...built],
  };
}

/** The same answer, no longer confirmed. @param since when the service last confirmed it, milliseconds since the epoch */
export function staleSince(resolution: Resolution, since: number): Resolution {
  const confirmed = new Date(since).toISOString();
  const earlier = resolution.staleSince !== undefined && resolution.staleSince < confirmed;
  return Object.freeze({ ...resolution, stale: true, staleSince: earlier ? resolution.staleSince : confirmed });
}
