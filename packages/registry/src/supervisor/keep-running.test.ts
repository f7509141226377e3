import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorRegistryError, silentLogger } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { keepRunning } from "./keep-running.ts";
import { Lifetimes } from "./lifetimes.ts";

test("a task that fails is reported and run again, and ends with its signal", async () => {
  const clock = manualClock();
  const ending = new AbortController();
  const said: object[] = [];
  const log = { ...silentLogger, error: (fields: object) => void said.push(fields) };
  let runs = 0;
  const task = async (): Promise<void> => {
    runs += 1;
    throw new ExecutorRegistryError("no-cluster", "there is no cluster");
  };
  const running = keepRunning("watching", task, { clock, random: () => 0.5, log, signal: ending.signal });
  assert.equal(await clock.nextSleep(), 500);
  await clock.advance(500);
  assert.equal(await clock.nextSleep(), 1000);
  assert.deepEqual(
    said.map((fields) => (fields as { code: string; failures: number }).failures),
    [1, 2],
  );
  assert.deepEqual(said[0], {
    task: "watching",
    code: "no-cluster",
    problem: "there is no cluster",
    failures: 1,
    ms: 500,
  });
  ending.abort();
  await running;
  assert.equal(runs, 2);
});

test("what hangs or fails at the end keeps nothing else from ending, the last first", async () => {
  const clock = manualClock();
  const said: string[] = [];
  const ended: string[] = [];
  const log = { ...silentLogger, error: (_: object, message: string) => void said.push(message) };
  const lifetimes = new Lifetimes(clock, log);
  lifetimes.add({ what: "the store", end: () => ended.push("the store"), ms: 100 });
  lifetimes.add({ what: "a queue", end: () => new Promise(() => {}), ms: 100 });
  lifetimes.add({ what: "a source", end: () => Promise.reject(new Error("gone")), ms: 100 });
  lifetimes.add({ what: "the server", end: () => ended.push("the server"), ms: 100 });
  const end = lifetimes.end();
  await clock.nextSleep();
  while (ended.length < 2) await clock.advance(100);
  await end;
  assert.deepEqual(ended, ["the server", "the store"]);
  assert.deepEqual(said, ["a source did not end cleanly", "a queue does not end; going on without it"]);
});
