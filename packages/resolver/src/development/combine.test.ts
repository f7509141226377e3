import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { combine, type Sources } from "./combine.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { exactFinding } from "../kubernetes/declared/exact.ts";
import { canonicalName, parseReference } from "../reference/reference.ts";
import type { Resolution } from "../contract/resolution.ts";
import type { Source } from "../sources/source.ts";
import { fakeFinding, fakeSource, readySource } from "../testing/fake-source.ts";

const BUILD = "ab12".repeat(16);
const DIGEST = `sha256:${"cd34".repeat(16)}` as const;

function answer(list: readonly Source[], held: Readonly<Record<string, readonly string[]>> = {}): Resolution {
  const holders: Sources["holders"] = (reference) => held[canonicalName(reference)] ?? [];
  const resolution = combine("ml", "development", { list, holders, namespace: "default", close() {} });
  assert.ok(resolution);
  return resolution;
}

describe("sources together", () => {
  test("the most exact one that knows the type answers", () => {
    const all = [
      readySource("declared"),
      readySource("configmap", { ml: "executor-ml:2" }),
      readySource("nodes", { ml: "executor-ml:2" }),
    ];
    const { source, image, environment, type, stale, validated, warnings } = answer(all);
    assert.deepEqual(
      { source, image, environment, type, stale, validated, warnings },
      {
        source: "configmap",
        image: "executor-ml:2",
        environment: "development",
        type: "ml",
        stale: false,
        validated: false,
        warnings: [],
      },
    );
  });

  test("none knows the type: no answer", () => {
    assert.equal(
      combine("ml", "development", { list: [readySource("nodes")], namespace: "default", close() {} }),
      undefined,
    );
  });

  test("a source without contact keeps answering, and says since when", () => {
    const source = fakeSource("declared");
    source.know({ ml: fakeFinding("executor-ml:1") });
    source.state.ready();
    source.state.lost(new ExecutorRegistryError("unreachable", "no answer"));
    const { stale, staleSince } = answer([source]);
    assert.deepEqual({ stale, staleSince }, { stale: true, staleSince: "2026-11-23T12:00:00.000Z" });
  });

  test("what a more exact source left out is a warning", () => {
    const declared = readySource("declared");
    declared.know({}, [
      { type: "ml", text: "CronJob/executor-ml is ignored" },
      { type: "nlp", text: "not ours" },
    ]);
    assert.deepEqual(answer([declared, readySource("nodes", { ml: "executor-ml:1" })]).warnings, [
      "CronJob/executor-ml is ignored",
    ]);
  });

  test("callers cannot change the answer", () => {
    assert.ok(Object.isFrozen(answer([readySource("nodes", { ml: "executor-ml:1" })])));
  });
});

describe("a declared image on nodes", () => {
  const declared = (image: string) => [readySource("declared", { ml: image }), readySource("nodes")];

  for (const [name, image, held] of [
    ["by its tag", "executor-ml:1", "docker.io/library/executor-ml:1"],
    ["as the nodes call it", `docker.io/library/executor-ml:${BUILD}`, `docker.io/library/executor-ml:${BUILD}`],
    ["of an organisation", "acme/executor-ml:1", "docker.io/acme/executor-ml:1"],
  ] as const) {
    test(`named without registry (${name}) is bound to them, and not pulled`, () => {
      const { pullPolicy, nodes } = answer(declared(image), { [held]: ["node-a", "node-b"] });
      assert.deepEqual({ pullPolicy, nodes }, { pullPolicy: "Never", nodes: ["node-a", "node-b"] });
    });
  }

  for (const [image, policy] of [
    ["localhost/executor-ml:p1", "Never"],
    [`localhost/executor-ml:${BUILD}`, "Never"],
    [`localhost:5001/executor-ml:${BUILD}`, "Never"],
    [`127.0.0.1:5001/executor-ml:${BUILD}`, "Never"],
    ["localhost:5001/executor-ml:1.0", "IfNotPresent"],
  ] as const) {
    for (const own of ["Always", "IfNotPresent", "Never"] as const) {
      test(`dev-11: ${image} with ${own} is run from the nodes that hold it`, () => {
        const reference = parseReference(image);
        const source = readySource("declared");
        source.know({ ml: exactFinding({ reference, from: "CronJob/executor-ml", pullPolicy: own, warnings: [] }) });
        const { pullPolicy, nodes } = answer([source, readySource("nodes")], { [image]: ["node-a"] });
        assert.deepEqual({ pullPolicy, nodes }, { pullPolicy: own === "Never" ? own : policy, nodes: ["node-a"] });
      });
    }
  }

  for (const image of [`localhost:5001/executor-ml:1@${DIGEST}`, "docker.io/acme/executor-ml:1", "executor-ml:2"]) {
    test(`is left as declared: ${image}`, () => {
      const held = { "docker.io/acme/executor-ml:1": ["node-a"], "docker.io/library/executor-ml:1": ["node-a"] };
      const { pullPolicy, nodes, warnings } = answer(declared(image), held);
      assert.deepEqual({ pullPolicy, nodes, warnings }, { pullPolicy: "IfNotPresent", nodes: undefined, warnings: [] });
    });
  }

  test("that no node reports is a warning, once the nodes are known", () => {
    const [source, nodes] = declared(`executor-ml:${BUILD}`);
    assert.match(answer([source!, nodes!]).warnings.join(), /^no node reports executor-ml:ab12/);
    assert.deepEqual(answer([source!, fakeSource("nodes")]).warnings, []);
  });
});

describe("sources that disagree", () => {
  const at = (image: string, time: string) =>
    fakeFinding(image, { evidence: [{ kind: "declared", at: time, detail: "declared" }] });
  const seen = (image: string, time: string) =>
    fakeFinding(image, { decidedBy: "sighting", evidence: [{ kind: "sighting", at: time, detail: "seen" }] });
  const warnings = (declared: ReturnType<typeof at>, nodes: ReturnType<typeof seen>): readonly string[] => {
    const list = [readySource("declared"), readySource("nodes")] as const;
    list[0].know({ ml: declared });
    list[1].know({ ml: nodes });
    return answer(list).warnings;
  };

  test("a build that arrived after the declaration may be the one meant", () => {
    assert.deepEqual(
      warnings(
        at("executor-ml:1", "2026-11-23T12:00:00Z"),
        seen("docker.io/library/executor-ml:2", "2026-11-23T12:00:46.000Z"),
      ),
      [
        "docker.io/library/executor-ml:2 arrived on nodes at 2026-11-23T12:00:46.000Z, after this was declared; if it is the one meant, declare it",
      ],
    );
  });

  test("dev-13: what is noticed within the kubelet's delay after a quick undo is no doubt", () => {
    for (const noticed of ["2026-11-23T12:00:23.000Z", "2026-11-23T12:00:40.000Z"])
      assert.deepEqual(warnings(at("executor-ml:1", "2026-11-23T12:00:00Z"), seen("executor-ml:2", noticed)), []);
  });

  test("dev-13: without the time of a declaration nothing is said", () => {
    const undated = fakeFinding("executor-ml:1", { evidence: [{ kind: "declared", detail: "declared" }] });
    assert.deepEqual(warnings(undated, seen("executor-ml:2", "2026-11-23T14:00:00.000Z")), []);
  });

  test("a declaration that was changed later is an undo, and no doubt", () => {
    assert.deepEqual(
      warnings(at("executor-ml:1", "2026-11-23T12:00:01Z"), seen("executor-ml:2", "2026-11-23T12:00:00.500Z")),
      [],
    );
  });

  test("the same build by another name is no doubt", () => {
    assert.deepEqual(
      warnings(
        at("executor-ml:1", "2026-11-23T12:00:00Z"),
        seen("docker.io/library/executor-ml:1", "2026-11-23T13:00:00.000Z"),
      ),
      [],
    );
  });

  test("two declarations that differ are reported", () => {
    const list = [readySource("declared", { ml: "executor-ml:1" }), readySource("configmap")] as const;
    list[1].know({ ml: fakeFinding("executor-ml:2", { reason: "declared by ConfigMap/executors key ml" }) });
    assert.deepEqual(answer(list).warnings, [
      "declared by ConfigMap/executors key ml is executor-ml:2; declared by CronJob/executor-ml counts",
    ]);
  });
});
