import type { Resolution } from "@executor-registry/resolver";

/** A resolution of ml, found on two nodes by its sighting, three minutes and 20 seconds before tests' clocks stand. */
export function resolution(changes: Partial<Resolution> = {}): Resolution {
  const image = "docker.io/library/executor-ml:1.2.0";
  return {
    type: "ml",
    environment: "development",
    source: "nodes",
    image,
    version: "1.2.0",
    pullPolicy: "Never",
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
    ambiguous: false,
    warnings: [],
    stale: false,
    validated: false,
    ...changes,
  };
}
