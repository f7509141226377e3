import assert from "node:assert/strict";
import { test } from "node:test";
import { deferred } from "../testing/scripted-source.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { coalesce } from "./coalesce.ts";

test("requests share the run that waits for its start; those that come while it runs share the next", async () => {
  const clock = manualClock();
  const runs: (readonly number[])[] = [];
  const release = deferred();
  const ask = coalesce(
    async (requests: readonly number[]) => {
      runs.push([...requests]);
      if (runs.length === 1) await release.promise;
      return requests.length;
    },
    { window: 50, clock, signal: new AbortController().signal },
  );
  const first = [ask(1), ask(2), ask(3)];
  await clock.advance(50);
  const second = [ask(4), ask(5)];
  await clock.advance(50);
  assert.deepEqual(runs, [[1, 2, 3]]);
  release.resolve();
  assert.deepEqual(await Promise.all([...first, ...second]), [3, 3, 3, 2, 2]);
  assert.deepEqual(runs, [
    [1, 2, 3],
    [4, 5],
  ]);
});

test("a run that fails fails for those who share it, and not for those after them", async () => {
  const clock = manualClock();
  let runs = 0;
  const ask = coalesce(() => (++runs === 1 ? Promise.reject(new Error("no")) : Promise.resolve("yes")), {
    window: 50,
    clock,
    signal: new AbortController().signal,
  });
  const failing = [ask(1), ask(2)].map((result) => assert.rejects(result, /no/));
  await clock.advance(50);
  await Promise.all(failing);
  const next = ask(3);
  await clock.advance(50);
  assert.equal(await next, "yes");
});
