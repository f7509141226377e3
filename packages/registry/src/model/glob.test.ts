import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { glob } from "./glob.ts";
import { repositoryPattern } from "./repository-pattern.ts";

test("a pattern of many stars takes no time against a long name that almost matches", () => {
  const dashes = "-".repeat(120);
  const started = performance.now();
  for (let times = 0; times < 1000; times += 1) {
    assert.equal(repositoryPattern("*-*-*-*-*x")(dashes), false);
    assert.equal(repositoryPattern("*-*-*-*-*-*-*-*-*-*-*-*-*-*-*x/**")(dashes), false);
  }
  // The same took 80 seconds for one name.
  assert.ok(performance.now() - started < 5000);
});

test("a pattern matches what a backtracking expression would", () => {
  const letters = (...of: string[]) => fc.string({ unit: fc.constantFrom(...of), maxLength: 8 });
  fc.assert(
    fc.property(letters("a", "b", "*"), letters("a", "b"), (pattern, text) => {
      assert.equal(glob(pattern)(text), new RegExp(`^${pattern.replaceAll("*", "[ab]*")}$`).test(text));
    }),
    { numRuns: 2000 },
  );
});
