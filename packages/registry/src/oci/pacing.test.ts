import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { createHostPacer } from "./pacing.ts";

const never = new AbortController().signal;

describe("a host", () => {
  test("gets no more requests at a time than allowed, in the order they came", async () => {
    const pacer = createHostPacer("h", { concurrency: 2, rate: Infinity });
    const order: number[] = [];
    const turns = [1, 2, 3].map(async (number) => {
      const done = await pacer.turn(never);
      order.push(number);
      return done;
    });
    const [first] = await Promise.all(turns.slice(0, 2));
    assert.deepEqual(order, [1, 2]);
    first?.();
    first?.();
    await turns[2];
    assert.deepEqual(order, [1, 2, 3]);
  });

  test("gets a burst after a rest, then so many a second", async () => {
    const clock = manualClock();
    const pacer = createHostPacer("h", { concurrency: Infinity, rate: 10, burst: 5, clock });
    let sent = 0;
    const ask = async (): Promise<void> => {
      (await pacer.turn(never))();
      sent += 1;
    };
    const all = Array.from({ length: 25 }, ask);
    await clock.advance(0);
    assert.equal(sent, 5);
    await clock.advance(1000);
    assert.equal(sent, 15);
    await clock.advance(1000);
    await Promise.all(all);
    assert.equal(sent, 25);
  });

  test("does not keep the place of who gave up waiting", async () => {
    const pacer = createHostPacer("h", { concurrency: 1, rate: Infinity });
    const done = await pacer.turn(never);
    const stop = new AbortController();
    const given = pacer.turn(stop.signal);
    const next = pacer.turn(never);
    stop.abort(new Error("enough"));
    await assert.rejects(given, { message: "enough" });
    done();
    (await next)();
  });

  test("is left alone longer with every failure in a row, up to a minute, and not after a success", async () => {
    const clock = manualClock();
    const pacer = createHostPacer("h", { clock, random: () => 1 });
    const pauses: number[] = [];
    for (let failures = 0; failures < 6; failures += 1) {
      pacer.pause();
      const turn = pacer.turn(never);
      pauses.push(await clock.nextSleep());
      await clock.advance(pauses.at(-1) ?? 0);
      (await turn)();
    }
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000]);
    for (const seconds of [60, 60]) {
      pacer.pause();
      const message = new RegExp(`left alone for another ${seconds} s`);
      await assert.rejects(
        pacer.turn(never),
        { code: "throttled", message },
        "nobody waits so long for who may be away",
      );
      await clock.advance(seconds * 1000);
      (await pacer.turn(never))();
    }
    pacer.succeeded();
    pacer.pause();
    const turn = pacer.turn(never);
    assert.equal(await clock.nextSleep(), 1000);
    await clock.advance(1000);
    (await turn)();
  });
});
