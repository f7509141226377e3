import assert from "node:assert/strict";
import { test } from "node:test";
import { repositoryPattern } from "./repository-pattern.ts";

for (const [pattern, matching, others] of [
  ["team/executor-ml", ["team/executor-ml"], ["team/executor-mlx", "x/team/executor-ml", "team/executor-ml/x"]],
  ["team/*", ["team/a", "team/"], ["team", "team/a/b", "teams/a"]],
  ["team/executor-*", ["team/executor-ml", "team/executor-"], ["team/my-executor-ml", "team/executor-ml/cache"]],
  ["*-ml-*", ["executor-ml-gpu"], ["executor-ml", "a/executor-ml-gpu"]],
  ["**", ["a", "a/b/c"], []],
  ["team/**", ["team", "team/a", "team/a/b"], ["teams", "a/team"]],
  ["**/executor-*", ["executor-ml", "a/b/executor-ml"], ["executor-ml/a"]],
  ["a/**/z", ["a/z", "a/b/z", "a/b/c/z"], ["a", "z", "a/zz"]],
  ["a.b/c", ["a.b/c"], ["aXb/c"]],
] as const) {
  test(`${pattern} matches ${matching.join(", ")}${others.length > 0 ? `; not ${others.join(", ")}` : ""}`, () => {
    const matches = repositoryPattern(pattern);
    assert.deepEqual(
      matching.filter((name) => !matches(name)),
      [],
    );
    assert.deepEqual(
      others.filter((name) => matches(name)),
      [],
    );
  });
}
