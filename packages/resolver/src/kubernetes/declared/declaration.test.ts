import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DEFAULT_TEMPLATE, parseTemplate } from "../../reference/template.ts";
import type { KubernetesObject } from "../api/mirror.ts";
import { type Declaration, readDeclaration } from "./declaration.ts";

const template = parseTemplate(DEFAULT_TEMPLATE);
type Container = { name: string; image?: string; imagePullPolicy?: string };
interface Shape {
  readonly name?: string;
  readonly labels?: Record<string, string>;
  readonly annotations?: Record<string, string>;
  readonly containers?: readonly Container[];
  readonly suspend?: boolean;
}

function cronJob({
  name = "executor-ml",
  labels = {},
  annotations = {},
  suspend = true,
  ...rest
}: Shape = {}): KubernetesObject {
  const { containers = [{ name: "executor", image: "executor-ml:1" }] } = rest;
  const pod = { metadata: { annotations }, spec: { containers } };
  return { metadata: { name, labels }, spec: { suspend, jobTemplate: { spec: { template: pod } } } };
}
function deployment(replicas?: number): KubernetesObject {
  const pod = { spec: { containers: [{ name: "main", image: "executor-ml:1" }] } };
  return { metadata: { name: "executor-ml" }, spec: { replicas, template: pod } };
}
function withCapabilities(capabilities: string): KubernetesObject {
  const { metadata, spec } = cronJob();
  return { metadata: { ...metadata, annotations: { "executor-registry.dev/capabilities": capabilities } }, spec };
}
const declared = (object: KubernetesObject, by = template): Declaration => {
  const reading = readDeclaration("CronJob", object, by);
  assert.ok(reading && "from" in reading, JSON.stringify(reading));
  return reading;
};

describe("a declaration", () => {
  test("is a suspended CronJob with its pod, or a Deployment of no replicas", () => {
    const { reference, at, ...rest } = declared(cronJob());
    assert.equal(reference.original, "executor-ml:1");
    assert.equal(at, undefined);
    assert.deepEqual(rest, {
      from: "CronJob/executor-ml",
      type: "ml",
      container: "executor",
      pullPolicy: undefined,
      pod: { metadata: { annotations: {} }, spec: { containers: [{ name: "executor", image: "executor-ml:1" }] } },
      warnings: [],
    });
    assert.equal(declared(withCapabilities("pytorch, cuda=12.4")).capabilities, "pytorch, cuda=12.4");
    const other = readDeclaration("Deployment", deployment(0), template);
    assert.ok(other && "from" in other);
    assert.equal(other.from, "Deployment/executor-ml");
  });

  for (const [text, name, type] of [
    ["executor-{type}", "executor-custom-nlp", "custom-nlp"],
    ["team/{type}-runner", "ml-runner", "ml"],
    ["{type}/executor", "executor", undefined],
    ["executor-{type}", "my-executor-ml", undefined],
  ] as const) {
    test(`by template ${text}, ${name} is of type ${type ?? "none"}`, () => {
      const reading = readDeclaration("CronJob", cronJob({ name }), parseTemplate(text));
      assert.equal(reading?.type, type);
    });
  }

  test("may say its type in a label, which counts before the name", () => {
    const labels = { "executor-registry.dev/type": "nlp" };
    assert.equal(declared(cronJob({ name: "anything", labels })).type, "nlp");
    assert.equal(declared(cronJob({ labels })).type, "nlp");
  });

  test("has the time of the last change of anything but its status", () => {
    const object = cronJob();
    const at = (time: string, part = "spec") => ({ time, fieldsV1: { "f:metadata": {}, [`f:${part}`]: {} } });
    const creationTimestamp = "2026-11-23T11:00:00Z";
    assert.equal(declared({ ...object, metadata: { ...object.metadata, creationTimestamp } }).at, creationTimestamp);
    const managedFields = [
      at("2026-11-23T12:01:00Z"),
      at("2026-11-23T12:00:00Z"),
      at("2026-11-23T13:00:00Z", "status"),
    ];
    assert.equal(declared({ ...object, metadata: { ...object.metadata, managedFields } }).at, "2026-11-23T12:01:00Z");
    const untimed = [...managedFields, { fieldsV1: { "f:spec": {} } }];
    assert.equal(declared({ ...object, metadata: { ...object.metadata, managedFields: untimed } }).at, undefined);
  });
});

describe("the executor's container", () => {
  const sidecar = { name: "proxy", image: "envoy:1" };
  const annotations = { "kubectl.kubernetes.io/default-container": "main" };
  for (const [name, shape, chosen] of [
    [
      "is the annotated one",
      { annotations, containers: [sidecar, { name: "a", image: "executor-ml:1" }, { name: "main", image: "x:1" }] },
      "main",
    ],
    [
      "is another when the annotated one does not exist",
      { annotations, containers: [sidecar, { name: "a", image: "executor-ml:1" }] },
      "a",
    ],
    [
      "has this type's image",
      {
        containers: [
          { name: "b", image: "executor-nlp:1" },
          { name: "a", image: "r.io/team/executor-ml:1" },
        ],
      },
      "a",
    ],
    ["has some executor's image", { containers: [sidecar, { name: "b", image: "executor-nlp:1" }] }, "b"],
    ["is the first", { containers: [{ name: "first", image: "x:1" }, sidecar] }, "first"],
  ] as const satisfies [string, Shape, string][]) {
    test(name, () => assert.equal(declared(cronJob(shape)).container, chosen));
  }

  test("brings its pull policy", () => {
    const containers = [{ name: "a", image: "executor-ml:1", imagePullPolicy: "Always" }];
    assert.equal(declared(cronJob({ containers })).pullPolicy, "Always");
  });
});

describe("no declaration", () => {
  const note = (kind: "CronJob" | "Deployment", object: KubernetesObject): string => {
    const reading = readDeclaration(kind, object, template);
    assert.ok(reading && "text" in reading);
    return `${reading.type}: ${reading.text}`;
  };
  for (const [image, why] of [
    [
      "executor-ml",
      "its image executor-ml has neither tag nor digest, so no tool has filled in a build; apply it with the tool that builds it",
    ],
    ["Executor ML", 'the image of container a is no image reference: "Executor ML"'],
    [undefined, 'the image of container a is no image reference: ""'],
  ] as const) {
    test(`is one of image ${image}`, () => {
      const containers = [{ name: "a", ...(image && { image }) }];
      assert.equal(note("CronJob", cronJob({ containers })), `ml: CronJob/executor-ml is ignored: ${why}`);
    });
  }

  test("is a CronJob that runs", () => {
    assert.match(note("CronJob", cronJob({ suspend: false })), /^ml: .* it is not suspended/);
  });

  test("is a Deployment that runs", () => {
    assert.match(note("Deployment", deployment(1)), /^ml: .* it has replicas; a declaration has 0$/);
    assert.match(note("Deployment", deployment()), /it has replicas/);
  });

  test("is one without containers, or with a label that is no type", () => {
    assert.match(note("CronJob", cronJob({ containers: [] })), /its pod template has no container$/);
    assert.equal(
      note("CronJob", cronJob({ labels: { "executor-registry.dev/type": "ML" } })),
      'undefined: CronJob/executor-ml is ignored: its label executor-registry.dev/type is "ML", which is no executor type',
    );
  });

  test("is none of our business: nothing is said", () => {
    assert.equal(readDeclaration("CronJob", cronJob({ name: "backup", suspend: false }), template), undefined);
  });
});

describe("what a CronJob says of its Jobs", () => {
  const saying = (jobTemplate: object): Declaration => {
    const pod = { spec: { containers: [{ name: "executor", image: "executor-ml:1" }] } };
    return declared({
      metadata: { name: "executor-ml", labels: { own: "label" } },
      spec: {
        suspend: true,
        jobTemplate: { ...jobTemplate, spec: { template: pod, ...(jobTemplate as { spec?: object }).spec } },
      },
    });
  };

  test("dev-12: labels, limits and policies hold, the CronJob's own labels and owners do not", () => {
    const podFailurePolicy = { rules: [{ action: "FailJob", onExitCodes: { operator: "In", values: [42] } }] };
    const spec = {
      activeDeadlineSeconds: 5,
      backoffLimit: 2,
      ttlSecondsAfterFinished: 60,
      suspend: true,
      podFailurePolicy,
    };
    const labels = { "kueue.x-k8s.io/queue-name": "team-a" };
    const { job, warnings } = saying({ metadata: { labels, ownerReferences: [{ uid: "1" }] }, spec });
    assert.deepEqual(job, { metadata: { labels }, spec });
    assert.deepEqual(warnings, []);
  });

  test("dev-12: what asks for more than one pod is named and left out, its defaults are not", () => {
    const { job, warnings } = saying({
      spec: {
        completions: 3,
        parallelism: 2,
        completionMode: "Indexed",
        backoffLimitPerIndex: 1,
        manualSelector: false,
      },
    });
    assert.equal(job, undefined);
    assert.deepEqual(
      warnings,
      ["completions: 3", "parallelism: 2", "completionMode: Indexed", "backoffLimitPerIndex: 1"].map(
        (field) => `${field} of CronJob/executor-ml is not used: an executor's Job runs one pod`,
      ),
    );
    assert.deepEqual(saying({ spec: { completions: 1, parallelism: 1, completionMode: "NonIndexed" } }).warnings, []);
  });
});
