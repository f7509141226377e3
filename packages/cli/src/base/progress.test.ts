import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { withProgress } from "./progress.ts";
import { fakeIo } from "../testing/fake-io.ts";

describe("withProgress", () => {
  test("shows on a terminal what takes more than half a second, and clears it", async () => {
    const clock = manualClock();
    const io = fakeIo({ terminal: true, clock });
    let resolve: (value: number) => void = () => {};
    const promise = new Promise<number>((settle) => (resolve = settle));
    const result = withProgress(io, "thinking", promise);
    await clock.advance(499);
    assert.equal(io.written().stderr, "");
    await clock.advance(1);
    assert.equal(io.written().stderr, "thinking …");
    resolve(7);
    assert.equal(await result, 7);
    assert.equal(io.written().stderr, "thinking …\r\u001b[K");
  });

  test("shows nothing of what is quick, and passes failures on", async () => {
    const clock = manualClock();
    const io = fakeIo({ terminal: true, clock });
    assert.equal(await withProgress(io, "thinking", Promise.resolve(7)), 7);
    const failure = new Error("no");
    await assert.rejects(withProgress(io, "thinking", Promise.reject(failure)), failure);
    await clock.advance(10_000);
    assert.equal(io.written().stderr, "");
  });

  test("shows nothing without a terminal", async () => {
    const clock = manualClock();
    const io = fakeIo({ clock });
    let resolve: (value: number) => void = () => {};
    const promise = new Promise<number>((settle) => (resolve = settle));
    const result = withProgress(io, "thinking", promise);
    await clock.advance(10_000);
    resolve(7);
    assert.equal(await result, 7);
    assert.equal(io.written().stderr, "");
  });
});
