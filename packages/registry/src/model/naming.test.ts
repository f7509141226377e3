import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createNaming } from "./naming.ts";

describe("an image's types", () => {
  const naming = createNaming({
    template: "executor-{type}",
    tags: { template: "executor-{type}-{version}", repositories: ["executors"] },
    aliases: { "custom-nlp": "executor-nlp", ml: "team/executor-ml" },
  });

  for (const [path, tag, types] of [
    ["team/executor-ml", "1.0.0", ["ml"]],
    ["executor-mlops", "1.0.0", ["mlops"]],
    ["my-executor-ml", "1.0.0", []],
    ["executor-ml/cache", "1.0.0", []],
    ["team/executor-nlp", "latest", ["nlp", "custom-nlp"]],
    ["team/my-executor-nlp", "latest", []],
    ["team/executors", "executor-ml-1.2.0", ["ml"]],
    ["team/executors", "executor-ml-v1.2.0-rc.1", ["ml"]],
    ["team/executors", "executor-custom-nlp-20261123", ["custom-nlp"]],
    ["team/executors", "executor-ml-latest", ["ml"]],
    ["team/executors", "executor-custom-nlp-main", ["custom-nlp"]],
    ["team/executors", "executor-ml", []],
    ["team/executors", "readme", []],
    ["team/myexecutors", "executor-ml-1.2.0", []],
  ] as const) {
    test(`${path}:${tag} is ${types.join(" and ") || "no executor"}`, () => {
      assert.deepEqual(naming.typesOf(path, tag), types);
    });
  }

  test("knows which repositories can hold executors", () => {
    const looked = ["team/executor-ml", "executors", "team/executor-nlp", "executor", "tools"];
    assert.deepEqual(looked.map(naming.holdsExecutors), [true, true, true, false, false]);
  });
});
