import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { Answers } from "./answers.ts";

describe("answers for subjects and unknown types", () => {
  test("are bounded; the one confirmed longest ago gives way, and known types never", () => {
    const answers = new Answers(3);
    const known = answers.open("ml");
    known.confirm(documentOf("ml", "executor-ml:1.0"), 0, 1000);
    answers.settle(known);
    for (const subject of ["a", "b", "c"]) answers.open("ml", subject);
    answers.settle(answers.open("ml", "a"));
    answers.open("unknown");
    assert.deepEqual(
      ["a", "b", "c"].map((subject) => answers.find("ml", subject) !== undefined),
      [true, false, true],
    );
    for (let index = 0; index < 1000; index += 1) answers.open(`type-${index}`);
    assert.equal([...answers.all()].length, 4);
    assert.equal(answers.find("ml"), known);
  });
});
