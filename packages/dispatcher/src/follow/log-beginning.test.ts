import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { clusterTime, isFromTheBeginning, type LogBeginning } from "./log-beginning.ts";

const SECOND = 1000;
const MINUTE = 60 * SECOND;

const CASES: readonly (readonly [name: string, beginning: Partial<LogBeginning>, known: boolean])[] = [
  ["followed from the start", { opened: SECOND, firstLine: SECOND + 500 }, true],
  ["followed from the start, silent for long", { opened: SECOND, firstLine: 10 * MINUTE }, true],
  ["followed late, its first line written at the start", { opened: 10 * MINUTE, firstLine: 400 }, true],
  ["followed late, its first line written later", { opened: 10 * MINUTE, firstLine: 5 * MINUTE }, false],
  ["followed late, at its end", { opened: 60 * MINUTE, ended: 10 * MINUTE, firstLine: 5 * MINUTE }, false],
  ["never wrote, followed from the start", { opened: SECOND, ended: 10 * MINUTE }, true],
  ["never wrote, and was soon over", { opened: 60 * MINUTE, ended: 5 * SECOND }, true],
  ["wrote nothing that is left, followed late", { opened: 9 * MINUTE, ended: 10 * MINUTE }, false],
];

describe("dev-05: whether a log was read from its first line on", () => {
  for (const [name, beginning, known] of CASES) {
    test(`${name}: ${known ? "" : "not "}known`, () => {
      const all = { started: 0, opened: undefined, ended: undefined, firstLine: undefined, ...beginning };
      assert.equal(isFromTheBeginning(all), known);
    });
  }

  test("the cluster's clock counts, and its last second as over", () => {
    assert.equal(clusterTime({ serverTime: () => ({ server: 5000, local: 100 }) }, 300), 6200);
    assert.equal(clusterTime({ serverTime: () => undefined }, 300), 300);
  });
});
