import assert from "node:assert/strict";
import { test } from "node:test";
import type { Logger } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { QueueError } from "./errors.ts";
import { createPump } from "./pump.ts";

test("an open that fails is tried again, and shown as failing meanwhile", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  let [opened, received] = [0, (): void => {}];
  const asked = new Promise<void>((resolve) => (received = resolve));
  const queue = createPump({ name: "q", clock, random: () => 1 }, async () => {
    opened += 1;
    if (opened === 1) throw new TypeError("no module");
    return {
      receive: (signal) => (
        received(),
        new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)))
      ),
      remove: () => Promise.resolve(),
      close() {},
    };
  });
  const ended = queue.run(() => Promise.resolve(), stop.signal);
  const pause = await clock.nextSleep();
  assert.equal(queue.failing, true);
  await clock.advance(pause);
  await asked;
  stop.abort(new Error("enough"));
  await ended;
  assert.equal(opened, 2);
});

test("what keeps failing is a warning once, until it fails otherwise or works again", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const warnings: string[] = [];
  const log: Logger = {
    debug() {},
    info() {},
    warn: (fields) => void warnings.push(String((fields as { problem?: string }).problem)),
    error() {},
  };
  const problems = ["no credentials", "no credentials", "no credentials", "access is denied", "", "no credentials"];
  const queue = createPump({ name: "q", clock, random: () => 1, log }, () =>
    Promise.resolve({
      async receive() {
        const problem = problems.shift();
        if (problem === undefined) stop.abort(new Error("enough"));
        else if (problem !== "") throw new QueueError("unauthorized", "q", problem);
        return [];
      },
      remove: () => Promise.resolve(),
      close() {},
    }),
  );
  const ended = queue.run(() => Promise.resolve(), stop.signal);
  for (let failures = 0; failures < 5; failures += 1) await clock.advance(await clock.nextSleep());
  await ended;
  assert.deepEqual(
    warnings.map((problem) => problem.replace("queue q: ", "")),
    ["no credentials", "access is denied", "no credentials"],
  );
});

test("the lag is that of the oldest message that was taken last, and none once the queue is empty", async () => {
  const clock = manualClock();
  const stop = new AbortController();
  const message = (ago: number) => ({ id: "1", handle: "1", sent: clock.now() - ago, parse: () => [] });
  const answers = [[message(1000), message(60_000)], [message(-5)], [{ ...message(0), sent: undefined }], []];
  const lags: (number | undefined)[] = [];
  const queue = createPump({ name: "q", clock, random: () => 1 }, () =>
    Promise.resolve({
      async receive() {
        lags.push(queue.lag);
        const answer = answers.shift();
        if (answer === undefined) stop.abort(new Error("enough"));
        return (answer ?? []).map(({ sent, ...others }) => ({ ...others, ...(sent !== undefined && { sent }) }));
      },
      remove: () => Promise.resolve(),
      close() {},
    }),
  );
  await queue.run(() => Promise.resolve(), stop.signal);
  // A sender's clock that is ahead makes no message younger than it can be.
  assert.deepEqual(lags, [undefined, 60_000, 0, undefined, 0]);
});
