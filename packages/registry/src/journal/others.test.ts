import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { until } from "../../../../testing/production-resolver.ts";
import { sharedMemoryStore } from "../stores/testing/shared-memory.ts";
import { openJournal } from "./journal.ts";
import { followOthers } from "./others.ts";
import { StoreError } from "./store-errors.ts";
import type { Store } from "./store.ts";
import { sealedAfter, tagged, toyFold } from "./testing/toy.ts";
import { EMPTY_HEAD } from "./chain.ts";

const open = (store: Store, clock = systemClock) => openJournal({ store, fold: toyFold, clock, log: silentLogger });

/** One journal that follows what others append, until it is disposed of. */
function following(journal: { refresh(): Promise<void> }, store: Store, clock = systemClock) {
  const { sharing } = store;
  assert.ok(sharing);
  const ending = new AbortController();
  const done = followOthers(journal, { sharing, clock, random: () => 0.5, log: silentLogger }, ending.signal);
  return {
    async [Symbol.asyncDispose]() {
      ending.abort();
      await done;
    },
  };
}

/** A store that keeps its announcements to itself. */
function silent(store: Store): Store {
  const { sharing } = store;
  assert.ok(sharing);
  return { ...store, sharing: { ...sharing, watch: () => () => undefined } };
}

describe("a journal that follows others", () => {
  test("has what another appended, as soon as the store announces it", async () => {
    const store = sharedMemoryStore();
    const [one, other] = [await open(store), await open(store)];
    // Nobody asks by itself: time stands still.
    await using _ = following(other, store, manualClock());
    for (const tag of ["1", "2", "3"]) {
      await one.append(() => [tagged("ml", tag)]);
      await until(() => other.head.hash === one.head.hash);
    }
    assert.deepEqual(other.state.get("ml"), ["1", "2", "3"]);
  });

  test("asks once for all who want to know before it has begun", async () => {
    const shared = sharedMemoryStore();
    const waiting: (() => void)[] = [];
    const store: Store = {
      ...shared,
      async head() {
        await new Promise<void>((go) => waiting.push(go));
        return shared.head();
      },
    };
    const [one, other] = [await open(shared), await open(store)];
    const first = other.refresh();
    await until(() => waiting.length === 1);
    await one.append(() => [tagged("ml", "1")]);
    const more = Promise.all([other.refresh(), other.refresh(), other.refresh()]);
    waiting[0]?.();
    await first;
    await until(() => waiting.length === 2);
    waiting[1]?.();
    await more;
    assert.deepEqual([waiting.length, other.head], [2, one.head]);
  });

  test("has it within the store's interval where the announcement is lost", async () => {
    const clock = manualClock();
    const store = silent(sharedMemoryStore());
    const [one, other] = [await open(store), await open(store)];
    await using _ = following(other, store, clock);
    const ms = await clock.nextSleep();
    assert.equal(ms, store.sharing?.pollMs);
    await one.append(() => [tagged("ml", "1")]);
    assert.equal(other.head.sequence, 0);
    await clock.advance(ms);
    await until(() => other.head.sequence === 1);
  });

  test("goes on when a store that was away is back, and knows for how long it has heard nothing", async () => {
    const clock = manualClock();
    const store = silent(sharedMemoryStore());
    let away = false;
    const unsteady: Store = {
      ...store,
      head: async () => {
        if (away) throw new StoreError("memory:", "nobody is there");
        return store.head();
      },
    };
    const [one, other] = [await open(store, clock), await open(unsteady, clock)];
    await using _ = following(other, unsteady, clock);
    away = true;
    const began = clock.now();
    await one.append(() => [tagged("ml", "1")]);
    while (clock.now() < began + 30_000) await clock.advance(await clock.nextSleep());
    assert.equal(other.head.sequence, 0);
    assert.ok(other.confirmed <= began, "it says how old its state is");
    away = false;
    while (other.head.sequence === 0) await clock.advance(await clock.nextSleep());
    assert.ok(other.confirmed >= began + 30_000);
  });
});

describe("a shared store that has lost what it had acknowledged", () => {
  /** What the store falls back to, as after a failover to a copy that was behind. */
  const fallenBack = async (kept: number) => {
    let store = sharedMemoryStore();
    const current: Store = {
      ...store,
      head: () => store.head(),
      append: (expected, entries) => store.append(expected, entries),
      read: (after, limit) => store.read(after, limit),
      list: (filter) => store.list(filter),
      loadSnapshot: async () => undefined,
      saveSnapshot: async () => undefined,
    };
    const journal = await open(current);
    await journal.append(() => ["1", "2", "3", "4"].map((tag) => tagged("ml", tag)));
    const entries = await store.read(0, 100);
    store = sharedMemoryStore();
    await store.append(EMPTY_HEAD, entries.slice(0, kept));
    return { journal, store, entries };
  };

  test("is followed from what it has, and the loss is shown until the service ends", async () => {
    const { journal, store } = await fallenBack(2);
    const resets: unknown[] = [];
    journal.onReset((before) => resets.push(before.get("ml")));
    await journal.refresh();
    assert.deepEqual(journal.state.get("ml"), ["1", "2"]);
    assert.deepEqual(resets, [["1", "2", "3", "4"]]);
    assert.equal(journal.seal.broken?.sequence, 3);
    assert.match(journal.seal.broken?.message ?? "", /acknowledged are gone: the journal had 4.*ends at 2/);
    await journal.append(() => [tagged("ml", "5")]);
    assert.equal((await store.head()).sequence, 3);
    await journal.verify();
    assert.equal(journal.seal.broken?.sequence, 3);
  });

  test("is noticed by a write too, which is decided on what is there", async () => {
    const { journal } = await fallenBack(3);
    const decidedOn: unknown[] = [];
    await journal.append((state) => (decidedOn.push([...(state.get("ml") ?? [])]), [tagged("ml", "5")]));
    assert.deepEqual(decidedOn, [
      ["1", "2", "3", "4"],
      ["1", "2", "3"],
    ]);
    assert.deepEqual(journal.state.get("ml"), ["1", "2", "3", "5"]);
  });

  test("is noticed where others have written on from there", async () => {
    const { journal, store, entries } = await fallenBack(2);
    const [, second] = entries;
    assert.ok(second);
    await store.append(
      second,
      sealedAfter(
        second,
        ["a", "b", "c"].map((tag) => tagged("ml", tag)),
      ),
    );
    await journal.refresh();
    assert.deepEqual(journal.state.get("ml"), ["1", "2", "a", "b", "c"]);
    assert.equal(journal.seal.broken?.sequence, 4);
  });

  test("is not believed where it is empty or another one: answers stay, and nothing is written", async () => {
    const { journal, store } = await fallenBack(0);
    await assert.rejects(journal.refresh(), { code: "broken-journal", message: /store is empty, though 4 entries/ });
    await assert.rejects(
      journal.append(() => [tagged("ml", "5")]),
      { code: "broken-journal" },
    );
    await store.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("nlp", "1")]));
    await assert.rejects(journal.refresh(), { code: "broken-journal", message: /holds another journal/ });
    assert.deepEqual(journal.state.get("ml"), ["1", "2", "3", "4"]);
    assert.equal((await store.head()).sequence, 1);
  });
});
