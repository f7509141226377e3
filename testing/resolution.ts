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

/** A resolution of ml, found on two nodes by its sighting, three minutes and 20 seconds before tests' clocks stand. */
export function sightedResolution(changes: Partial<Resolution> = {}): Resolution {
  const image = "docker.io/library/executor-ml:1.2.0";
  return resolution({
    type: "ml",
    image,
    version: "1.2.0",
    nodes: ["node-1", "node-2"],
    decidedBy: "sighting",
    reason: "seen to arrive last",
    candidates: [
      {
        image,
        version: "1.2.0",
        names: [image],
        nodes: ["node-1", "node-2"],
        sizeBytes: 1_234_567,
        evidence: [{ kind: "sighting", at: "2026-11-22T23:56:40.000Z", detail: "seen to arrive" }],
      },
      { image: "docker.io/library/executor-ml:1.1.0", version: "1.1.0", names: [], nodes: ["node-1"], evidence: [] },
    ],
    ...changes,
  });
}
