import { type Candidate, type ExecutorDocument, type Resolution, tryParseReference } from "@executor-registry/resolver";

/** A node may hold hundreds of builds; who chooses among them needs the best. */
const MAX_CANDIDATES = 20;

/**
 * The service's answer for a resolution of development.
 * @param source the source's name in the configuration
 * @param added when the service first answered with this image, ISO 8601 in UTC
 */
export function liveDocument(resolution: Resolution, source: string, added: string): ExecutorDocument {
  const { type, image, digest, version, decidedBy, reason, candidates, warnings } = resolution;
  const { pullPolicy, nodes, ambiguous, advice, template, staleSince } = resolution;
  const [chosen, ...others] = candidates.slice(0, MAX_CANDIDATES);
  const tags = (chosen?.names ?? [image]).flatMap((name) => tryParseReference(name)?.tag ?? []);
  return {
    type,
    image,
    ...(digest !== undefined && { digest }),
    version,
    tags: [...new Set(tags)].sort(),
    capabilities: resolution.capabilities ?? [],
    ...(resolution.capabilityDetails && { capabilityDetails: resolution.capabilityDetails }),
    added,
    validated: false,
    ...(chosen?.sizeBytes !== undefined && { sizeBytes: chosen.sizeBytes }),
    platforms: [],
    source,
    decidedBy,
    reason,
    ambiguous,
    ...(advice !== undefined && { advice }),
    versions: candidates.length,
    warnings,
    live: {
      pullPolicy,
      ...(nodes && { nodes }),
      // Which of thousands of nodes hold an image matters for the one that is run.
      candidates: chosen ? [chosen, ...others.map(withoutNodes)] : [],
      ...(template && { template }),
      ...(staleSince !== undefined && { staleSince }),
    },
  };
}

function withoutNodes(candidate: Candidate): Candidate {
  const { nodes, ...other } = candidate;
  return nodes === undefined ? candidate : other;
}
