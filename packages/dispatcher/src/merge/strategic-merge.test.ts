import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { InvalidRequestError } from "../tools/errors.ts";
import { MERGE_CASES } from "../testing/merge-cases.ts";
import { POD_TEMPLATE } from "./pod-schema.ts";
import { strategicMerge } from "./strategic-merge.ts";

const merge = (original: object, patch: object) => strategicMerge({ ...original }, { ...patch }, POD_TEMPLATE, "patch");

describe("a strategic merge", () => {
  for (const { name, original, patch, result } of MERGE_CASES) {
    test(name, () => {
      const before = structuredClone({ original, patch });
      assert.deepEqual(merge({ spec: original }, { spec: patch }), { spec: result });
      assert.deepEqual({ original, patch }, before, "the arguments stay as they were");
    });
  }

  test("directives are obeyed where the original has nothing", () => {
    const patch = {
      volumes: [{ name: "a", $patch: "delete" }, { name: "b", emptyDir: {} }, { $patch: "replace" }],
      nodeSelector: { $patch: "replace", disk: null, zone: "a" },
    };
    assert.deepEqual(merge({}, { spec: patch }), {
      spec: { volumes: [{ name: "b", emptyDir: {} }], nodeSelector: { disk: null, zone: "a" } },
    });
  });

  test("a patch without content changes nothing", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue(), { noNullPrototype: true }), (original) => {
        assert.deepEqual(merge({ spec: original }, { spec: {} }), { spec: original });
      }),
    );
  });

  test("names of Object's own are fields like any other", () => {
    const patch = JSON.parse('{"spec": {"__proto__": {"polluted": true}, "constructor": [1]}}') as object;
    const merged = merge({}, patch);
    assert.equal(JSON.stringify(merged), JSON.stringify(patch));
    assert.equal("polluted" in {}, false);
  });
});

describe("patches that cannot be applied", () => {
  const containers = [{ name: "a" }, { name: "b" }];
  const wrong: readonly (readonly [name: string, patch: object, field: string])[] = [
    ["an element without its key", { containers: [{ image: "x" }] }, "patch.spec.containers"],
    ["an element that is no object", { containers: ["x"] }, "patch.spec.containers[0]"],
    ["an unknown $patch", { containers: [{ name: "a", $patch: "remove" }] }, "patch.spec.containers[0].$patch"],
    ["$patch: merge", { nodeSelector: { $patch: "merge" } }, "patch.spec.nodeSelector.$patch"],
    ["an unknown directive", { $setOrder: [] }, "patch.spec.$setOrder"],
    ["$retainKeys that is no list", { nodeSelector: { $retainKeys: "a" } }, "patch.spec.nodeSelector.$retainKeys"],
    ["a field missing from $retainKeys", { nodeSelector: { $retainKeys: ["a"], b: "1" } }, "patch.spec.nodeSelector.b"],
    ["an order that contradicts the list", { $setElementOrder: [], containers }, "patch.spec.$setElementOrder"],
    [
      "a list in another order than its $setElementOrder",
      { "$setElementOrder/containers": [{ name: "b" }, { name: "a" }], containers },
      "patch.spec.containers",
    ],
  ];
  for (const [name, patch, field] of wrong) {
    test(name, () => {
      assert.throws(
        () => merge({ spec: { containers } }, { spec: patch }),
        (error) => error instanceof InvalidRequestError && error.field === field,
      );
    });
  }
});
