import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { createHostPacer } from "./pacing.ts";

const never = new AbortController().signal;
const failing = { code: "unreachable", message: "h: connection refused" } as const;

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

  test("is paused for longer with every failure in a row, up to a minute, and not after a success", async () => {
    const clock = manualClock();
    const pacer = createHostPacer("h", { clock, random: () => 1 });
    const pauses: number[] = [];
    for (let failures = 0; failures < 6; failures += 1) {
      pacer.pause(failing);
      const turn = pacer.turn(never);
      pauses.push(await clock.nextSleep());
      await clock.advance(pauses.at(-1) ?? 0);
      (await turn)();
    }
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000]);
    for (const seconds of [60, 60]) {
      pacer.pause(failing);
      const message = `h: not asked for another ${seconds} s, because it keeps failing. The last failure: h: connection refused`;
      await assert.rejects(
        pacer.turn(never),
        { code: "unreachable", message },
        "nobody waits so long for who may be away",
      );
      await clock.advance(seconds * 1000);
      (await pacer.turn(never))();
    }
    pacer.succeeded();
    pacer.pause(failing);
    const turn = pacer.turn(never);
    assert.equal(await clock.nextSleep(), 1000);
    await clock.advance(1000);
    (await turn)();
  });

  test("issue 7 §5: is asked as its kind allows where nothing is configured: one of our own fast, Docker Hub as before", async () => {
    for (const [host, most] of [
      ["registry.example.com:5000", 120],
      ["ghcr.io", 120],
      ["123456789012.dkr.ecr.eu-west-1.amazonaws.com", 120],
      ["docker.io", 30],
      ["quay.io", 14],
      ["acme.azurecr.io", 35],
      ["api.ecr.eu-west-1.amazonaws.com", 30],
    ] as const) {
      const clock = manualClock();
      const pacer = createHostPacer(host, { clock, concurrency: Infinity });
      const stop = new AbortController();
      let sent = 0;
      const all = Array.from({ length: 200 }, () =>
        pacer.turn(stop.signal).then(
          () => (sent += 1),
          () => {},
        ),
      );
      await clock.advance(0);
      await clock.advance(1000);
      assert.ok(sent <= most && sent >= most - 1, `${host}: ${sent}`);
      stop.abort(new Error("enough"));
      await Promise.all(all);
    }
  });

  test("that answers 429 is asked half as often, and as before after some hundred answers", async () => {
    const clock = manualClock();
    const pacer = createHostPacer("h", { concurrency: Infinity, rate: 100, burst: 1, clock, random: () => 0 });
    const took = async (count: number): Promise<number> => {
      const from = clock.now();
      for (let nth = 0; nth < count; nth += 1) {
        const turn = pacer.turn(never);
        await clock.advance(0);
        const next = await Promise.race([clock.nextSleep(), turn.then(() => 0)]);
        if (next > 0) await clock.advance(next);
        (await turn)();
      }
      return clock.now() - from;
    };
    await took(1);
    assert.equal(await took(10), 100);
    pacer.pause({ ...failing, code: "throttled", retryAfter: 1000 });
    pacer.pause({ ...failing, code: "throttled", retryAfter: 1000 });
    await took(1);
    assert.equal(await took(10), 200, "what was under way together counts once");
    for (let answers = 0; answers < 200; answers += 1) pacer.succeeded();
    await took(1);
    assert.equal(Math.round(await took(10)), 100);
  });
});
