import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { EMPTY_HEAD, verifyChain } from "./chain.ts";
import type { Entry } from "./entry.ts";
import { journalOf, sealedAfter, tagged } from "./testing/toy.ts";

const drafts = fc.array(
  fc.tuple(fc.string({ minLength: 1 }), fc.string({ unit: "binary" }), fc.string()).map((text) => tagged(...text)),
);

/** What tampering with one entry of eight is answered with. */
function found(tamper: (entries: Entry[]) => void): unknown {
  const entries = structuredClone(journalOf(8));
  tamper(entries);
  try {
    verifyChain(entries);
    return "nothing";
  } catch (problem) {
    const { code, sequence, difference } = problem as { code: string; sequence: number; difference: string };
    return { code, sequence, difference: difference.replaceAll(/[0-9a-f]{64}/g, "HASH") };
  }
}

describe("a chain of entries", () => {
  test("holds as it was sealed, also after it was stored, from any place on", () => {
    fc.assert(
      fc.property(drafts, fc.nat(), (all, cut) => {
        const entries = sealedAfter(EMPTY_HEAD, all);
        const stored = JSON.parse(JSON.stringify(entries)) as Entry[];
        const head = verifyChain(stored);
        assert.equal(head.sequence, all.length);
        const at = cut % (all.length + 1);
        assert.deepEqual(verifyChain(stored.slice(at), verifyChain(stored.slice(0, at))), head);
      }),
    );
  });

  const notItsHash = "its hash should be HASH, but what it says hashes to HASH";
  const notThePrevious = "it says that it follows an entry with hash HASH, but the one before it has HASH";
  const cases: Readonly<Record<string, [Partial<Entry>, string]>> = {
    at: [{ at: "2026-11-23T00:00:00.001Z" }, notItsHash],
    actor: [{ actor: "user:mallory" }, notItsHash],
    reason: [{ reason: "nothing to see here" }, notItsHash],
    change: [{ change: tagged("ml", "evil").change }, notItsHash],
    hash: [{ hash: "a".repeat(64) }, notItsHash],
    previous: [{ previous: "a".repeat(64) }, notThePrevious],
    sequence: [{ sequence: 77 }, "in its place is an entry that says it is number 77"],
    "a member that does not exist": [{ note: "hi" } as object, notItsHash],
  };
  for (const [member, [change, difference]] of Object.entries(cases)) {
    test(`shows that someone changed ${member}, and where`, () => {
      assert.deepEqual(
        found((entries) => (entries[4] = { ...entries[4]!, ...change })),
        { code: "broken-journal", sequence: 5, difference },
      );
    });
  }

  test("shows that an entry was taken out, put in, swapped or replaced by one with a hash of its own", () => {
    const place = (number: number): string => `in its place is an entry that says it is number ${number}`;
    const code = "broken-journal";
    assert.deepEqual(
      found((entries) => entries.splice(2, 1)),
      { code, sequence: 3, difference: place(4) },
    );
    assert.deepEqual(
      found((entries) => entries.splice(2, 0, entries[1]!)),
      { code, sequence: 3, difference: place(2) },
    );
    assert.deepEqual(
      found((entries) => entries.splice(0, 2, entries[1]!, entries[0]!)),
      { code, sequence: 1, difference: place(2) },
    );
    const forge = (entries: Entry[]): Entry[] => sealedAfter(entries[1]!, [tagged("ml", "forged")]);
    assert.deepEqual(
      found((entries) => entries.splice(2, 1, ...forge(entries))),
      { code, sequence: 4, difference: notThePrevious },
    );
  });

  test("changes with every single character", () => {
    fc.assert(
      fc.property(fc.string({ unit: "binary" }), fc.string({ unit: "binary" }), (one, other) => {
        fc.pre(one !== other);
        const [a] = sealedAfter(EMPTY_HEAD, [tagged("ml", one)]);
        const [b] = sealedAfter(EMPTY_HEAD, [tagged("ml", other)]);
        assert.notEqual(a?.hash, b?.hash);
      }),
    );
  });
});
