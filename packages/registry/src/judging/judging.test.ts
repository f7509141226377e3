import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { manualClock } from "../../../../testing/manual-clock.ts";
import type { Check, Judgement } from "../checks/check.ts";
import { makePolicies } from "../checks/checks.ts";
import { sharedMemoryStore } from "../stores/testing/shared-memory.ts";
import { openScanning, type Scanning } from "../testing/scanning.ts";
import { deferred, listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { judged, passing } from "../testing/until-judged.ts";

const HOUR_MS = 3_600_000;
const source = () =>
  scriptedSource(async (_request, found) => {
    await found(listing("team/executor-ml", listedImage("a", "1.0.0"), listedImage("b", "1.1.0")));
    await found(listing("team/executor-nlp", listedImage("c", "1.0.0")));
    return { complete: true };
  });

/** A check that counts how often it is asked. */
function counting(
  name: string,
  more: Partial<Check> = {},
  judge: (asked: number, signal: AbortSignal) => Promise<Judgement> | Judgement = () => ({
    state: "passed",
    reason: "it is as it should be",
  }),
) {
  const counted = {
    name,
    fingerprint: "first",
    ...more,
    asked: 0,
    judge: async (_: unknown, signal: AbortSignal) => judge((counted.asked += 1), signal),
  };
  return counted;
}

const lastJudged = async ({ catalogue }: Scanning) =>
  (await catalogue.list({ kind: "image-judged", limit: 100 })).entries;

describe("what is due", () => {
  test("what a scan finds is judged once, in the entry that says that it was found", async () => {
    const check = counting("counting");
    await using scanning = await openScanning({ sources: [source()], checks: [check] });
    await scanning.scan();
    await scanning.scan();
    await scanning.adopt();
    assert.equal(check.asked, 3);
    assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
    assert.deepEqual(await lastJudged(scanning), []);
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.deepEqual(image?.verdicts, [
      { check: "counting", state: "passed", reason: "it is as it should be", fingerprint: "first" },
    ]);
  });

  test("a restart judges nothing; another configuration of one check is judged by that check alone, once", async () => {
    const store = memoryStore();
    const kept = { ...store, close: () => Promise.resolve() };
    const start = (...checks: readonly Check[]) => openScanning({ sources: [source()], checks, store: kept });
    const [one, two] = [counting("one"), counting("two")];
    {
      await using scanning = await start(one, two);
      await scanning.scan();
    }
    {
      await using scanning = await start(one, two);
      await scanning.adopt();
      await scanning.scan();
      assert.deepEqual([one.asked, two.asked], [3, 3], "as before the restart");
    }
    const other = counting("two", { fingerprint: "second" });
    {
      await using scanning = await start(one, other);
      await scanning.adopt();
      assert.deepEqual([one.asked, other.asked], [3, 3]);
      const entries = await lastJudged(scanning);
      assert.deepEqual(
        new Set(entries.map(({ actor, reason }) => `${actor}: ${reason}`)),
        new Set(["system: the checks' configuration answers as before"]),
      );
    }
    await using scanning = await start(one, other);
    await scanning.adopt();
    assert.deepEqual([one.asked, other.asked], [3, 3], "another restart");
    await scanning.catalogue.verify(AbortSignal.timeout(10_000));
  });

  test("verdicts that do not say by which configuration they were given, as older versions wrote them, are given again once", async () => {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    const check = counting("counting");
    const about = { type: "ml", repository: "registry.test/team/executor-ml", digest: listedImage("a").digest };
    const verdicts = [{ check: "counting", state: "passed" as const, reason: "it is as it should be" }];
    const image = { repository: about.repository, ...listedImage("a", "1.0.0") };
    {
      await using scanning = await openScanning({ sources: [source()], checks: [check], store: kept });
      const change = { kind: "image-found" as const, ...about, source: "scripted", image, verdicts };
      await scanning.catalogue.record("source:scripted", () => [{ reason: "polled: was found", change }]);
    }
    for (const start of ["first", "second"]) {
      await using scanning = await openScanning({ sources: [source()], checks: [check], store: kept });
      assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
      await scanning.adopt();
      assert.deepEqual([check.asked, (await lastJudged(scanning)).length], [1, 1], `the ${start} start`);
      await scanning.catalogue.verify(AbortSignal.timeout(10_000));
    }
  });

  test("a check that the configuration has no more takes its verdicts with it, and the others are not asked", async () => {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    const one = counting("one");
    {
      const strict = counting("strict", {}, () => ({ state: "failed", reason: "never" }));
      await using scanning = await openScanning({ sources: [source()], checks: [one, strict], store: kept });
      await scanning.scan();
      assert.deepEqual(scanning.versions(), {});
    }
    await using scanning = await openScanning({ sources: [source()], checks: [one], store: kept });
    await scanning.adopt();
    assert.deepEqual([scanning.versions(), one.asked], [{ ml: "1.1.0", nlp: "1.0.0" }, 3]);
  });

  test("approved namespaces of another configuration are judged by that check alone", async () => {
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    {
      await using scanning = await openScanning({ sources: [source()], store: kept });
      await scanning.scan();
    }
    const [namespace, runnable] = makePolicies({ approvedNamespaces: ["**/executor-nlp"], policies: [] }).of(
      "ml",
    ).checks;
    assert.ok(namespace && runnable);
    const never = { ...runnable, judge: () => assert.fail("its configuration is the same") };
    await using scanning = await openScanning({ sources: [source()], checks: [namespace, never], store: kept });
    await scanning.adopt();
    assert.deepEqual(scanning.versions(), { nlp: "1.0.0" });
    const reasons = (await lastJudged(scanning)).map(({ reason }) => reason);
    assert.deepEqual(new Set(reasons), new Set(["the checks' configuration answers otherwise"]));
  });

  test("a verdict that has expired is given again, and that one alone", async () => {
    const clock = manualClock();
    const [lasting, expiring] = [counting("lasting"), counting("passing", { lifetime: HOUR_MS })];
    await using scanning = await openScanning({ sources: [source()], checks: [lasting, expiring], clock });
    await passing(clock, scanning.scan());
    const running = scanning.judging.run();
    await clock.nextSleep();
    await clock.advance(HOUR_MS - 1000);
    assert.deepEqual([lasting.asked, expiring.asked], [3, 3]);
    await clock.advance(2000);
    await judged(scanning);
    assert.deepEqual([lasting.asked, expiring.asked], [3, 6]);
    const [entry] = await lastJudged(scanning);
    assert.equal(entry?.reason, "a verdict has expired: its checks answer as before");
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.deepEqual(
      image?.verdicts.map(({ expires }) => expires !== undefined && Date.parse(expires) > clock.now()),
      [false, true],
    );
    await scanning.judging.close();
    await running;
  });

  test("an answer that another replica's has overtaken is not written down: the check is asked again", async () => {
    const store = { ...sharedMemoryStore(), close: async () => {} };
    const [old, came] = [deferred(), deferred()];
    const one = () =>
      scriptedSource(async (_request, found) => {
        await found(listing("team/executor-ml", listedImage("a", "1.0.0")));
        return { complete: true };
      });
    const check = counting("counting", {}, async (asked) => {
      if (asked !== 2) return { state: "passed", reason: asked === 1 ? "it is" : "it is again" };
      came.resolve();
      await old.promise;
      return { state: "failed", reason: "it was not for a while" };
    });
    await using first = await openScanning({ sources: [one()], checks: [check], store });
    await first.scan();
    await using second = await openScanning({ sources: [one()], checks: [check], store });
    const running = [first, second].map(({ judging }) => judging.run());
    const signed = [{ action: "signed", repository: "team/executor-ml" }] as const;
    first.judging.hint(signed, { actor: "webhook:harbor", why: "event" });
    await came.promise;
    second.judging.hint(signed, { actor: "webhook:harbor", why: "event" });
    await judged(second);
    old.resolve();
    await judged(first);
    assert.equal(check.asked, 4);
    assert.equal((await lastJudged(first)).length, 1);
    const [image] = first.catalogue.type("ml")?.images ?? [];
    assert.equal(image?.verdicts[0]?.reason, "it is again");
    await Promise.all([first.judging.close(), second.judging.close(), ...running]);
  });

  test("what is due stays so once judging ends, and nothing waits for it", async () => {
    const store = { ...memoryStore(), close: () => Promise.resolve() };
    const clock = manualClock();
    const start = (fingerprint: string) =>
      openScanning({ sources: [source()], checks: [counting("counting", { fingerprint })], store, clock });
    {
      await using scanning = await start("first");
      await passing(clock, scanning.scan());
    }
    await using scanning = await start("second");
    await scanning.judging.close();
    await scanning.judging.adopt();
    assert.equal(scanning.judging.health.due, 3);
  });

  test("an event that an image was signed, or scanned, makes it due, and no other", async () => {
    const check = counting("counting");
    await using scanning = await openScanning({ sources: [source()], checks: [check] });
    await scanning.scan();
    const { digest } = listedImage("b");
    const reason = { actor: "webhook:harbor", why: "event" };
    const repository = "team/executor-ml";
    scanning.judging.hint([{ action: "signed", repository, digest }], reason);
    scanning.judging.hint([{ action: "scanned", repository: "team/other", digest }], reason);
    scanning.judging.hint([{ action: "scanned", repository, digest }], reason, "another-source");
    scanning.judging.hint([{ action: "pushed", repository }], reason);
    assert.deepEqual(scanning.judging.health, { due: 1, late: 0 });
    void scanning.judging.run();
    await judged(scanning);
    assert.equal(check.asked, 4);
    scanning.judging.hint([{ action: "scanned", repository, tag: "1.0.0" }], reason);
    await judged(scanning);
    scanning.judging.hint([{ action: "scanned", repository }], reason);
    await judged(scanning);
    assert.equal(check.asked, 7);
    assert.deepEqual(await lastJudged(scanning), [], "it answers as before");
  });
});

describe("a check that cannot answer", () => {
  test("leaves an image pending, with the reason, and is asked again after a pause", async () => {
    const clock = manualClock();
    const check = counting("counting", {}, (asked) => {
      if (asked <= 6) throw new Error(`the scanner is away (${asked})`);
      return { state: "passed", reason: "no findings" };
    });
    await using scanning = await openScanning({ sources: [source()], checks: [check], clock });
    await passing(clock, scanning.scan());
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.deepEqual([image?.state, image?.verdicts[0]?.state], ["pending", "pending"]);
    assert.match(image?.verdicts[0]?.reason ?? "", /^it cannot be judged now: the scanner is away \(\d\)$/);
    const running = scanning.judging.run();
    await clock.nextSleep();
    await clock.advance(1000);
    assert.equal(check.asked, 3, "not before a pause");
    await clock.advance(10_000);
    await judged(scanning);
    assert.equal(check.asked, 6);
    assert.deepEqual(await lastJudged(scanning), [], "nothing has changed");
    await clock.advance(60_000);
    await judged(scanning);
    assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
    assert.equal(check.asked, 9);
    const reason = "what could not be judged was tried again: its checks answer otherwise";
    assert.deepEqual(new Set((await lastJudged(scanning)).map((entry) => entry.reason)), new Set([reason]));
    await scanning.judging.close();
    await running;
  });

  test("holds up neither the scan nor the other checks, and is left after its time", async () => {
    const clock = manualClock();
    const signals: AbortSignal[] = [];
    const slow = counting("slow", {}, (_, signal) => (signals.push(signal), new Promise(() => {})));
    await using scanning = await openScanning({ sources: [source()], checks: [counting("quick"), slow], clock });
    await passing(clock, scanning.scan());
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.deepEqual(
      image?.verdicts.map(({ check, state }) => [check, state]),
      [
        ["quick", "passed"],
        ["slow", "pending"],
      ],
    );
    assert.ok(signals.every(({ aborted }) => aborted));
    const running = scanning.judging.run();
    await clock.nextSleep();
    await clock.advance(30_000 - 1000);
    assert.equal(scanning.judging.health.due, 3);
    await clock.advance(2000);
    await judged(scanning);
    assert.ok(signals.every(({ aborted }) => aborted));
    const [later] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.equal(later?.verdicts[1]?.reason, "it cannot be judged now: it did not answer within 30 s");
    await scanning.judging.close();
    await running;
  });

  test("takes nothing from a verdict that holds", async () => {
    const check = counting("counting", {}, (asked) => {
      if (asked > 3) throw new Error("away");
      return { state: "passed", reason: "signed" };
    });
    await using scanning = await openScanning({ sources: [source()], checks: [check] });
    await scanning.scan();
    scanning.judging.hint([{ action: "scanned", repository: "team/executor-nlp" }], { actor: "test", why: "event" });
    void scanning.judging.run();
    await judged(scanning);
    assert.equal(check.asked, 4);
    assert.equal(scanning.versions()["nlp"], "1.0.0");
  });

  test("no more than eight images are judged at the same time", async () => {
    let [now, most] = [0, 0];
    const check = counting("counting", {}, async () => {
      most = Math.max(most, (now += 1));
      await new Promise((resolve) => setImmediate(resolve));
      now -= 1;
      return { state: "passed", reason: "fine" };
    });
    const many = scriptedSource(async (_request, found) => {
      const images = "0123456789abcdef".split("").map((letter, n) => listedImage(letter, `1.0.${n}`));
      await found(listing("team/executor-ml", ...images));
      return { complete: true };
    });
    const kept = { ...memoryStore(), close: () => Promise.resolve() };
    {
      await using scanning = await openScanning({ sources: [many], checks: [check], store: kept });
      await scanning.scan();
      assert.equal(most, 8);
    }
    most = 0;
    const other = { ...check, fingerprint: "second" };
    await using scanning = await openScanning({ sources: [many], checks: [other], store: kept });
    await scanning.adopt();
    assert.equal(most, 8);
  });
});
