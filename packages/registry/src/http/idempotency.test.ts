import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { IdempotencyKeys } from "./idempotency.ts";
import { json } from "./operation.ts";

const DAY_MS = 24 * 3_600_000;
const named = (key: string, request = key, caller = "token:op") => ({
  caller,
  key,
  hash: `${caller} ${key} ${request}`,
});

/** Handles requests, and counts them. */
function counting() {
  const clock = manualClock();
  const keys = new IdempotencyKeys(clock);
  let count = 0;
  const ask = async (key: string, request?: string, caller?: string): Promise<string> => {
    const { outcome, replayed } = await keys.once(named(key, request, caller), () => json((count += 1)));
    const { body } = "answer" in outcome ? (outcome.answer as { body: unknown }) : { body: outcome.error.code };
    return `${String(body)}${replayed ? " again" : ""}`;
  };
  return { clock, keys, ask };
}

test("a request that comes again is answered as before, and not handled", async () => {
  const { ask } = counting();
  assert.deepEqual([await ask("a"), await ask("a"), await ask("b")], ["1", "1 again", "2"]);
});

test("a key is one caller's own, and names one request", async () => {
  const { ask } = counting();
  assert.equal(await ask("a"), "1");
  assert.equal(await ask("a", "a", "token:other"), "2");
  await assert.rejects(ask("a", "another"), { code: "idempotency-key-reused" });
});

test("while the first request runs, the same is refused, and another one with its key too", async () => {
  const { keys } = counting();
  let end = (): void => {};
  const first = keys.once(named("a"), () => new Promise((resolve) => (end = () => resolve(json("done")))));
  await assert.rejects(
    keys.once(named("a"), () => json("")),
    { code: "idempotency-key-in-use", retryable: true },
  );
  await assert.rejects(
    keys.once(named("a", "another"), () => json("")),
    { code: "idempotency-key-reused" },
  );
  end();
  assert.equal((await first).replayed, false);
  assert.equal((await keys.once(named("a"), () => json(""))).replayed, true);
});

test("an error is repeated too, but not one that may pass, or that another If-Match avoids", async () => {
  const { keys } = counting();
  const failing = (code: "not-found" | "unreachable") =>
    keys.once(named(code), () => {
      throw new ExecutorRegistryError(code, "no");
    });
  assert.equal((await failing("not-found")).replayed, false);
  const { outcome, replayed } = await keys.once(named("not-found"), () => json("now it is there"));
  assert.ok(replayed && "error" in outcome && outcome.error.code === "not-found");
  await assert.rejects(failing("unreachable"), { code: "unreachable" });
  assert.equal((await keys.once(named("unreachable"), () => json("now it answers"))).replayed, false);
  const stale = new ExecutorRegistryError(SERVICE_ERRORS["precondition-failed"], "changed meanwhile");
  await assert.rejects(
    keys.once(named("stale"), () => Promise.reject(stale)),
    stale,
  );
  assert.equal((await keys.once(named("stale"), () => json("as it is now"))).replayed, false);
});

test("answers are kept for a day", async () => {
  const { ask, clock } = counting();
  await ask("a");
  await clock.advance(DAY_MS - 1);
  assert.equal(await ask("a"), "1 again");
  await clock.advance(1);
  assert.equal(await ask("a"), "2");
});

test("the oldest are forgotten when there are many, or large ones", async () => {
  const { ask, keys } = counting();
  for (let nth = 0; nth <= 10_000; nth += 1) await ask(String(nth));
  assert.equal(await ask("1"), "2 again");
  assert.equal(await ask("0"), "10002");
  const large = (key: string) => keys.once(named(key), () => json("x".repeat(9 << 20)));
  await large("x");
  assert.equal((await large("x")).replayed, true);
  await large("y");
  assert.equal((await large("x")).replayed, false);
});
