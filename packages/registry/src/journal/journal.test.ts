import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { silentLogger } from "@executor-registry/resolver";
import fc from "fast-check";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { StoreError } from "./store-errors.ts";
import type { Store } from "./store.ts";
import type { Draft, Entry } from "./entry.ts";
import { type JournalOptions, openJournal } from "./journal.ts";
import { tagged, type ToyChange, toyFold, type ToyState } from "./testing/toy.ts";

/** Stands still, and lets nobody wait. */
const restless = { now: () => Date.UTC(2026, 10, 23), sleep: async () => undefined };
const open = (store: Store, options: Partial<JournalOptions<ToyState, ToyChange>> = {}) =>
  openJournal({ store, fold: toyFold, clock: restless, log: silentLogger, ...options });
const tags = (state: ToyState): unknown => Object.fromEntries(state);

describe("a journal", () => {
  test("has what was appended in its state and in its store", async () => {
    const store = memoryStore();
    const journal = await open(store);
    assert.equal(journal.head.sequence, 0);
    const entries = await journal.append(() => [tagged("ml", "1"), tagged("ml", "2"), tagged("nlp", "1")]);
    assert.deepEqual(tags(journal.state), { ml: ["1", "2"], nlp: ["1"] });
    assert.equal(journal.head.hash, entries.at(-1)?.hash);
    assert.deepEqual(await store.read(0, 10), entries);
    assert.deepEqual(await journal.verify(), journal.head);
  });

  test("decides on the state that all earlier appends led to", async () => {
    const journal = await open(memoryStore());
    const next = (state: ToyState): Draft<ToyChange>[] => [tagged("ml", String(state.get("ml")?.length ?? 0))];
    await Promise.all(Array.from({ length: 20 }, () => journal.append(next)));
    assert.deepEqual(
      journal.state.get("ml"),
      Array.from({ length: 20 }, (_, at) => String(at)),
    );
  });

  test("does not trouble the store when there is nothing to write", async () => {
    const store = { ...memoryStore(), append: () => assert.fail("the store was called") };
    const journal = await open(store);
    assert.deepEqual(await journal.append(() => []), []);
  });

  test("decides again on what another replica wrote first", async () => {
    const store = memoryStore();
    const [one, other] = [await open(store), await open(store)];
    const told: number[] = [];
    one.onEntries((entries) => told.push(...entries.map(({ sequence }) => sequence)));
    await other.append(() => [tagged("ml", "theirs")]);
    const asked: unknown[] = [];
    await one.append((state) => (asked.push(tags(structuredClone(state))), [tagged("ml", "ours")]));
    assert.deepEqual(asked, [{}, { ml: ["theirs"] }]);
    assert.deepEqual(tags(one.state), { ml: ["theirs", "ours"] });
    assert.deepEqual(told, [1, 2]);
    await other.refresh();
    assert.deepEqual(tags(other.state), tags(one.state));
  });

  test("writes nothing when what another replica wrote leaves nothing to do", async () => {
    const store = memoryStore();
    const [one, other] = [await open(store), await open(store)];
    const once = (state: ToyState): Draft<ToyChange>[] => (state.has("ml") ? [] : [tagged("ml", "1")]);
    await Promise.all([one.append(once), other.append(once)]);
    assert.deepEqual(await store.head(), one.head);
    assert.equal(one.head.sequence, 1);
    assert.deepEqual(tags(other.state), { ml: ["1"] });
  });

  test("gives up with a conflict when others always come first", async () => {
    const store = memoryStore();
    const rival = await open(store);
    let rivals = 0;
    const journal = await open({
      ...store,
      append: async (expected, entries) => {
        await rival.append(() => [tagged("nlp", String(++rivals))]);
        return store.append(expected, entries);
      },
    });
    await assert.rejects(
      journal.append(() => [tagged("ml", "never")]),
      { code: "conflict" },
    );
    assert.equal(journal.state.get("nlp")?.length, rivals);
    assert.equal(journal.state.has("ml"), false);
  });

  test("reads what others wrote after it has waited, so that what they write meanwhile is no conflict", async () => {
    const store = memoryStore();
    const rival = await open(store);
    let rivals = 0;
    const comesFirst = async (): Promise<void> => {
      await rival.append(() => [tagged("nlp", String(++rivals))]);
    };
    const clock = { ...restless, sleep: comesFirst };
    let attempts = 0;
    const append: Store["append"] = async (expected, entries) => {
      if (++attempts <= 2) await comesFirst();
      return store.append(expected, entries);
    };
    const journal = await open({ ...store, append }, { clock });
    await journal.append(() => [tagged("ml", "1")]);
    assert.deepEqual([attempts, rivals], [3, 3]);
    assert.deepEqual(tags(journal.state), { nlp: ["1", "2", "3"], ml: ["1"] });
  });

  test("stops waiting for its turn after lost races when its signal aborts", async () => {
    const store = memoryStore();
    const rival = await open(store);
    const stop = new AbortController();
    const clock = manualClock();
    const append: Store["append"] = async (expected, entries) => {
      await rival.append(() => [tagged("nlp", "first")]);
      return store.append(expected, entries);
    };
    const journal = await open({ ...store, append }, { clock, random: () => 0.5 });
    const appending = journal.append(() => [tagged("ml", "never")], stop.signal);
    await clock.nextSleep();
    stop.abort(new Error("enough"));
    await assert.rejects(appending, { message: "enough" });
  });

  test("is as before when the store cannot write, and goes on when it can again", async () => {
    const store = memoryStore();
    let full = true;
    const append: Store["append"] = async (expected, entries) => {
      if (full) throw new StoreError("memory:", "the disk is full");
      return store.append(expected, entries);
    };
    const journal = await open({ ...store, append });
    const told: Entry[] = [];
    journal.onEntries((entries) => told.push(...entries));
    await assert.rejects(
      journal.append(() => [tagged("ml", "1")]),
      { code: "store" },
    );
    assert.deepEqual([tags(journal.state), journal.head.sequence, told], [{}, 0, []]);
    full = false;
    await journal.append(() => [tagged("ml", "2")]);
    assert.deepEqual(tags(journal.state), { ml: ["2"] });
  });

  test("goes on after a decision that failed", async () => {
    const journal = await open(memoryStore());
    const failing = journal.append(() => {
      throw new Error("cannot decide");
    });
    const fine = journal.append(() => [tagged("ml", "1")]);
    await assert.rejects(failing, { message: "cannot decide" });
    assert.equal((await fine).length, 1);
  });

  test("never goes back in time when the clock does, also over a restart", async () => {
    const store = memoryStore();
    const noon = Date.UTC(2026, 10, 23, 12);
    const at = async (time: number): Promise<string | undefined> => {
      const journal = await open(store, { clock: manualClock(time) });
      const [entry] = await journal.append(() => [tagged("ml", "1")]);
      await journal.close();
      return entry?.at;
    };
    assert.equal(await at(noon), "2026-11-23T12:00:00.000Z");
    assert.equal(await at(noon - 3_600_000), "2026-11-23T12:00:00.000Z");
    assert.equal(await at(noon + 1), "2026-11-23T12:00:00.001Z");
  });

  test("keeps calling the others when one listener fails, and none that stopped listening", async () => {
    const journal = await open(memoryStore());
    const told: string[] = [];
    journal.onEntries(() => {
      throw new Error("listener");
    });
    const stop = journal.onEntries(() => told.push("stopped"));
    journal.onEntries(() => told.push(`at ${journal.head.sequence}`));
    stop();
    await journal.append(() => [tagged("ml", "1")]);
    assert.deepEqual(told, ["at 1"]);
  });

  test("lists by times of any offset and precision", async () => {
    const journal = await open(memoryStore(), { clock: manualClock(Date.UTC(2026, 10, 23, 12)) });
    await journal.append(() => [tagged("ml", "1")]);
    const count = async (filter: object): Promise<number> =>
      (await journal.list({ ...filter, limit: 5 })).entries.length;
    assert.equal(await count({ from: "2026-11-23T12:00:00Z" }), 1);
    assert.equal(await count({ from: "2026-11-23T14:00:00+02:00", until: "2026-11-23T14:00:01+02:00" }), 1);
    assert.equal(await count({ until: "2026-11-23T12:00Z" }), 0);
  });

  test("takes nothing more once it is closed", async () => {
    const journal = await open(memoryStore());
    const last = journal.append(() => [tagged("ml", "1")]);
    await journal.close();
    assert.equal((await last).length, 1);
    await assert.rejects(
      journal.append(() => [tagged("ml", "2")]),
      { code: "closed" },
    );
    await journal.close();
  });

  test("adds up to the same state for every replica, in any order of writers", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(fc.nat(2), fc.constantFrom("ml", "nlp"), fc.string())), async (writes) => {
        const store = memoryStore();
        const replicas = await Promise.all([open(store), open(store), open(store)]);
        // The same entry by two at the same moment is one: a store takes it for a repeated append.
        await Promise.all(
          writes.map(([replica, type, tag], nth) => replicas[replica]!.append(() => [tagged(type, `${nth} ${tag}`)])),
        );
        for (const replica of replicas) {
          await replica.refresh();
          assert.equal(replica.head.sequence, writes.length);
          assert.deepEqual(replica.state, replicas[0].state);
        }
      }),
    );
  });
});
