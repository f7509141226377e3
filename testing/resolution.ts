import type { Resolution } from "@executor-registry/resolver";

/** A resolution of type `disp`, as found on a node, with some fields changed. */
export function resolution(changes: Partial<Resolution> = {}): Resolution {
  const image = "docker.io/library/executor-disp:1";
  return {
    type: "disp",
    environment: "development",
    source: "nodes",
    stale: false,
    validated: false,
    image,
    version: "1",
    pullPolicy: "Never",
    decidedBy: "only-candidate",
    reason: "it is the only one",
    candidates: [{ image, version: "1", names: [image], evidence: [] }],
    ambiguous: false,
    warnings: [],
    ...changes,
  };
}
