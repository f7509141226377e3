import assert from "node:assert/strict";
import { describe, test } from "node:test";
import * as fc from "fast-check";
import { InvalidRequestError } from "../tools/errors.ts";
import { JOB_CASES } from "../testing/job-cases.ts";
import { resolution } from "../../../../testing/resolution.ts";
import { jobFor } from "./job.ts";
import type { JobRequest } from "./request.ts";

describe("the pod of a Job", () => {
  for (const { name, resolution, request, spec } of JOB_CASES) {
    test(name, () => assert.deepEqual(jobFor(resolution, request).spec.template.spec, spec));
  }

  test("the arguments stay as they were", () => {
    const before = structuredClone(JOB_CASES);
    for (const { resolution, request } of JOB_CASES) jobFor(resolution, request);
    assert.deepEqual(JOB_CASES, before);
  });
});

describe("what a Job says about itself", () => {
  const { metadata, spec } = jobFor(resolution({ digest: "sha256:abc", ambiguous: true }), {
    id: "run 7 / ä",
    namespace: "jobs",
    labels: { team: "a" },
    annotations: { "example.com/ticket": "T-1" },
  });

  test("its labels and annotations say what runs and why, on the pods too", () => {
    assert.deepEqual(metadata.labels, {
      team: "a",
      "executor-registry.dev/type": "disp",
      "executor-registry.dev/version": "1",
      "app.kubernetes.io/managed-by": "executor-registry",
    });
    assert.deepEqual(metadata.annotations, {
      "example.com/ticket": "T-1",
      "executor-registry.dev/image": "docker.io/library/executor-disp:1",
      "executor-registry.dev/version": "1",
      "executor-registry.dev/digest": "sha256:abc",
      "executor-registry.dev/reason": "it is the only one",
      "executor-registry.dev/source": "nodes",
      "executor-registry.dev/request-id": "run 7 / ä",
      "executor-registry.dev/ambiguous": "true",
    });
    assert.deepEqual(spec.template.metadata, {
      labels: metadata.labels,
      annotations: { ...metadata.annotations, "kubectl.kubernetes.io/default-container": "executor" },
    });
    assert.equal(metadata.namespace, "jobs");
  });

  test("the Job runs once and is kept for an hour, unless the request says otherwise", () => {
    assert.deepEqual(
      [spec.backoffLimit, spec.ttlSecondsAfterFinished, "activeDeadlineSeconds" in spec],
      [0, 3600, false],
    );
    const other = jobFor(resolution(), {
      id: "1",
      backoffLimit: 2,
      ttlSecondsAfterFinished: 0,
      activeDeadlineSeconds: 9,
    }).spec;
    assert.deepEqual([other.backoffLimit, other.ttlSecondsAfterFinished, other.activeDeadlineSeconds], [2, 0, 9]);
  });

  test("dev-12: what the declaration says of the Job holds, unless the request says otherwise", () => {
    const template = {
      from: "CronJob/executor-disp",
      container: "executor",
      pod: { spec: { containers: [{ name: "executor" }] } },
      job: {
        metadata: { labels: { "kueue.x-k8s.io/queue-name": "team-a", team: "b" }, annotations: { note: "c" } },
        spec: {
          activeDeadlineSeconds: 5,
          backoffLimit: 2,
          ttlSecondsAfterFinished: 60,
          podReplacementPolicy: "Failed",
        },
      },
    };
    const job = jobFor(resolution({ template }), { id: "1", labels: { team: "a" } });
    const { template: pod, ...kept } = job.spec;
    assert.deepEqual(kept, template.job.spec);
    assert.equal(job.metadata.labels["kueue.x-k8s.io/queue-name"], "team-a");
    assert.equal(job.metadata.labels["team"], "a", "the request's labels count before the declared ones");
    assert.equal(job.metadata.annotations["note"], "c");
    assert.ok(!("kueue.x-k8s.io/queue-name" in (pod.metadata?.labels ?? {})), "the Job's labels are not its pods'");
    const request = { id: "1", activeDeadlineSeconds: 9, backoffLimit: 0, ttlSecondsAfterFinished: 0 };
    const { spec: other } = jobFor(resolution({ template }), request);
    assert.deepEqual([other.activeDeadlineSeconds, other.backoffLimit, other.ttlSecondsAfterFinished], [9, 0, 0]);
    assert.equal(other["podReplacementPolicy"], "Failed");
  });

  test("dev-12: a request's own Job fields stand over the declared ones, and its other fields over both", () => {
    const container = { name: "executor" };
    const template = {
      from: "CronJob/executor-disp",
      container: "executor",
      pod: { spec: { containers: [container] } },
      job: { metadata: { labels: { queue: "a", team: "a" } }, spec: { activeDeadlineSeconds: 5, backoffLimit: 2 } },
    };
    const job = { metadata: { labels: { queue: "b" } }, spec: { backoffLimit: 3, suspend: true } };
    const { metadata, spec } = jobFor(resolution({ template }), { id: "1", job, activeDeadlineSeconds: 9 });
    assert.deepEqual([metadata.labels["queue"], metadata.labels["team"]], ["b", "a"]);
    assert.deepEqual([spec.backoffLimit, spec.activeDeadlineSeconds, spec["suspend"]], [3, 9, true]);
    assert.ok(!("queue" in (spec.template.metadata?.labels ?? {})));
    assert.throws(
      () => jobFor(resolution(), { id: "1", job: { spec: { parallelism: 3 } } }),
      new InvalidRequestError("job.spec.parallelism: 3", "is not possible: an executor's Job runs one pod"),
    );
  });

  test("at most 100 nodes are named", () => {
    const nodes = Array.from({ length: 250 }, (_, index) => `node-${index}`);
    const { affinity } = jobFor(resolution({ nodes }), { id: "1" }).spec.template.spec as { affinity: unknown };
    assert.equal(JSON.stringify(affinity).match(/metadata\.name/g)?.length, 100);
  });
});

describe("requests that cannot run", () => {
  const wrong: readonly (readonly [field: string, request: Record<string, unknown>])[] = [
    ["id", { id: "" }],
    ["id", { id: undefined }],
    ["id", { id: "x".repeat(1025) }],
    ["namespace", { namespace: "Jobs" }],
    ["serviceAccountName", { serviceAccountName: "a_b" }],
    ["command", { command: "sh" }],
    ["args", { args: ["a\0b"] }],
    ["env.A=", { env: { "A=": "1" } }],
    ["env.1", { env: { 1: "1" } }],
    ["env...", { env: { "..": "1" } }],
    ["env.A", { env: { A: 1 } }],
    ["resources.limits.memory", { resources: { limits: { memory: "1 GB" } } }],
    ["ttlSecondsAfterFinished", { ttlSecondsAfterFinished: -1 }],
    ["backoffLimit", { backoffLimit: 0.5 }],
    ["activeDeadlineSeconds", { activeDeadlineSeconds: 0 }],
    ["labels.a b", { labels: { "a b": "c" } }],
    ["labels.a", { labels: { a: "-" } }],
    ["labels.job-name", { labels: { "job-name": "x" } }],
    ["labels.executor-registry.dev/type", { labels: { "executor-registry.dev/type": "x" } }],
    ["annotations.executor-registry.dev/x", { annotations: { "executor-registry.dev/x": "x" } }],
    ["securityContext", { securityContext: "strict" }],
    ["template", { template: "x" }],
    ["template.spec.containers", { template: { spec: { containers: [{ name: "executor", $patch: "delete" }] } } }],
    ["template.spec.containers", { template: { spec: { containers: [{ image: "x" }] } } }],
  ];
  for (const [field, changes] of wrong) {
    test(`${field} of ${JSON.stringify(changes).slice(0, 60)}`, () => {
      const request = { id: "1", ...changes } as unknown as JobRequest;
      assert.throws(
        () => jobFor(resolution(), request),
        (error) => error instanceof InvalidRequestError && error.code === "invalid-request" && error.field === field,
      );
    });
  }
});

describe("for any type, version and id", () => {
  const type = fc
    .stringMatching(/^[a-z0-9]{1,6}((\.|_|__|-{1,3})[a-z0-9]{1,8}){0,5}$/)
    .filter((text) => text.length <= 63);
  const longType = fc.integer({ min: 1, max: 63 }).map((length) =>
    "a.b_c-d"
      .repeat(9)
      .slice(0, length)
      .replace(/[^a-z]+$/, ""),
  );
  const dnsLabel = /^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$/;
  const labelValue = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;

  test("name and labels have Kubernetes' syntax, and the name differs between requests", () => {
    const version = fc.oneof(fc.string({ unit: "binary" }), fc.stringMatching(/^[\w.+-]{1,128}$/));
    fc.assert(
      fc.property(
        fc.oneof(type, longType),
        version,
        fc.string({ minLength: 1 }),
        fc.string({ minLength: 1 }),
        (type, version, id, other) => {
          const { metadata } = jobFor(resolution({ type, version }), { id });
          assert.match(metadata.name, dnsLabel);
          for (const value of Object.values(metadata.labels)) assert.match(value, labelValue);
          assert.equal(metadata.labels["executor-registry.dev/type"], type);
          assert.equal(jobFor(resolution({ type }), { id: other }).metadata.name === metadata.name, id === other);
        },
      ),
    );
  });
});
