import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SERVICE_ERRORS } from "../errors/service-errors.ts";
import { ExecutorRegistryError, repositoryNamed } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { openScanning } from "../testing/scanning.ts";
import { deferred, listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import type { Span } from "../tracing/tracer.ts";
import type { ScanOutcome } from "../sources/image-source.ts";

const INTERVAL = 300_000;

describe("polling", () => {
  test("during an hour's outage the pauses double up to the interval; the first scan that works ends it", async () => {
    const clock = manualClock();
    const problem = new ExecutorRegistryError("unreachable", "registry.test: connect ECONNREFUSED");
    let outcome: ScanOutcome = { complete: false, problem };
    let scans = 0;
    const source = scriptedSource(async (_request, found) => {
      scans += 1;
      if (outcome.complete) await found(listing("executor-ml", listedImage("a", "1.0.0")));
      return outcome;
    });
    await using scanning = await openScanning({ sources: [source], clock, interval: INTERVAL });
    await scanning.adopt();
    void scanning.scanner.run();
    const pauses: number[] = [];
    const end = clock.now() + 3_600_000;
    while (clock.now() < end) {
      // The window in which requests join a scan, then the pause after it.
      await clock.advance(await clock.nextSleep());
      const pause = await clock.nextSleep();
      pauses.push(pause);
      await clock.advance(pause);
    }
    assert.deepEqual(pauses.slice(0, 9), [500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000, 128_000]);
    assert.equal(scans, pauses.length);
    assert.deepEqual(scanning.versions(), {});
    assert.equal(scanning.scanner.health[0]?.problem?.code, "unreachable");

    outcome = { complete: true };
    await clock.advance(await clock.nextSleep());
    assert.equal(await clock.nextSleep(), INTERVAL);
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    assert.equal(scanning.scanner.health[0]?.problem, undefined);
  });

  test("a store that cannot be written does not end the polling", async () => {
    const clock = manualClock();
    let scans = 0;
    const source = scriptedSource(async () => {
      scans += 1;
      if (scans === 1) throw new ExecutorRegistryError(SERVICE_ERRORS.store, "disk full");
      return { complete: true };
    });
    await using scanning = await openScanning({ sources: [source], clock, interval: INTERVAL });
    await scanning.adopt();
    void scanning.scanner.run();
    await clock.advance(await clock.nextSleep());
    assert.equal(await clock.nextSleep(), 500);
    await clock.advance(500);
    await clock.advance(await clock.nextSleep());
    assert.equal(scanning.scanner.health[0]?.state, "ready");
  });
});

describe("two readings of one repository at the same time", () => {
  test("the one that began later is believed, although it ends first", async () => {
    const ended = deferred();
    const begun = deferred();
    const source = scriptedSource(async ({ only, known }, found) => {
      known(repositoryNamed("registry.test/executor-ml"));
      if (only === undefined) {
        begun.resolve();
        await ended.promise;
        await found(listing("executor-ml", listedImage("a", "1.0.0")));
        return { complete: true };
      }
      await found(listing("executor-ml", listedImage("a", "1.0.0"), listedImage("b", "1.1.0")));
      ended.resolve();
      return { complete: false };
    });
    await using scanning = await openScanning({ sources: [source] });
    const all = scanning.scan();
    await begun.promise;
    scanning.scanner.hint([{ action: "pushed", repository: "executor-ml", tag: "1.1.0" }], {
      actor: "webhook:x",
      why: "event",
    });
    await all;
    const states = [...(scanning.catalogue.type("ml")?.images ?? [])].map(({ tags, state }) => [tags[0], state]);
    assert.deepEqual(states, [
      ["1.0.0", "admitted"],
      ["1.1.0", "admitted"],
    ]);
  });

  test("a repository that an event found while everything was scanned is not taken for gone", async () => {
    const ended = deferred();
    const begun = deferred();
    const source = scriptedSource(async ({ only, known }, found) => {
      if (only === undefined) {
        begun.resolve();
        await ended.promise;
        return { complete: true };
      }
      known(repositoryNamed("registry.test/executor-new"));
      await found(listing("executor-new", listedImage("c", "1.0.0")));
      ended.resolve();
      return { complete: false };
    });
    await using scanning = await openScanning({ sources: [source] });
    const all = scanning.scan();
    await begun.promise;
    scanning.scanner.hint([{ action: "pushed", repository: "executor-new" }], { actor: "webhook:x", why: "event" });
    await all;
    assert.deepEqual(scanning.versions(), { new: "1.0.0" });
  });
});

/** What is begun, by what. */
interface Begun {
  readonly name: string;
  readonly parent?: string;
  readonly links: readonly string[];
}

/** A span that notes what it causes. */
function notedSpan(name: string, begun: Begun[], names = new Map<Span, string>()): Span {
  const span: Span = {
    child(child, _attributes, links = []) {
      begun.push({ name: child, parent: name, links: links.map((link) => names.get(link) ?? "unknown") });
      return notedSpan(child, begun, names);
    },
    set() {},
    end() {},
  };
  names.set(span, name);
  return span;
}

describe("traces of scans", () => {
  test("of events that share a scan the first is its cause, and the others are linked; a poll begins a trace", async () => {
    const clock = manualClock();
    const begun: Begun[] = [];
    const source = scriptedSource(async (_request, found) => {
      await found(listing("executor-ml", listedImage("a", "1.0.0")));
      return { complete: true };
    });
    const tracer = {
      begin(name: string) {
        begun.push({ name, links: [] });
        return notedSpan(`begun ${name}`, begun);
      },
      close: () => Promise.resolve(),
    };
    await using scanning = await openScanning({ sources: [source], clock, interval: INTERVAL, tracer });
    await scanning.adopt();
    const names = new Map<Span, string>();
    const results = ["first", "second", "third"].map((event) => {
      const span = notedSpan(event, begun, names);
      return scanning.scanner.refresh({ actor: event, why: "event", span });
    });
    await clock.advance(50);
    await Promise.all(results);
    assert.deepEqual(begun, [
      { name: "scan", parent: "first", links: ["second", "third"] },
      { name: "judge", parent: "scan", links: [] },
      { name: "journal append", parent: "scan", links: [] },
      { name: "answer", parent: "journal append", links: [] },
    ]);
    begun.length = 0;
    const polled = scanning.scanner.poll({ actor: "source:a", why: "polled" });
    await clock.advance(50);
    await polled;
    assert.deepEqual(begun, [{ name: "scan", links: [] }], "what changes nothing writes nothing down");
  });
});
