import assert from "node:assert/strict";
import { test } from "node:test";
import { at, jobObject, podObject, terminated } from "../testing/objects.ts";
import { parseJob, parsePod } from "./parse-kubernetes.ts";

test("what an API server says is read as it is", () => {
  const job = jobObject({ type: "Failed", reason: "BackoffLimitExceeded", message: "m", lastTransitionTime: at(9) });
  const { template, ...spec } = job.spec;
  const read = parseJob({ ...job, spec: { ...spec, backoffLimit: 0, suspend: false, template } });
  assert.deepEqual(read, {
    ...job,
    spec: { backoffLimit: 0, suspend: false, template: { metadata: {}, ...template } },
  });
  const pod = podObject(terminated(3), { phase: "Failed", message: "m" });
  assert.deepEqual(parsePod(pod), pod);
});

test("what has no name or uid is no object, and what is of another type is not known", () => {
  for (const json of [
    undefined,
    null,
    "pod",
    [],
    {},
    { metadata: { name: "p" } },
    { metadata: { name: 1, uid: "u" } },
  ]) {
    assert.deepEqual([parseJob(json), parsePod(json)], [undefined, undefined]);
  }
  const metadata = { name: "p", uid: "u", labels: { a: "b", c: 1 }, ownerReferences: [{ uid: "o" }, {}, null] };
  const status = {
    phase: 1,
    conditions: null,
    containerStatuses: [null, { name: "x", state: { terminated: { exitCode: "0" }, running: {} } }],
  };
  assert.deepEqual(parsePod({ metadata, spec: { containers: [{}, { name: "x" }] }, status }), {
    metadata: { name: "p", uid: "u", creationTimestamp: "", labels: { a: "b" }, ownerReferences: [{ uid: "o" }] },
    spec: { containers: [{ name: "x" }] },
    status: { containerStatuses: [{ name: "x", state: { running: {} } }] },
  });
});
