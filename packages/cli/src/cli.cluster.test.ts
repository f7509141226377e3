import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { after, before, describe, test } from "node:test";
import type { Resolution } from "@executor-registry/resolver";
import { parse, stringify } from "yaml";
import { cli, startCli } from "../../../testing/cli.ts";
import {
  buildImage,
  eventually,
  loadImages,
  noCluster,
  noNode,
  removeImages,
  type TestNamespace,
  testNamespace,
} from "../../../testing/cluster.ts";
import { serviceAccount } from "../../../testing/service-account.ts";

const IMAGE = "docker.io/library/executor-cli:1.0.0";
const SCRIPT = 'echo "$GREETING $*"; test "$1" = stay && sleep 60; exit "${2:-0}"';

/** Declares an image by a Deployment of no replicas, which every version of Kubernetes has. */
function declare(
  { api, name: namespace }: TestNamespace,
  type: string,
  image: string,
  imagePullPolicy = "IfNotPresent",
): Promise<unknown> {
  const labels = { app: type };
  const container = {
    name: "executor",
    image,
    imagePullPolicy,
    env: [{ name: "GREETING", value: "hello" }],
  };
  return api.request(`/apis/apps/v1/namespaces/${namespace}/deployments`, {
    method: "POST",
    body: {
      metadata: { name: `executor-${type}` },
      spec: {
        replicas: 0,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [container] } },
      },
    },
  });
}

describe("the command line on a cluster", { skip: noCluster }, () => {
  let space: TestNamespace;
  const here = (...args: string[]) => [...args, "-n", space.name];
  before(async () => {
    space = await testNamespace("cli");
  });
  after(() => space[Symbol.asyncDispose]());

  test("watch shows a declaration as it comes; resolve and list know it then", async () => {
    const watcher = startCli(here("watch", "cli-told", "-o", "json"));
    const exit = once(watcher, "exit");
    try {
      assert.ok(watcher.stdout);
      const lines = createInterface(watcher.stdout)[Symbol.asyncIterator]();
      const next = async () =>
        JSON.parse(String((await lines.next()).value)) as { type: string; resolution?: Resolution };
      assert.deepEqual(await next(), { type: "cli-told" });
      await declare(space, "cli-told", "localhost:5000/executor-cli-told:2.0.0");
      assert.equal((await next()).resolution?.image, "localhost:5000/executor-cli-told:2.0.0");
    } finally {
      watcher.kill("SIGTERM");
    }
    assert.deepEqual(await exit, [143, null]);

    const resolved = await cli(here("resolve", "cli-told"));
    assert.deepEqual(
      [resolved.code, resolved.stdout],
      [0, "localhost:5000/executor-cli-told:2.0.0\n"],
      resolved.stderr,
    );
    const listed = await cli(here("list"));
    assert.match(listed.stdout, /^cli-told +2\.0\.0 +declared +\d+s +declared$/m);
  });

  test("an unknown type is an error that names what looks like it", async () => {
    await declare(space, "quokka", "localhost:5000/executor-quokka:1.0.0");
    const { code, stderr } = await cli(here("resolve", "quokak"));
    assert.equal(code, 3);
    assert.match(stderr, /did you mean quokka/);
  });

  test("a server that is not there is an error with a hint", async () => {
    const file = join(tmpdir(), `cli-${process.pid}.yaml`);
    await writeFile(file, kubeconfig({ server: "https://127.0.0.1:1" }, {}));
    const { code, stderr } = await cli(["list", "--kubeconfig", file]);
    await rm(file);
    assert.equal(code, 5, stderr);
    assert.match(stderr, /^error: .*ECONNREFUSED[^]*^hint: `kubectl get --raw/m);
  });

  test("the doctor prints the roles that a service account lacks, and is content once it has them", async () => {
    const folder = await mkdtemp(join(tmpdir(), "cli-doctor-"));
    await using account = await serviceAccount(space);
    const file = join(folder, "kubeconfig");
    const authority = join(account.tokenFile, "..", "ca.crt");
    await writeFile(
      file,
      kubeconfig(
        { server: space.api.server, "certificate-authority": authority },
        { token: await account.newToken() },
        space.name,
      ),
    );
    await account.allow({ apiGroups: ["apps"], resources: ["deployments"], verbs: ["get", "list", "watch"] });

    const { code, stdout, stderr } = await cli(["doctor", "-o", "json", "--kubeconfig", file]);
    assert.equal(code, 1, stderr);
    const report = JSON.parse(stdout) as { checks: { name: string; state: string }[]; manifest: string };
    const rights = report.checks.filter(({ name }) => name.startsWith("rbac: "));
    assert.deepEqual(
      rights.map(({ name, state }) => `${name} ${state}`),
      [
        "rbac: declared fail",
        "rbac: configmap fail",
        "rbac: nodes fail",
        "rbac: sightings warn",
        "rbac: pods warn",
        "rbac: dispatcher fail",
      ],
    );
    assert.match(
      report.manifest,
      new RegExp(`kind: ServiceAccount\\n +name: "?tester"?\\n +namespace: "?${space.name}"?`),
    );

    const forNamespace = report.manifest.split("---\n").filter((document) => !/kind: ClusterRole/.test(document));
    for (const document of forNamespace) {
      const kind = /^kind: (\w+)$/m.exec(document)?.[1] === "Role" ? "roles" : "rolebindings";
      await space.api.request(`/apis/rbac.authorization.k8s.io/v1/namespaces/${space.name}/${kind}`, {
        method: "POST",
        body: parse(document),
      });
    }
    const content = await cli(["doctor", "--kubeconfig", file]);
    assert.equal(content.code, 0, content.stdout);
    assert.match(content.stdout, /^warn +rbac: nodes/m);
    assert.match(content.stdout, /^kind: ClusterRole$/m);
    assert.doesNotMatch(content.stdout, /^kind: Role$/m);
    await rm(folder, { recursive: true });
  });
});

describe("run on a cluster", { skip: noNode }, () => {
  let space: TestNamespace;
  const run = (...args: string[]) => ["run", "cli", "-n", space.name, ...args];
  const jobs = async () => {
    const list = await space.api.request(`/apis/batch/v1/namespaces/${space.name}/jobs`);
    return (list as { readonly items: readonly object[] }).items;
  };
  before(async () => {
    space = await testNamespace("cli-run");
    await loadImages(await buildImage(IMAGE, 100, "/bin/sh", "-c", SCRIPT, "sh"));
    await declare(space, "cli", IMAGE);
    await declare(space, "cli-gone", "docker.io/library/executor-cli-gone:1", "Never");
  });
  after(async () => {
    await removeImages(IMAGE).catch(() => undefined);
    await space[Symbol.asyncDispose]();
  });

  test("streams the output, and nothing else, and ends with the executor's code", async () => {
    const { code, stdout, stderr } = await cli(run("--", "well", "5"));
    assert.deepEqual([code, stdout], [5, "hello well 5\n"], stderr);
    assert.match(stderr, /^failed .*exit code 5/m);
  });

  test("takes an environment, resources and a whole command", async () => {
    const args = ["--env", "GREETING=good day", "--memory", "64Mi", "--cpu", "50m", "--command"];
    const { code, stdout, stderr } = await cli(run(...args, "--", "/bin/sh", "-c", 'echo "$GREETING"'));
    assert.deepEqual([code, stdout], [0, "good day\n"], stderr);
  });

  test("runs one id once: a second call follows the same Job", async () => {
    const first = await cli(run("--id", "once", "--detach", "--", "once", "4"));
    assert.match(first.stdout, /^job\.batch\/executor-cli-[0-9a-f]{16}\n$/);
    const second = await cli(run("--id", "once", "--", "once", "4"));
    assert.deepEqual([second.code, second.stdout], [4, "hello once 4\n"], second.stderr);
    assert.match(second.stderr, /exists already/);
  });

  test("prints the Job without running it", async () => {
    const before = await jobs();
    const { code, stdout, stderr } = await cli(run("--dry-run", "-o", "json", "--ttl", "5"));
    assert.equal(code, 0, stderr);
    assert.equal((JSON.parse(stdout) as { spec: { ttlSecondsAfterFinished: number } }).spec.ttlSecondsAfterFinished, 5);
    assert.equal((await jobs()).length, before.length);
  });

  test("ends with 125 and says why, when the image is on no node", async () => {
    const { code, stdout, stderr } = await cli(["run", "cli-gone", "-n", space.name, "--start-timeout", "3"]);
    assert.deepEqual([code, stdout], [125, ""], stderr);
    assert.match(stderr, /^failed: ErrImageNeverPull: .*the image is not on the node/m);
  });

  test("dev-03: names the containers that ran on, and ends with the executor's code", async () => {
    const folder = await mkdtemp(join(tmpdir(), "side-"));
    const file = join(folder, "side.yaml");
    const proxy = { name: "proxy", image: IMAGE, imagePullPolicy: "Never", command: ["/bin/sh", "-c", "sleep 600"] };
    await writeFile(file, stringify({ spec: { containers: [proxy] } }));
    const side = ["--template-file", file, "--end-timeout", "2"];
    const [good, bad] = [await cli(run(...side, "--", "well", "0")), await cli(run(...side, "--", "well", "7"))];
    await rm(folder, { recursive: true });
    assert.deepEqual([good.code, good.stdout], [0, "hello well 0\n"], good.stderr);
    assert.match(good.stderr, /^succeeded.*container proxy of its pod had not ended 2 s later; the Job is deleted$/m);
    assert.equal(bad.code, 7, bad.stderr);
    assert.match(bad.stderr, /^failed.*exit code 7.*container proxy/m);
  });

  test("dev-09: a quota that is used up is reported in the server's words, at once, and without advice about roles", async () => {
    await using full = await testNamespace("cli-quota");
    await declare(full, "cli", IMAGE);
    const path = `/api/v1/namespaces/${full.name}/resourcequotas` as const;
    await full.api.request(path, {
      method: "POST",
      body: { metadata: { name: "jobs" }, spec: { hard: { "count/jobs.batch": "0" } } },
    });
    await eventually("the quota's count", 30_000, async () => {
      const quota = (await full.api.request(`${path}/jobs`)) as { status?: { used?: object } };
      return Object.keys(quota.status?.used ?? {}).length > 0 || undefined;
    });
    const { code, stderr } = await cli(["run", "cli", "-n", full.name]);
    assert.equal(code, 125);
    assert.match(stderr, /^error: .*exceeded quota: jobs/m);
    assert.doesNotMatch(stderr, /doctor|roles/);
  });

  for (const [signal, exit] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
  ] as const) {
    test(`${signal} deletes the Job and ends with ${exit}`, async () => {
      const before = (await jobs()).length;
      const child = startCli(run("--", "stay"));
      const ended = once(child, "exit");
      assert.ok(child.stdout);
      const [line] = await once(createInterface(child.stdout), "line");
      assert.equal(line, "hello stay");
      child.kill(signal);
      assert.deepEqual(await ended, [exit, null]);
      await eventually("the Job's deletion", 10_000, async () => ((await jobs()).length === before ? true : undefined));
    });
  }

  test("deletes the Job when its output is not read any more", async () => {
    const before = (await jobs()).length;
    const child = startCli(run("--command", "--", "/bin/sh", "-c", "while echo again; do sleep 1; done"));
    const ended = once(child, "exit");
    assert.ok(child.stdout);
    await once(child.stdout, "data");
    child.stdout.destroy();
    assert.deepEqual(await ended, [141, null]);
    await eventually("the Job's deletion", 10_000, async () => ((await jobs()).length === before ? true : undefined));
  });
});

/** A kubeconfig of one context. */
function kubeconfig(cluster: object, user: object, namespace = "default"): string {
  return stringify({
    apiVersion: "v1",
    kind: "Config",
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace } }],
    "current-context": "x",
  });
}
