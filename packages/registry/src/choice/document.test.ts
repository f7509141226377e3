import assert from "node:assert/strict";
import { test } from "node:test";
import type { ExecutorDocument } from "@executor-registry/resolver";
import { documentOf } from "../../../../testing/registry-double.ts";
import { describedLive } from "./document.ts";

test("what is watched in a cluster has what the configuration says of its type besides what is declared there", () => {
  const { owner: _, ...document } = documentOf("ml", "executor-ml:1");
  const declared = { from: "configuration", evidence: "CronJob/executor-ml" } as const;
  const live: ExecutorDocument = {
    ...document,
    capabilities: ["cuda", "pytorch"],
    capabilityDetails: [
      { name: "cuda", version: "11.8", ...declared },
      { name: "pytorch", ...declared },
    ],
  };
  assert.equal(describedLive(live, undefined), live);
  const described = describedLive(live, { owner: "ml-team", displayName: "Training", capabilities: ["cuda=12.4"] });
  assert.deepEqual(described, {
    ...live,
    capabilityDetails: [
      { name: "cuda", version: "12.4", from: "configuration", evidence: "executors.types.ml.capabilities" },
      { name: "pytorch", ...declared },
    ],
    owner: "ml-team",
    ownerFrom: "configuration",
    display: { name: { text: "Training", from: "configuration" } },
  });
});
