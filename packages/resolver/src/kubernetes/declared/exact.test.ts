import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseReference } from "../../reference/reference.ts";
import type { PullPolicy } from "../../contract/resolution.ts";
import { exactFinding } from "./exact.ts";
import { isLocalBuild, namesNoRegistry } from "./local-name.ts";

const BUILD = "0123456789ab".padEnd(64, "c");
const DIGEST = `sha256:${"d".repeat(64)}`;
const from = "CronJob/executor-ml";
const finding = (image: string, pullPolicy?: PullPolicy) =>
  exactFinding({ reference: parseReference(image), from, pullPolicy, warnings: [] });

describe("a declared image", () => {
  for (const [image, own, works, why] of [
    [`executor-ml:${BUILD}`, "IfNotPresent", "Never", "what Skaffold loaded is on nodes only"],
    [`docker.io/library/executor-ml:${BUILD}`, "Always", "Never", "so it is as the nodes call it"],
    [`acme/executor-ml:${BUILD}`, undefined, "Never", "whatever the organisation"],
    [`docker.io/acme/executor-ml:${BUILD}`, "Always", "Always", "a registry that is named is asked"],
    [
      `localhost:5001/executor-ml:${BUILD}`,
      undefined,
      "IfNotPresent",
      "it was loaded under a registry's name, or pushed",
    ],
    [`localhost:5001/executor-ml:${BUILD}`, "Always", "IfNotPresent", "dev-11: the server may have filled in Always"],
    [`localhost/executor-ml:${BUILD}`, "Never", "Never", "the container's own"],
    ["localhost/executor-ml:p1", "Always", "IfNotPresent", "dev-11: no registry is called localhost; podman names so"],
    ["localhost/executor-ml:p1", "Never", "Never", "the container's own"],
    ["localhost:5001/executor-ml:1.0", "Always", "Always", "a registry may be there, and no node is known to hold it"],
    [`executor-ml:${BUILD}@${DIGEST}`, "IfNotPresent", "IfNotPresent", "what has a digest was pushed"],
    ["executor-ml:1.0", "Always", "IfNotPresent", "the server may have filled in Always for a placeholder"],
    ["r.io/executor-ml:1.0", "Always", "Always", "the container's own"],
    ["executor-ml:1.0", undefined, "IfNotPresent", "the default"],
    ["r.io/executor-ml:latest", undefined, "Always", "the default of latest"],
    ["r.io/executor-ml:latest", "IfNotPresent", "IfNotPresent", "the container's own"],
    ["executor-ml:latest", "Always", "IfNotPresent", "the server fills in Always, which would miss the node's"],
    ["executor-ml:latest", "Never", "Never", "the container's own"],
    [`r.io/executor-ml:latest@${DIGEST}`, undefined, "IfNotPresent", "a digest does not move"],
  ] as const) {
    test(`${image} with ${own ?? "no policy"} is pulled ${works}: ${why}`, () => {
      assert.equal(finding(image, own).pullPolicy, works);
    });
  }

  for (const [image, version] of [
    [`executor-ml:${BUILD}`, "0123456789ab"],
    [`r.io/executor-ml:v1-dirty@${DIGEST}`, "v1-dirty"],
    [`r.io/executor-ml@${DIGEST}`, "dddddddddddd"],
  ] as const) {
    test(`${image} is version ${version}`, () => assert.equal(finding(image).version, version));
  }

  test("stays as written, with its digest and who declared it when", () => {
    const image = `r.io/executor-ml:1@${DIGEST}`;
    const at = "2026-11-23T12:00:00Z";
    assert.deepEqual(exactFinding({ reference: parseReference(image), from, at, warnings: ["mind this"] }), {
      image,
      digest: DIGEST,
      version: "1",
      pullPolicy: "IfNotPresent",
      decidedBy: "declared",
      reason: `declared by ${from}`,
      candidates: [
        {
          image,
          digest: DIGEST,
          version: "1",
          names: [image],
          evidence: [{ kind: "declared", at, detail: `declared by ${from}` }],
        },
      ],
      ambiguous: false,
      warnings: ["mind this"],
    });
  });

  test("whose tag moves gets a warning", () => {
    assert.deepEqual(finding("executor-ml:latest").warnings, [
      "CronJob/executor-ml names executor-ml:latest, a tag that moves: two Jobs may run different builds",
    ]);
    assert.deepEqual(finding(`executor-ml:latest@${DIGEST}`).warnings, []);
  });
});

test("a name without registry is one, however it is written", () => {
  for (const name of [
    "executor-ml:1",
    "acme/executor-ml:1",
    "docker.io/library/executor-ml:1",
    "index.docker.io/library/executor-ml:1",
  ])
    assert.ok(namesNoRegistry(parseReference(name)), name);
  for (const name of ["docker.io/acme/executor-ml:1", "localhost/executor-ml:1", "r.io/library/executor-ml:1"])
    assert.ok(!namesNoRegistry(parseReference(name)), name);
  assert.ok(!isLocalBuild(parseReference("executor-ml:0123456789ab")));
});
