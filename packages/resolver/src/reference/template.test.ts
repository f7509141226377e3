import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { InvalidTemplateError, InvalidTypeError } from "./errors.ts";
import { parseReference } from "./reference.ts";
import { DEFAULT_TEMPLATE, parseExecutorType, parseTemplate } from "./template.ts";

describe("which type an image is of", () => {
  const cases: readonly (readonly [template: string, reference: string, type: string | undefined])[] = [
    [DEFAULT_TEMPLATE, "executor-ml", "ml"],
    [DEFAULT_TEMPLATE, "docker.io/library/executor-ml:1", "ml"],
    [DEFAULT_TEMPLATE, "localhost:5000/team/executor-custom-nlp", "custom-nlp"],
    [DEFAULT_TEMPLATE, "executor-mlops", "mlops"],
    [DEFAULT_TEMPLATE, "my-executor-ml-cache", undefined],
    [DEFAULT_TEMPLATE, "executor-ml.example.com/other", undefined],
    [DEFAULT_TEMPLATE, "executor-ml/cache", undefined],
    [DEFAULT_TEMPLATE, "executor", undefined],
    [DEFAULT_TEMPLATE, "executors:executor-ml", undefined],
    [DEFAULT_TEMPLATE, "other:executor-ml", undefined],
    [DEFAULT_TEMPLATE, "executor-a.b_c__d", "a.b_c__d"],
    [DEFAULT_TEMPLATE, "executor--ml", undefined],
    ["team/{type}-runner", "registry.example.com/org/team/ml-runner:1", "ml"],
    ["team/{type}-runner", "team/ml-runner", "ml"],
    ["team/{type}-runner", "ml-runner", undefined],
    ["team/{type}-runner", "teams/ml-runner", undefined],
    ["team/{type}-runner", "my-team/ml-runner", undefined],
    ["team/{type}-runner", "team/ml-runner/cache", undefined],
    ["team/{type}-runner", "team.example.com/ml-runner", undefined],
    ["{type}/executor", "ml/executor", "ml"],
    ["executors/{type}", "executors/ml", "ml"],
    ["{type}", "anything", "anything"],
    ["a{type}a", "a", undefined],
    ["ab{type}ba", "aba", undefined],
  ];
  for (const [template, reference, type] of cases) {
    test(`${template} on ${reference}: ${type}`, () =>
      assert.equal(parseTemplate(template).typeOf(parseReference(reference)), type));
  }

  test("the repository of a type is of that type", () => {
    const type = fc.stringMatching(/^[a-z0-9]{1,9}(?:[._-][a-z0-9]{1,9}){0,2}$/);
    fc.assert(
      fc.property(fc.constantFrom(DEFAULT_TEMPLATE, "team/{type}-runner", "{type}"), type, (text, name) => {
        const template = parseTemplate(text);
        assert.equal(template.typeOf(parseReference(`registry.example.com/${template.repository(name)}`)), name);
      }),
    );
  });
});

test("templates that could not match as meant are refused", () => {
  const bad = [
    "",
    "executor",
    "executor-{Type}",
    "{type}-{type}",
    "/executor-{type}",
    "a//{type}",
    "Executor-{type}",
    "executor_-{type}",
    "host:5000/{type}",
    "{type}:1",
    "-{type}",
  ];
  for (const text of bad) assert.throws(() => parseTemplate(text), InvalidTemplateError, text);
});

test("types are one path component that a label can hold", () => {
  for (const type of ["ml", "custom-nlp", "a.b", "0", "x".repeat(63)]) assert.equal(parseExecutorType(type), type);
  for (const type of ["", "ML", "a b", "a/b", "-a", "a-", "a:b", "x".repeat(64), "../x"]) {
    assert.throws(() => parseExecutorType(type), InvalidTypeError, type);
  }
});
