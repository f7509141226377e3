import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import type { Check, Judgement } from "../checks/check.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { judged, passing } from "../testing/until-judged.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const REASON = { actor: "user:ada", why: "revalidation" };
const never = new AbortController().signal;

/** An image whose verdict holds for ever, and what its check answers when it is asked again. */
async function judgedOnce() {
  const clock = manualClock();
  const says: { asked: number; next: Judgement } = { asked: 0, next: { state: "passed", reason: "fine" } };
  const check: Check = {
    name: "scripted",
    fingerprint: "first",
    async judge() {
      says.asked += 1;
      return says.next;
    },
  };
  const source = scriptedSource(async (_request, found) => {
    await found(listing("team/executor-ml", listedImage("a", "1.0")));
    return { complete: true };
  });
  const scanning = await openScanning({ sources: [source], checks: [check], clock });
  await passing(clock, scanning.scan());
  void scanning.judging.run();
  const entries = async () =>
    (await scanning.catalogue.list({ kind: "image-judged", limit: 100 })).entries.map(({ actor, reason }) => [
      actor,
      reason,
    ]);
  return { scanning, says, clock, entries };
}

describe("a revalidation", () => {
  test("asks checks whose verdicts hold, and is written down though they answer as before", async () => {
    const { scanning, says, entries } = await judgedOnce();
    await using _ = scanning;
    const { images, wait } = scanning.judging.revalidate("ml", DIGEST, REASON);
    await wait(never);
    assert.deepEqual([images, says.asked], [1, 2]);
    says.next = { state: "failed", reason: "no longer", code: "vulnerable" };
    await scanning.judging.revalidate("ml", DIGEST, REASON).wait(never);
    assert.deepEqual(await entries(), [
      ["user:ada", "revalidation: its checks answer otherwise"],
      ["user:ada", "revalidation: its checks answer as before"],
    ]);
    assert.deepEqual(scanning.versions(), {});
  });

  test("of a check that cannot answer is written down once, and tried again", async () => {
    const { scanning, says, clock, entries } = await judgedOnce();
    await using _ = scanning;
    says.next = { state: "pending", reason: "the scanner is away", code: "unavailable" };
    await scanning.judging.revalidate("ml", DIGEST, REASON).wait(never);
    assert.deepEqual([says.asked, scanning.versions()], [2, { ml: "1.0" }], "what passed stands");
    await clock.nextSleep();
    await clock.advance(60_000);
    await judged(scanning);
    assert.equal(says.asked, 3);
    assert.equal((await entries()).length, 1);
  });

  test("of what is not there asks nothing; one that is waited for ends with the service", async () => {
    const { scanning, says } = await judgedOnce();
    assert.equal(scanning.judging.revalidate("ml", `sha256:${"b".repeat(64)}`, REASON).images, 0);
    assert.equal(says.asked, 1);
    await scanning[Symbol.asyncDispose]();
    await assert.rejects(scanning.judging.revalidate("ml", DIGEST, REASON).wait(never), { code: "not-ready" });
  });
});
