import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { EMPTY_HEAD } from "./chain.ts";
import { StoreContact } from "./contact.ts";
import { ConflictError, StoreError } from "./store-errors.ts";

const locked = (): Promise<never> => Promise.reject(new StoreError("sqlite:x", "another process keeps it locked"));

test("a store that could not be written is asked again until it can be, and not while it can", async () => {
  const clock = manualClock();
  const contact = new StoreContact();
  const stop = new AbortController();
  let [asked, away] = [0, true];
  const write = (): Promise<void> => ((asked += 1), away ? locked() : Promise.resolve());
  const asking = contact.keepAsking(write, clock, stop.signal);
  await contact.noting("write", Promise.resolve());
  await clock.advance(3_600_000);
  assert.equal(asked, 0);

  await assert.rejects(contact.noting("write", locked()), { code: "store" });
  assert.deepEqual(contact.state.write, { failing: true, failures: 1 });
  await clock.nextSleep();
  await clock.advance(5000);
  assert.deepEqual(contact.state.write, { failing: true, failures: 2 });
  away = false;
  await clock.nextSleep();
  await clock.advance(5000);
  assert.deepEqual(contact.state.write, { failing: false, failures: 2 });
  await clock.advance(3_600_000);
  assert.equal(asked, 2);
  stop.abort(new Error("enough"));
  await asking;
});

test("another writer's entries say that the store answers, and reads say nothing of writes", async () => {
  const contact = new StoreContact();
  await assert.rejects(contact.noting("write", locked()), { code: "store" });
  await contact.noting("read", Promise.resolve());
  assert.equal(contact.state.write.failing, true);
  await assert.rejects(contact.noting("write", Promise.reject(new ConflictError(EMPTY_HEAD, EMPTY_HEAD))), {
    code: "conflict",
  });
  assert.equal(contact.state.write.failing, false);
});
