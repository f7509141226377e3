import { test } from "node:test";
import { randomRuns } from "./testing/simulation/runs.ts";

test("replicas end in one state, whatever the seed", async (t) => {
  await randomRuns(t, { first: Math.floor(Math.random() * 2 ** 31), ms: 40_000 });
});
