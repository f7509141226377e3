import assert from "node:assert/strict";
import { test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { STALLED_MS } from "./watchdog.ts";

test("red-02: a source that never answers, and ignores that it is abandoned, is a problem and keeps no refresh waiting", async () => {
  const clock = manualClock();
  let scans = 0;
  const source = scriptedSource(async (_request, found) => {
    scans += 1;
    if (scans === 1) await new Promise(() => {});
    await found(listing("executor-ml", listedImage("a", "1.0.0")));
    return { complete: true };
  });
  await using scanning = await openScanning({ sources: [source], clock });
  const refresh = scanning.scanner.refresh({ actor: "user:eve", why: "refresh" });
  await clock.advance(50);
  await clock.advance(STALLED_MS);
  const stalled = scanning.scanner.health[0];
  assert.deepEqual([stalled?.state, stalled?.problem?.code], ["failing", "timeout"]);
  await clock.advance(240_000);
  const [report] = await refresh;
  assert.deepEqual([report?.complete, report?.problem?.code], [false, "timeout"]);
  const next = scanning.scanner.poll({ actor: "test", why: "test" });
  await clock.advance(100);
  await next;
  assert.equal(scanning.scanner.health[0]?.state, "ready");
  assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
});

test("a scan that makes progress may take as long as it needs, and its progress is shown", async () => {
  const clock = manualClock();
  const source = scriptedSource(async ({ progress, signal }, found) => {
    progress?.({ repositories: 1, tags: 40 });
    for (let tag = 0; tag < 40; tag += 1) {
      await clock.sleep(20_000, signal);
      progress?.({ tagsRead: 1 });
    }
    await found(listing("executor-ml", listedImage("a", "1.0.0")));
    return { complete: true };
  });
  await using scanning = await openScanning({ sources: [source], clock });
  const scan = scanning.scanner.poll({ actor: "test", why: "test" });
  await clock.advance(50);
  await clock.advance(20 * 20_000);
  const health = scanning.scanner.health[0];
  assert.deepEqual(
    [health?.state, health?.progress],
    ["starting", { repositories: 1, repositoriesRead: 0, tags: 40, tagsRead: 20 }],
  );
  await clock.advance(20 * 20_000);
  const [report] = await scan;
  assert.deepEqual([report?.complete, report?.progress.tagsRead], [true, 40]);
});
