import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { assert as check, nat, property, stringMatching } from "fast-check";
import { nearMisses } from "./near-misses.ts";

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
