import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { sightedResolution } from "../../../../testing/resolution.ts";
import { explain } from "./explain.ts";

describe("explain", () => {
  test("shows what decided, and the evidence for each candidate", () => {
    const expected = `Type:         ml
Image:        docker.io/library/executor-ml:1.2.0
Version:      1.2.0
Source:       nodes
Because:      seen to arrive last
Pull policy:  Never
Nodes:        node-1, node-2

Candidates, likeliest first:
  1. docker.io/library/executor-ml:1.2.0  (1.2 MB, on 2 nodes)
     sighting: seen to arrive, 2026-11-22T23:56:40.000Z
  2. docker.io/library/executor-ml:1.1.0  (on node-1)
`;
    assert.equal(`${explain(sightedResolution()).join("\n")}\n`, expected);
  });

  test("shows what a person should know and do", () => {
    const lines = explain(
      sightedResolution({
        digest: "sha256:0c45ac0f",
        environment: "production",
        validated: true,
        validatedAt: "2026-11-22T22:00:00.000Z",
        ambiguous: true,
        advice: "declare it",
        warnings: ["one", "two"],
        stale: true,
        staleSince: "2026-11-22T23:00:00.000Z",
        pin: { kind: "rollback", by: "token:op", since: "2026-11-22T21:00:00.000Z", reason: "1.3.0 loses rows" },
        template: { from: "CronJob/executor-ml", container: "executor", pod: { spec: {} } },
      }),
    );
    for (const expected of [
      "Digest:       sha256:0c45ac0f",
      "Rolled back:  by token:op since 2026-11-22T21:00:00.000Z: 1.3.0 loses rows",
      "Validated:    yes, 2026-11-22T22:00:00.000Z",
      "Ambiguous:    yes",
      "To do:        declare it",
      "Stale since:  2026-11-22T23:00:00.000Z",
      "Job template: CronJob/executor-ml, container executor",
      "Warning:      one",
      "Warning:      two",
    ]) {
      assert.ok(lines.includes(expected), expected);
    }
  });
});
