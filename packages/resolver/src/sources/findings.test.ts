import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { createFindings } from "./findings.ts";
import { fakeFinding } from "../testing/fake-source.ts";

const NOON = Date.UTC(2026, 10, 23, 12);

describe("findings", () => {
  const start = () => {
    const told: (string | undefined)[] = [];
    const clock = manualClock(NOON);
    const signal = new AbortController().signal;
    const findings = createFindings({ clock, signal, changed: (type) => void told.push(type) });
    findings.replace(
      new Map([
        ["ml", fakeFinding("executor-ml:1")],
        ["nlp", fakeFinding("executor-nlp:1")],
      ]),
      [{ type: "etl", text: "no build" }, { text: "something general" }],
    );
    told.length = 0;
    return { findings, told, clock };
  };
  const notes = [{ type: "etl", text: "no build" }, { text: "something general" }];

  test("that are equal stay the same object, and no listener is called", () => {
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

  test("report each type that changed, came or went", () => {
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

  test("report those whose note changed, all when it names no type, and give the notes of one type", () => {
    const { findings, told } = start();
    const before = new Map([["ml", fakeFinding("executor-ml:1")]]);
    assert.deepEqual(findings.notes(), ["no build", "something general"]);
    assert.deepEqual(findings.notes("etl"), ["no build"]);
    findings.replace(before, [{ text: "something general" }]);
    assert.deepEqual(new Set(told), new Set(["etl", "nlp"]));
    told.length = 0;
    findings.replace(before, [{ text: "Deployments are left out", every: true }]);
    assert.deepEqual(told, [undefined]);
    assert.deepEqual(findings.notes("etl"), ["Deployments are left out"]);
  });
});

describe("dev-01: a declaration that was removed", () => {
  const ml = (from: string) => new Map([["ml", fakeFinding("executor-ml:1", { reason: `declared by ${from}` })]]);
  const start = () => {
    const clock = manualClock(NOON);
    const told: (string | undefined)[] = [];
    const { signal } = new AbortController();
    const findings = createFindings({ clock, signal, changed: (type) => void told.push(type) });
    findings.replace(ml("CronJob/executor-ml"), []);
    told.length = 0;
    return { clock, told, findings };
  };
  const removal =
    "CronJob/executor-ml, which declared ml, was removed at 2026-11-23T12:00:00.000Z; until it is created again, another build may answer";

  test("is noted until it is created again", () => {
    const { findings, told } = start();
    findings.replace(new Map(), []);
    assert.deepEqual([findings.notes("ml"), findings.notes("nlp"), told], [[removal], [], ["ml"]]);
    findings.replace(ml("CronJob/executor-ml"), []);
    assert.deepEqual([findings.notes("ml"), findings.find("ml")?.warnings], [[], []]);
  });

  test("is noted for ten minutes, since it may have been meant", async () => {
    const { findings, told, clock } = start();
    findings.replace(new Map(), []);
    await clock.advance(600_000 - 1);
    assert.deepEqual(findings.notes("ml"), [removal]);
    told.length = 0;
    await clock.advance(1);
    assert.deepEqual([findings.notes("ml"), told], [[], ["ml"]]);
  });

  test("is a warning of the object that declares the type in its place, also when that one changes", () => {
    const { findings } = start();
    const deployed = ml("Deployment/executor-ml");
    findings.replace(deployed, []);
    assert.deepEqual(findings.find("ml")?.warnings, [removal]);
    findings.replace(
      new Map([["ml", fakeFinding("executor-ml:2", { reason: "declared by Deployment/executor-ml" })]]),
      [],
    );
    assert.deepEqual(findings.find("ml")?.warnings, [removal]);
    findings.replace(ml("CronJob/executor-ml"), []);
    assert.deepEqual(findings.find("ml")?.warnings, []);
    findings.replace(deployed, []);
    findings.replace(ml("CronJob/executor-ml"), []);
    assert.deepEqual(findings.notes("ml"), []);
  });

  test("is not noted where something says why it counts no longer", () => {
    const { findings } = start();
    const note = { type: "ml", text: "CronJob/executor-ml is ignored: it is not suspended" };
    findings.replace(new Map(), [note]);
    assert.deepEqual(findings.notes("ml"), [note.text]);
  });
});
