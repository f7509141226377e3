import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, nat, property, stringMatching } from "fast-check";
import { NearMisses, nearMisses } from "./near-misses.ts";

describe("near misses", () => {
  const known = ["custom-nlp", "ml", "mlops", "nlp", "vision"];
  for (const [word, expected] of [
    ["mll", ["ml"]],
    ["nlpp", ["nlp"]],
    ["npl", ["nlp"]],
    ["visoin", ["vision"]],
    ["visionary", ["vision"]],
    ["custom", ["custom-nlp"]],
    ["etl", []],
    ["", []],
  ] as const) {
    test(`of "${word}" are ${JSON.stringify(expected)}`, () => assert.deepEqual(nearMisses(word, known), expected));
  }

  test("are at most three, the closest first", () => {
    assert.deepEqual(nearMisses("worker", ["worker9x", "worker-2", "walker", "warker", "workers"]), [
      "warker",
      "worker-2",
      "worker9x",
    ]);
  });

  test("red-13: are found among 10,000 words that are all alike", () => {
    const words = Array.from({ length: 10_000 }, (_, n) => `team-of-many-types-number-${String(n).padStart(5, "0")}`);
    const index = new NearMisses(words);
    for (const slip of ["team-of-many-types-number-04711x", "taem-of-many-types-number-04711"]) {
      assert.equal(index.of(slip)[0], "team-of-many-types-number-04711");
    }
  });

  test("are those of a comparison of all letters", () => {
    const word = stringMatching(/^[a-c]{1,8}$/);
    check(
      property(word, word, (one, other) => {
        assert.equal(nearMisses(one, [other]).length > 0, close(one, other), `${one} and ${other}`);
      }),
      { numRuns: 2000 },
    );
  });

  test("find every word with one letter changed", () => {
    check(
      property(stringMatching(/^[a-z]{4,20}$/), nat(), (word, place) => {
        const at = place % word.length;
        const typed = `${word.slice(0, at)}0${word.slice(at + 1)}`;
        assert.deepEqual(nearMisses(typed, [word]), [word]);
      }),
    );
  });
});

/** The same by the definition: optimal string alignment, without any short cut. */
function close(a: string, b: string): boolean {
  if (Math.min(a.length, b.length) > 1 && (a.includes(b) || b.includes(a))) return true;
  const rows = Array.from({ length: a.length + 1 }, (_, row) =>
    Array.from({ length: b.length + 1 }, (_, column) => (row === 0 ? column : column === 0 ? row : 0)),
  );
  for (let i = 1; i <= a.length; i += 1) {
    for (let j = 1; j <= b.length; j += 1) {
      const cost = a[i - 1] === b[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, rows[i]![j - 1]! + 1, rows[i - 1]![j - 1]! + cost);
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      rows[i]![j] = best;
    }
  }
  return rows[a.length]![b.length]! <= (a.length < 6 ? 1 : 2);
}
