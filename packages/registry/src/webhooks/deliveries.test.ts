import assert from "node:assert/strict";
import { test } from "node:test";
import { createDeliveries } from "./deliveries.ts";
import { configured, post, signal } from "./testing/requests.ts";

test("only the last deliveries are remembered", () => {
  const deliveries = createDeliveries(2);
  assert.deepEqual(
    ["a", "b", "a", "c", "a"].map((id) => deliveries.take(id)),
    [true, true, false, true, true],
  );
});

test("a delivery that comes again is accepted and means nothing", async () => {
  const receiver = configured({ name: "a", kind: "distribution", unauthenticated: true });
  const body = { events: [{ id: "1", action: "push", target: { repository: "executor-ml", tag: "1.0" } }] };
  const first = await receiver.receive(post(body), signal);
  assert.equal(first.hints.length, 1);
  assert.deepEqual(await receiver.receive(post(body), signal), { ...first, hints: [] });
});

test("events without an id are never taken for one another", async () => {
  const receiver = configured({ name: "a", kind: "distribution", unauthenticated: true });
  for (const tag of ["1.0", "2.0"]) {
    const event = { action: "push", target: { repository: "executor-ml", tag } };
    const { hints } = await receiver.receive(post({ events: [event, event] }), signal);
    assert.equal(hints.length, 2, tag);
  }
});
