import assert from "node:assert/strict";
import { test } from "node:test";
import { randomRun } from "./testing/simulation/run.ts";
import { randomRuns } from "./testing/simulation/runs.ts";

test("replicas that all scan, judge and write, over a network that fails, and are killed, end in one state", async (t) => {
  await randomRuns(t, { first: 1, ms: 20_000 });
});

test("a run follows from its seed", async () => {
  assert.deepEqual(await randomRun(4), await randomRun(4));
});
