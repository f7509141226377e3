import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createFindings } from "./findings.ts";
import { fakeFinding } from "./testing/fake-source.ts";

describe("findings", () => {
  const start = () => {
    const told: (string | undefined)[] = [];
    const findings = createFindings((type) => told.push(type));
    findings.replace(
      new Map([
        ["ml", fakeFinding("executor-ml:1")],
        ["nlp", fakeFinding("executor-nlp:1")],
      ]),
      [{ type: "etl", text: "no build" }, { text: "something general" }],
    );
    told.length = 0;
    return { findings, told };
  };
  const notes = [{ type: "etl", text: "no build" }, { text: "something general" }];

  test("that are equal stay the same object, and nobody is told", () => {
    const { findings, told } = start();
    const before = findings.find("ml");
    findings.replace(
      new Map([
        ["nlp", fakeFinding("executor-nlp:1")],
        ["ml", fakeFinding("executor-ml:1")],
      ]),
      notes,
    );
    assert.equal(findings.find("ml"), before);
    assert.deepEqual(told, []);
  });

  test("tell each type that changed, came or went", () => {
    const { findings, told } = start();
    const before = findings.find("ml");
    findings.replace(
      new Map([
        ["ml", fakeFinding("executor-ml:2")],
        ["etl", fakeFinding("executor-etl:1")],
      ]),
      notes,
    );
    assert.deepEqual(new Set(told), new Set(["etl", "ml", "nlp"]));
    assert.notEqual(findings.find("ml"), before);
    assert.deepEqual([...findings.types()], ["ml", "etl"]);
  });

  test("tell everybody when a note changed, and give the notes of one type", () => {
    const { findings, told } = start();
    assert.deepEqual(findings.notes(), ["no build", "something general"]);
    assert.deepEqual(findings.notes("etl"), ["no build"]);
    findings.replace(new Map([["ml", fakeFinding("executor-ml:1")]]), []);
    assert.deepEqual(told, [undefined]);
    assert.deepEqual(findings.notes(), []);
  });
});
