import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { describe, test } from "node:test";

interface Ended {
  readonly code: number | null;
  readonly out: string;
  readonly err: string;
}

function run(command: string, file: string, args: readonly string[], env: Record<string, string> = {}): Ended {
  const { status, stdout, stderr } = spawnSync(command, [join(import.meta.dirname, file), ...args], {
    encoding: "utf8",
    env: { ...process.env, ...env },
    input: "",
  });
  return { code: status, out: stdout, err: stderr };
}

describe("executor-ml", () => {
  const ml = (args: readonly string[], env?: Record<string, string>): Ended =>
    run(process.execPath, "ml/main.ts", args, env);

  test("trains as many epochs as asked for, the same for the same SEED", () => {
    const first = ml(["--epochs", "3"], { SEED: "7" });
    assert.equal(first.code, 0, first.err);
    assert.match(first.out, /^training on 200 points, seed 7, .*\nepoch 1: .*\nepoch 2: .*\nepoch 3: .*\ny = .*\n$/);
    assert.equal(ml(["--epochs", "3"], { SEED: "7" }).out, first.out);
    assert.notEqual(ml(["--epochs", "3"], { SEED: "8" }).out, first.out);
  });

  test("ends early at the target, and fails when it is not reached", () => {
    const reached = ml(["--epochs", "1000", "--target", "0.01"]);
    assert.equal(reached.code, 0);
    assert.doesNotMatch(reached.out, /epoch 1000:/);
    assert.equal(ml(["--epochs", "2", "--target", "0.01"]).code, 1);
  });

  test("refuses arguments that make no sense", () => {
    for (const args of [["--epochs", "many"], ["--epochs", ""], ["--pause", "-1"], ["--unknown"]])
      assert.equal(ml(args).code, 2, args.join(" "));
    assert.equal(ml([], { SEED: "x" }).code, 2);
  });
});

describe("executor-nlp", () => {
  const nlp = (args: readonly string[], env?: Record<string, string>): Ended => run("sh", "nlp/nlp.sh", args, env);

  test("counts words, most frequent first", () => {
    const { code, out } = nlp(["The cat and the dog", "and THE bird"], { TOP: "3" });
    assert.equal(code, 0);
    assert.deepEqual(
      out
        .trimEnd()
        .split("\n")
        .map((line) => line.trim()),
      ["8 words", "3 the", "2 and", "1 bird"],
    );
  });

  test("fails on a text without words and on a senseless TOP", () => {
    assert.equal(nlp(["..."]).code, 1);
    assert.equal(nlp([]).code, 1);
    assert.equal(nlp(["a"], { TOP: "x" }).code, 2);
    assert.equal(nlp(["a"], { TOP: "0" }).code, 2);
  });
});
