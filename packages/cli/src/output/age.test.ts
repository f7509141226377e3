import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { age } from "./age.ts";

const second = 1000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;

describe("age", () => {
  const cases: readonly (readonly [number, string])[] = [
    [-5 * second, "0s"],
    [0, "0s"],
    [119_999, "119s"],
    [2 * minute, "2m"],
    [3 * minute + 20 * second, "3m20s"],
    [12 * minute + 20 * second, "12m"],
    [179 * minute, "179m"],
    [3 * hour, "3h"],
    [5 * hour + 7 * minute, "5h7m"],
    [47 * hour + 59 * minute, "47h"],
    [2 * day + 3 * hour, "2d3h"],
    [400 * day, "400d"],
  ];
  for (const [ms, text] of cases) test(`of ${ms} ms is ${text}`, () => assert.equal(age(ms), text));
});
