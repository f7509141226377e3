import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { suggestion } from "./usage-error.ts";

const KNOWN = ["list", "resolve", "run", "watch"];

describe("suggestion", () => {
  const cases: readonly (readonly [string, string])[] = [
    ["lits", "; did you mean list?"],
    ["lst", "; did you mean list?"],
    ["resolves", "; did you mean resolve?"],
    ["r", "; did you mean resolve or run?"],
    ["wotch", "; did you mean watch?"],
    ["delete", ""],
    ["", ""],
  ];
  for (const [word, expected] of cases) {
    test(`for "${word}"`, () => assert.equal(suggestion(word, KNOWN), expected));
  }
});
