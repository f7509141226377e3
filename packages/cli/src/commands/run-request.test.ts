import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { GLOBAL_FLAGS } from "../base/flags.ts";
import { parseFlags } from "../base/parse-flags.ts";
import { REQUEST_FLAGS, requestFrom } from "./run-request.ts";
import { UsageError } from "../base/usage-error.ts";

const given = (...args: string[]) => requestFrom(parseFlags(args, { ...GLOBAL_FLAGS, ...REQUEST_FLAGS }, "run"));
const requested = async (...args: string[]) => (await given(...args)).request;

describe("a request", () => {
  test("has an id of its own, and nothing that was not asked for", async () => {
    const [first, second] = [await requested("ml"), await requested("ml")];
    assert.deepEqual(Object.keys(first), ["id"]);
    assert.notEqual(first.id, second.id);
  });

  test("has what the flags say", async () => {
    const line =
      "--id a -n team -e A=1 -e B=x=y --env C= --cpu 500m --memory 64Mi --service-account robot --ttl 60 --deadline 90 --security-context none";
    assert.deepEqual(await requested(...line.split(" "), "--", "--epochs", "3"), {
      id: "a",
      namespace: "team",
      args: ["--epochs", "3"],
      env: { A: "1", B: "x=y", C: "" },
      resources: { requests: { cpu: "500m", memory: "64Mi" }, limits: { memory: "64Mi" } },
      serviceAccountName: "robot",
      ttlSecondsAfterFinished: 60,
      activeDeadlineSeconds: 90,
      securityContext: "none",
    });
  });

  test("has no limit of CPU", async () => {
    const { resources } = await requested("--cpu", "1");
    assert.deepEqual(resources, { requests: { cpu: "1" } });
  });

  test("has the words after -- as the command, with --command", async () => {
    const { command, args } = await requested("--id", "a", "--command", "--", "sh", "-c", "true");
    assert.deepEqual([command, args], [["sh", "-c", "true"], undefined]);
  });

  const wrong: readonly (readonly [string, string])[] = [
    ["--env NAME", "--env NAME is not of the form NAME=VALUE"],
    ["--env =x", "--env =x is not of the form NAME=VALUE"],
    ["--ttl 1.5", "--ttl 1.5 is not a whole number of seconds"],
    ["--deadline=-1", "--deadline -1 is not a whole number of seconds"],
    ["--command", "--command needs words after --"],
  ];
  for (const [line, message] of wrong) {
    test(`refuses ${line}`, () => assert.rejects(requested(...line.split(" ")), new UsageError(message, "run")));
  }
});

describe("a template file", () => {
  const pod = { metadata: { labels: { a: "b" } }, spec: { nodeSelector: { disk: "fast" } } };
  const podYaml = "metadata: { labels: { a: b } }\nspec: { nodeSelector: { disk: fast } }\n";
  let folder = "";
  let count = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "template-"));
  });
  after(() => rm(folder, { recursive: true }));
  async function read(content: string): Promise<{ readonly file: string } & Awaited<ReturnType<typeof given>>> {
    const file = join(folder, String((count += 1)));
    await writeFile(file, content);
    return { file, ...(await given("--template-file", file)) };
  }
  const template = async (content: string): Promise<unknown> => (await read(content)).request.template;

  const forms: readonly (readonly [string, string])[] = [
    ["a pod template", podYaml],
    ["JSON", JSON.stringify(pod)],
    ["a PodTemplate", JSON.stringify({ kind: "PodTemplate", template: pod })],
    ["a Job or Deployment", JSON.stringify({ spec: { replicas: 0, template: pod } })],
    ["a CronJob", JSON.stringify({ spec: { suspend: true, jobTemplate: { spec: { template: pod } } } })],
  ];
  for (const [name, content] of forms) {
    test(`may hold ${name}`, async () => assert.deepEqual(await template(content), pod));
  }

  for (const content of ["", "text", "[]", "spec:", "{ spec: { template: {} } }"]) {
    test(`that holds ${JSON.stringify(content)} holds none`, async () => {
      await assert.rejects(template(content), /^UsageError: --template-file .* holds no pod template: it has no spec$/);
    });
  }

  const said = { backoffLimit: 2, activeDeadlineSeconds: 5, parallelism: 3, completions: 1, selector: null };
  const metadata = { name: "any", labels: { "kueue.x-k8s.io/queue-name": "team-a" } };
  for (const [name, content] of [
    ["Job", { kind: "Job", metadata, spec: { ...said, template: pod } }],
    [
      "CronJob",
      { kind: "CronJob", spec: { schedule: "x", jobTemplate: { metadata, spec: { ...said, template: pod } } } },
    ],
  ] as const) {
    test(`dev-12: what a ${name} says of the Job holds, and what cannot is named`, async () => {
      const { file, request, warnings } = await read(JSON.stringify(content));
      assert.deepEqual(request.template, pod);
      assert.deepEqual(request.job, {
        metadata: { labels: metadata.labels },
        spec: { backoffLimit: 2, activeDeadlineSeconds: 5 },
      });
      assert.deepEqual(warnings, [`parallelism: 3 of ${file} is not used: an executor's Job runs one pod`]);
    });
  }

  test("dev-12: what a Deployment says is about the Deployment", async () => {
    const { request, warnings } = await read(
      JSON.stringify({ kind: "Deployment", metadata, spec: { replicas: 3, selector: {}, template: pod } }),
    );
    assert.deepEqual([request.job, warnings], [undefined, []]);
  });

  test("that is not YAML is an error", async () => {
    await assert.rejects(template("{ spec: [ }"), /^UsageError: --template-file .* cannot be read: /);
  });
});
