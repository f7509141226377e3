import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { canonicalJson } from "./canonical.ts";

describe("canonical JSON", () => {
  test("is what RFC 8785 shows for its own examples", () => {
    const numbers = [Number("333333333.33333329"), 1e30, 4.5, 2e-3, 0.000000000000000000000000001];
    const value = { numbers, string: "\u20ac$\u000f\u000aA'\u0042\u0022\u005c\\\"/", literals: [null, true, false] };
    assert.equal(
      canonicalJson(value),
      `{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\\u000f\\nA'B\\"\\\\\\\\\\"/"}`,
    );
    const names = { "\u20ac": 1, "\r": 2, "\ufb33": 3, "1": 4, "\ud83d\ude00": 5, "\u0080": 6, "\u00f6": 7 };
    assert.equal(canonicalJson(names), '{"\\r":2,"1":4,"\u0080":6,"\u00f6":7,"\u20ac":1,"\ud83d\ude00":5,"\ufb33":3}');
  });

  test("does not depend on the order in which members were set, and survives being stored", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string({ unit: "binary" }), fc.jsonValue()), (value) => {
        const text = canonicalJson(value);
        assert.equal(canonicalJson(Object.fromEntries(Object.entries(value).reverse())), text);
        assert.equal(canonicalJson(JSON.parse(JSON.stringify(value))), text);
        assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
      }),
    );
  });

  test("leaves out members that are not there", () => {
    assert.equal(canonicalJson({ b: undefined, a: { c: undefined } }), '{"a":{}}');
  });

  test("refuses what JSON cannot say", () => {
    for (const value of [Number.NaN, Infinity, undefined, 1n, Symbol("s"), () => 1, [undefined]]) {
      assert.throws(() => canonicalJson({ value: [value] }), TypeError);
    }
  });
});
