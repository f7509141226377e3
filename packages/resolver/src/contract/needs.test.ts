import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { lacking, needText, parseNeeds } from "./needs.ts";

const lacks = (need: string, capabilities: readonly string[], ...details: readonly (readonly [string, string])[]) =>
  lacking(parseNeeds([need]), {
    capabilities,
    capabilityDetails: details.map(([name, version]) => ({ name, version })),
  });

describe("a need", () => {
  for (const [need, version, met] of [
    ["cuda>=12", "12", true],
    ["cuda>=12", "12.4", true],
    ["cuda>=12", "13.0", true],
    ["cuda>=12", "11.8", false],
    ["cuda>=12.4", "12", false],
    ["cuda>=12.4", "12.10", true],
    ["cuda=12", "12.4.1", true],
    ["cuda=12.4", "12.5", false],
    ["cuda<=12", "12.9", true],
    ["cuda<12", "12.0", false],
    ["cuda<12", "9.2", true],
    ["cuda>12", "12.9", false],
    ["cuda>12", "13", true],
    ["cuda>=0012", "12.1", true],
  ] as const) {
    test(`${need} is ${met ? "" : "not "}met by ${version}`, () => {
      const expected = met ? [] : [`${need} (it has cuda ${version})`];
      assert.deepEqual(lacks(need, ["cuda"], ["cuda", version]), expected);
    });
  }

  test("without a version is met by any, also by one that is not known", () => {
    assert.deepEqual(lacks("cuda", ["cuda"]), []);
    assert.deepEqual(lacks(" CUDA ", ["cuda"], ["cuda", "9.0"]), []);
    assert.deepEqual(lacks("cuda", ["cuda-toolkit"]), ["cuda"]);
  });

  test("with a version is not met by one that is not known, and that is said", () => {
    assert.deepEqual(lacks("cuda >= 12", ["cuda"]), ["cuda>=12 (the version of its cuda is not known)"]);
  });

  for (const text of [
    "",
    ">=12",
    "cuda>=",
    "cuda>=x",
    "cuda>=12 or so",
    "cuda==12",
    "cuda=>12",
    "a b",
    "cuda>=1e9",
    "ä",
  ]) {
    test(`"${text}" is refused with what is expected`, () => {
      assert.throws(() => parseNeeds([text]), {
        code: "invalid-request",
        message: /^need ".*": expected a capability such as pytorch, or one with a version, such as cuda>=12$/,
      });
    });
  }

  test("none, and more than anybody has, are refused", () => {
    assert.throws(() => parseNeeds([]), /needs is empty/);
    assert.throws(() => parseNeeds(Array.from({ length: 33 }, () => "cuda")), /needs has 33 members/);
  });

  test("is read or refused, whatever it is, and read again from what it is printed as", () => {
    const word = fc.oneof(fc.string(), fc.constantFrom("cuda>=12", "a<1.2", "b = 3"));
    fc.assert(
      fc.property(word, (text) => {
        try {
          const [need] = parseNeeds([text]);
          assert.ok(need);
          assert.deepEqual(parseNeeds([needText(need)]), [need]);
        } catch (error) {
          assert.equal((error as { code?: string }).code, "invalid-request");
        }
      }),
    );
  });
});
