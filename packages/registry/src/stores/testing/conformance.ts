import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { EMPTY_HEAD, verifyChain } from "../../journal/chain.ts";
import type { Entry, Head, JournalChange, JournalFilter, SnapshotHead, SnapshotPart } from "../../journal/entry.ts";
import { journalOf, sealedAfter, tagged, type ToyChange } from "../../journal/testing/toy.ts";
import type { Store } from "../../journal/store.ts";

/** A place for one journal, empty at first. */
export interface Place extends AsyncDisposable {
  /** Opens it; called again, it opens the same journal once more, as a restart or a second replica would. */
  open(): Promise<Store>;
}

/** Makes tests that each have a place of their own. */
export function testsIn(place: () => Promise<Place>) {
  return (
    sentence: string,
    body: (store: Store, place: Place) => Promise<void>,
    skip: string | false = false,
  ): void => {
    test(sentence, { skip }, async () => {
      await using somewhere = await place();
      const store = await somewhere.open();
      try {
        await body(store, somewhere);
      } finally {
        await store.close();
      }
    });
  };
}

/** What every store must do. @param options.durable whether what one opening appended is there for the next. @default true */
export function conformance(
  name: string,
  { durable = true, place }: { readonly durable?: boolean; readonly place: () => Promise<Place> },
): void {
  const inPlace = testsIn(place);
  const volatile = durable ? false : `${name} forgets when it is closed`;

  describe(`the store ${name}`, () => {
    inPlace("is empty at first", async (store) => {
      assert.deepEqual(await store.head(), EMPTY_HEAD);
      assert.deepEqual(await store.read(0, 10), []);
      assert.deepEqual(await store.list({ limit: 10 }), []);
      assert.equal(await loaded(store), undefined);
    });

    inPlace("gives back what was appended, oldest first and page by page", async (store) => {
      const entries = journalOf(25);
      await append(store, entries.slice(0, 10));
      await append(store, entries.slice(10));
      assert.deepEqual(await store.read(0, 100), entries);
      assert.deepEqual(await store.read(10, 5), entries.slice(10, 15));
      assert.deepEqual(await store.read(25, 5), []);
      assert.deepEqual(await store.head(), headOf(entries));
    });

    inPlace("lists by every filter, newest first", async (store) => {
      const drafts = [
        tagged("ml", "1", "source:a"),
        tagged("nlp", "1", "user:alice"),
        tagged("ml", "2", "user:alice"),
        { ...tagged("ml", "3"), change: { kind: "type-claimed", type: "ml", claims: [] } as const },
        tagged("nlp", "2", "source:a"),
        tagged("ml", "4", "source:a"),
      ];
      const entries: Entry[] = [];
      for (const [at, draft] of drafts.entries()) {
        // The third and the fourth at the same time.
        const second = at > 2 ? at - 1 : at;
        entries.push(...sealedAfter<JournalChange>(headOf(entries), [draft], `2026-11-23T00:00:0${second}.000Z`));
      }
      await append(store, entries);

      const listed = async (filter: Omit<JournalFilter, "limit">, limit = 10): Promise<number[]> =>
        (await store.list({ ...filter, limit })).map(({ sequence }) => sequence);
      assert.deepEqual(await store.list({ limit: 10 }), entries.toReversed());
      assert.deepEqual(await listed({}, 2), [6, 5]);
      assert.deepEqual(await listed({ before: 5 }, 2), [4, 3]);
      assert.deepEqual(await listed({ before: 1 }), []);
      assert.deepEqual(await listed({ type: "ml" }), [6, 4, 3, 1]);
      assert.deepEqual(await listed({ type: "ml", before: 4 }, 1), [3]);
      assert.deepEqual(await listed({ kind: "type-claimed" }), [4]);
      assert.deepEqual(await listed({ actor: "user:alice" }), [3, 2]);
      assert.deepEqual(await listed({ from: "2026-11-23T00:00:02.000Z" }), [6, 5, 4, 3]);
      assert.deepEqual(await listed({ until: "2026-11-23T00:00:02.000Z" }), [2, 1]);
      assert.deepEqual(await listed({ from: "2026-11-23T00:00:01.500Z", until: "2026-11-23T00:00:03.000Z" }), [4, 3]);
      assert.deepEqual(await listed({ from: "2027-01-01T00:00:00.000Z" }), []);
      assert.deepEqual(await listed({ until: "2026-01-01T00:00:00.000Z" }), []);
      assert.deepEqual(await listed({ type: "ml", actor: "source:a", from: "2026-11-23T00:00:01.000Z" }), [6]);
      assert.deepEqual(await listed({ type: "nobody's" }), []);
      const { repository = "", digest = "" } = entries[0]?.change ?? {};
      assert.deepEqual(await listed({ repository }), [6, 3, 1]);
      assert.deepEqual(await listed({ repository, digest }), [6, 3, 1]);
      assert.deepEqual(await listed({ repository: "elsewhere", digest }), []);
      assert.deepEqual(await listed({ after: 0 }, 2), [1, 2]);
      assert.deepEqual(await listed({ after: 2, before: 5 }), [3, 4]);
      assert.deepEqual(await listed({ after: 1, type: "ml" }, 2), [3, 4]);
      assert.deepEqual(await listed({ after: 6 }), []);
    });

    inPlace("refuses entries that follow another head, and appends none of them", async (store) => {
      const entries = journalOf(3);
      await append(store, entries);
      const behind = headOf(entries.slice(0, 2));
      const late = sealedAfter(behind, [tagged("ml", "late"), tagged("ml", "later")]);
      await assert.rejects(store.append(behind, late), { code: "conflict", expected: behind, actual: headOf(entries) });
      const forged = { ...headOf(entries), hash: "f".repeat(64) };
      await assert.rejects(store.append(forged, sealedAfter(forged, [tagged("ml", "forged")])), { code: "conflict" });
      assert.deepEqual(await store.read(0, 100), entries);
    });

    inPlace("takes entries that are appended again for the same, since a reply may be lost", async (store) => {
      const entries = journalOf(5);
      const [first, others] = [entries.slice(0, 3), entries.slice(3)];
      await store.append(EMPTY_HEAD, first);
      await store.append(EMPTY_HEAD, first);
      assert.deepEqual(await store.read(0, 100), first);
      await store.append(headOf(first), others);
      await store.append(EMPTY_HEAD, first);
      await store.append(headOf(first), others);
      assert.deepEqual(await store.read(0, 100), entries);
      await assert.rejects(store.append(EMPTY_HEAD, []), { code: "conflict" });
      const longer = [...others, ...sealedAfter(headOf(entries), [tagged("ml", "more")])];
      await assert.rejects(store.append(headOf(first), longer), { code: "conflict" });
      await assert.rejects(store.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("ml", "other")])), {
        code: "conflict",
      });
      assert.deepEqual(await store.read(0, 100), entries);
    });

    inPlace("lets one of many writers that start from the same head win", async (store, place) => {
      const others = await Promise.all([place.open(), place.open(), place.open()]);
      const attempts = await Promise.allSettled(
        [store, ...others].map((writer, at) =>
          writer.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("ml", `writer-${at}`)])),
        ),
      );
      assert.equal(attempts.filter(({ status }) => status === "fulfilled").length, 1);
      assert.equal((await store.read(0, 10)).length, 1);
      await Promise.all(others.map((other) => other.close()));
    });

    inPlace("loses nothing when several writers append at once", async (store, place) => {
      const writers = [store, await place.open(), await place.open()];
      await Promise.all(writers.map((writer, at) => appendAll(writer, `writer-${at}`, 40)));
      const entries = await store.read(0, 1000);
      verifyChain(entries);
      for (const at of writers.keys()) {
        const own = entries.filter(({ actor }) => actor === `writer-${at}`);
        assert.deepEqual(
          own.map(tagOf),
          Array.from({ length: 40 }, (_, nth) => String(nth)),
        );
      }
      await Promise.all(writers.slice(1).map((writer) => writer.close()));
    });

    inPlace("keeps a cursor by its name, ahead or back as it is told", async (store) => {
      assert.equal(await store.cursor("audit"), undefined);
      for (const sequence of [5, 9, 3]) {
        await store.saveCursor("audit", sequence);
        assert.equal(await store.cursor("audit"), sequence);
      }
      await store.saveCursor("it's Ω", 0);
      assert.deepEqual([await store.cursor("it's Ω"), await store.cursor("audit")], [0, 3]);
    });

    inPlace("keeps the newest snapshot it was given", async (store) => {
      await save(store, 5, { ml: "five", nlp: "five" });
      assert.deepEqual(await loaded(store), { ...snapshot(5), texts: { ml: "five", nlp: "five" } });
      await save(store, 9, { ml: "nine" }, { complete: true });
      await save(store, 5, { ml: "five", nlp: "five" });
      assert.deepEqual(await loaded(store), { ...snapshot(9), texts: { ml: "nine" } });
      await save(store, 9, { ml: "nine, mended" }, { complete: true });
      assert.deepEqual(await loaded(store), { ...snapshot(9), texts: { ml: "nine, mended" } });
    });

    inPlace("changes the parts of a snapshot that it is given, and no others", async (store) => {
      const odd = { "": "empty", __proto__x: "Ω\u0000\n", "it's": '"' };
      await save(store, 1, { ml: "one", ...odd }, { complete: true });
      await save(store, 2, { ml: "two", nlp: "two" });
      await save(store, 3, {});
      assert.deepEqual(await loaded(store), { ...snapshot(3), texts: { ml: "two", nlp: "two", ...odd } });
    });

    inPlace("keeps the snapshot it has when a part of the next cannot be made", async (store) => {
      await save(store, 1, { ml: "one" }, { complete: true });
      function* half(): Generator<SnapshotPart> {
        yield { key: "ml", text: "two" };
        throw new Error("no more");
      }
      await assert.rejects(async () => store.saveSnapshot(snapshot(2), half(), true), /no more/);
      assert.deepEqual(await loaded(store), { ...snapshot(1), texts: { ml: "one" } });
    });

    inPlace("gives every character back as it was", async (store) => {
      const texts = [
        "",
        "naïve Ω 漢字 🚀 e\u0301",
        `"quotes" \\ 'and' -- ; %`,
        "a\nb\tc\r\u0000d\u2028",
        "half \ud83d",
      ];
      const drafts = texts.map((text) => ({ ...tagged("ml", text, text || "nobody"), reason: text }));
      const entries = sealedAfter(EMPTY_HEAD, drafts);
      await append(store, entries);
      const read = await store.read(0, 10);
      assert.deepEqual(read, entries);
      assert.deepEqual(verifyChain(read), headOf(entries));
      assert.deepEqual(await store.list({ actor: texts[1] ?? "", limit: 5 }), [entries[1]]);
    });

    inPlace("takes ten thousand entries at once", async (store) => {
      const entries = journalOf(10_000);
      await append(store, entries);
      assert.deepEqual(await store.head(), headOf(entries));
      assert.deepEqual(await store.read(9_990, 1000), entries.slice(9_990));
      assert.equal(verifyChain(await store.read(0, 20_000)).sequence, 10_000);
      assert.equal((await store.list({ type: "type-3", limit: 5 }))[0]?.change.type, "type-3");
    });

    inPlace("takes entries of megabytes, and reads them one by one where they are many", async (store) => {
      const large = "x".repeat(3 << 20);
      const entries = sealedAfter(
        EMPTY_HEAD,
        ["1", "2", "3", "4", "5"].map((tag) => ({ ...tagged("ml", tag), reason: large })),
      );
      await append(store, entries);
      const read = [];
      for (;;) {
        const portion = await store.read(read.length, 100);
        if (portion.length === 0) break;
        read.push(...portion);
      }
      assert.deepEqual(read, entries);
      assert.equal((await store.list({ limit: 1 }))[0]?.hash, entries.at(-1)?.hash);
    });

    inPlace(
      "has everything when it is opened again",
      async (store, place) => {
        const entries = journalOf(5);
        await append(store, entries);
        await save(store, 3, { ml: "three" }, { complete: true });
        await store.saveCursor("audit", 4);
        await store.close();
        const again = await place.open();
        assert.deepEqual(await again.read(0, 10), entries);
        assert.deepEqual(await loaded(again), { ...snapshot(3), texts: { ml: "three" } });
        assert.equal(await again.cursor("audit"), 4);
        await again.close();
      },
      volatile,
    );
  });
}

const headOf = (entries: readonly Entry[]): Head => {
  const { sequence, hash } = entries.at(-1) ?? EMPTY_HEAD;
  return { sequence, hash };
};

const tagOf = ({ change }: Entry): string | undefined => (change as Partial<ToyChange>).tags?.[0];

const snapshot = (sequence: number): SnapshotHead => ({
  head: { sequence, hash: String(sequence).repeat(64) },
  format: 1,
  parts: 7,
});

async function save(
  store: Store,
  sequence: number,
  texts: Readonly<Record<string, string>>,
  { complete = false } = {},
): Promise<void> {
  const parts = Object.entries(texts).map(([key, text]) => ({ key, text }));
  await store.saveSnapshot(snapshot(sequence), parts, complete);
}

async function loaded(store: Store): Promise<object | undefined> {
  const texts: Record<string, string> = {};
  const head = await store.loadSnapshot(({ key, text }) => void (texts[key] = text), 1);
  return head && { ...head, texts };
}

/** Appends entries that follow the store's head. */
async function append(store: Store, entries: readonly Entry[]): Promise<void> {
  await store.append(await store.head(), entries);
}

/** Appends one entry at a time, again after each conflict, as a journal does. */
async function appendAll(store: Store, actor: string, count: number): Promise<void> {
  for (let nth = 0; nth < count;) {
    const head = await store.head();
    try {
      await store.append(head, sealedAfter(head, [tagged("ml", String(nth), actor)]));
      nth++;
    } catch (problem) {
      assert.equal((problem as { code?: string }).code, "conflict", String(problem));
    }
  }
}
