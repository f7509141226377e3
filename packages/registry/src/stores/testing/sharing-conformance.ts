import assert from "node:assert/strict";
import { describe } from "node:test";
import { setTimeout } from "node:timers/promises";
import { verifyChain } from "../../journal/chain.ts";
import type { Entry } from "../../journal/entry.ts";
import type { Store } from "../../journal/store.ts";
import { sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { type Place, testsIn } from "./conformance.ts";

/** What a store must do, besides, that several services may use at once. */
export function sharingConformance(name: string, place: () => Promise<Place>): void {
  const inPlace = testsIn(place);
  describe(`the store ${name}, shared`, () => {
    inPlace(
      "announces what others append, and loses nothing to those who read after the last entry that they have",
      async (store, place) => {
        const other = await place.open();
        const woken = signalled(store);
        const seen: Entry[] = [];
        for (let nth = 0; nth < 50; nth++) {
          const head = await other.head();
          await other.append(head, sealedAfter(head, [tagged("ml", String(nth))]));
          while (seen.length <= nth) {
            await woken.next();
            seen.push(...(await store.read(seen.length, 100)));
          }
        }
        assert.equal(verifyChain(seen).sequence, 50);
        woken.stop();
        await other.close();
      },
    );

    inPlace(
      "has one holder of a lease, who keeps it, until it is released or its time is over",
      async (store, place) => {
        const other = await place.open();
        const [mine, theirs] = [sharingOf(store), sharingOf(other)];
        assert.deepEqual(await mine.lease("scan", "a", 60_000, "note of a"), { holder: "a", note: "note of a" });
        assert.deepEqual(await theirs.lease("scan", "b", 60_000, "note of b"), { holder: "a", note: "note of a" });
        assert.deepEqual(await theirs.lease("other", "b", 60_000, ""), { holder: "b", note: "" });
        assert.deepEqual(await mine.lease("scan", "a", 60_000, "Ω\u0000"), { holder: "a", note: "Ω\u0000" });
        await theirs.release("scan", "b");
        assert.equal((await theirs.lease("scan", "b", 60_000, "")).holder, "a");
        await mine.release("scan", "a");
        assert.deepEqual(await theirs.lease("scan", "b", 1, "note of b"), { holder: "b", note: "note of b" });
        // Nobody renews it: whoever comes after a millisecond has it.
        while ((await mine.lease("scan", "a", 60_000, "again")).holder !== "a");
        assert.equal((await theirs.lease("scan", "b", 60_000, "")).holder, "a");
        await other.close();
      },
    );

    inPlace("gives a lease to one of many who ask at once", async (store, place) => {
      const others = await Promise.all([place.open(), place.open(), place.open()]);
      const holders = await Promise.all(
        [store, ...others].map(async (one, at) => (await sharingOf(one).lease("scan", `r-${at}`, 60_000, "")).holder),
      );
      assert.equal(new Set(holders).size, 1);
      await Promise.all(others.map((other) => other.close()));
    });

    inPlace("refuses what one who had a lease appends late, since another has appended", async (store, place) => {
      const other = await place.open();
      const paused = await store.head();
      const late = sealedAfter(paused, [tagged("ml", "late")]);
      assert.equal((await sharingOf(store).lease("scan", "old", 1, "")).holder, "old");
      while ((await sharingOf(other).lease("scan", "new", 60_000, "")).holder !== "new");
      const entries = sealedAfter(paused, [tagged("ml", "new")]);
      await other.append(paused, entries);
      await assert.rejects(store.append(paused, late), { code: "conflict" });
      assert.deepEqual(await store.read(0, 10), entries);
      await other.close();
    });
  });
}

function sharingOf({ description, sharing }: Store): NonNullable<Store["sharing"]> {
  assert.ok(sharing, `${description} is used by one service alone`);
  return sharing;
}

/** Waits for what a store announces, and says so where nothing comes. */
function signalled(store: Store): { next(): Promise<void>; stop(): void } {
  let announced = new AbortController();
  const stop = sharingOf(store).watch(() => announced.abort());
  return {
    async next() {
      // A hint may be lost: whoever waits for it asks from time to time too.
      await setTimeout(sharingOf(store).pollMs, undefined, { signal: announced.signal }).catch(() => {});
      announced = new AbortController();
    },
    stop,
  };
}
