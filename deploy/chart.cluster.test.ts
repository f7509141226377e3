import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { promisify } from "node:util";
import { stringify } from "yaml";
import { minorVersion, noCluster, type TestNamespace, testNamespace } from "../testing/cluster.ts";
import { type Manifest, manifestsIn, noHelm } from "../testing/helm.ts";

const run = promisify(execFile);
const skip = noCluster || noHelm;

interface Rule {
  readonly verbs: readonly string[];
  readonly apiGroups: readonly string[];
  readonly resources: readonly string[];
  readonly resourceNames?: readonly string[];
}

describe("the chart on a real API server", { skip }, () => {
  let space: TestNamespace;
  let folder: string;
  before(async () => {
    space = await testNamespace("chart");
    folder = await mkdtemp(join(tmpdir(), "chart-"));
    const body = {
      metadata: {
        labels: { "pod-security.kubernetes.io/enforce": "restricted", "pod-security.kubernetes.io/warn": "restricted" },
      },
    };
    await space.api.request(`/api/v1/namespaces/${space.name}`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body,
    });
  });
  after(async () => {
    await rm(folder, { recursive: true });
    await space[Symbol.asyncDispose]();
  });

  /** What the chart makes in the test's namespace, where it would name `default` or another one too. */
  async function rendered(...flags: readonly string[]): Promise<readonly Manifest[]> {
    const args = ["template", "registry", "deploy/chart", "--namespace", space.name, ...flags];
    const objects = manifestsIn((await run("helm", args, { maxBuffer: 16 << 20 })).stdout);
    return objects.map((object) =>
      object.metadata.namespace === undefined
        ? object
        : { ...object, metadata: { ...object.metadata, namespace: space.name } },
    );
  }

  /** Has the API server look at objects: their fields, strictly, and the pods' security. @returns what kubectl warns of */
  async function apply(objects: readonly Manifest[], ...flags: readonly string[]): Promise<string> {
    const file = join(folder, "manifests.yaml");
    await writeFile(file, objects.map((object) => stringify(object)).join("---\n"));
    return (await run("kubectl", ["apply", "--validate=strict", "--filename", file, ...flags])).stderr;
  }

  test("takes every object of every set of values, without a warning", async (context) => {
    if ((await minorVersion(space.api)) < 30) return context.skip("the chart is for Kubernetes 1.30 and newer");
    const files = (await readdir("deploy/chart/ci")).map((name) => `deploy/chart/ci/${name}`);
    for (const file of [...files, "deploy/examples/eks/values.yaml", "deploy/examples/gke/values.yaml"]) {
      // Objects of Prometheus Operator, which is not here.
      const objects = (await rendered("--values", file)).filter(
        ({ apiVersion }) => !apiVersion.startsWith("monitoring."),
      );
      assert.equal(await apply(objects, "--dry-run=server"), "", file);
      // The API server judges a Deployment's pods by a warning alone, so each is looked at as a pod too.
      const pods = objects.flatMap((object) => {
        const template = (object["spec"] as { template?: { spec: Record<string, unknown> } } | undefined)?.template;
        return object.kind === "Deployment" && template !== undefined
          ? [
              {
                apiVersion: "v1",
                kind: "Pod",
                metadata: { name: "one", namespace: space.name },
                spec: podOf(template.spec),
              },
            ]
          : [];
      });
      assert.equal(pods.length, 1);
      assert.equal(await apply(pods, "--dry-run=server"), "", file);
    }
  });

  /** The parts of a pod that name what is not there, and that only admission looks for, are left out. */
  const podOf = ({
    serviceAccountName: _account,
    priorityClassName: _priority,
    ...spec
  }: Record<string, unknown>): object => spec;

  /** A kubeconfig with a new token of a service account. */
  async function kubeconfigOf(account: string): Promise<string> {
    const view = JSON.parse(
      (await run("kubectl", ["config", "view", "--raw", "--minify", "--output=json"])).stdout,
    ) as {
      clusters: readonly { cluster: object }[];
    };
    const { stdout: token } = await run("kubectl", ["create", "token", account, "--namespace", space.name]);
    const file = join(folder, `${account}.kubeconfig`);
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "c", cluster: view.clusters[0]?.cluster }],
      users: [{ name: "u", user: { token: token.trim() } }],
      contexts: [{ name: "x", context: { cluster: "c", user: "u", namespace: space.name } }],
      "current-context": "x",
    };
    await writeFile(file, JSON.stringify(config));
    return file;
  }

  /** Every rule that the API server knows for a service account in the namespace, as lines. */
  async function rulesOf(account: string): Promise<ReadonlySet<string>> {
    const review = {
      apiVersion: "authorization.k8s.io/v1",
      kind: "SelfSubjectRulesReview",
      spec: { namespace: space.name },
    };
    const file = join(folder, "review.json");
    await writeFile(file, JSON.stringify(review));
    const args = [
      "create",
      "--kubeconfig",
      await kubeconfigOf(account),
      "--filename",
      file,
      "--validate=false",
      "--output=json",
    ];
    const { status } = JSON.parse((await run("kubectl", args)).stdout) as {
      status: { resourceRules: readonly Rule[]; incomplete: boolean };
    };
    assert.equal(status.incomplete, false);
    return new Set(
      status.resourceRules.flatMap(({ verbs, apiGroups, resources, resourceNames = [""] }) =>
        apiGroups.flatMap((group) =>
          resources.flatMap((resource) =>
            resourceNames.flatMap((name) =>
              verbs.map((verb) => `${verb} ${[group, resource, name].filter(Boolean).join("/")}`),
            ),
          ),
        ),
      ),
    );
  }

  /** What a service account may do beyond what any may. */
  async function rightsOf(account: string): Promise<readonly string[]> {
    await run("kubectl", ["create", "serviceaccount", "plain", "--namespace", space.name]).catch(() => {});
    const any = await rulesOf("plain");
    return [...(await rulesOf(account))].filter((rule) => !any.has(rule)).sort();
  }

  const OF_ACCESS = new Set(["ServiceAccount", "Role", "RoleBinding", "ClusterRole", "ClusterRoleBinding"]);
  /** Makes what the chart has of accounts and roles. Roles of the cluster go when the test ends. */
  async function grant(
    context: { after(work: () => Promise<unknown>): void },
    ...flags: readonly string[]
  ): Promise<void> {
    const objects = (await rendered("--values", "deploy/chart/ci/minimal-values.yaml", ...flags)).filter(({ kind }) =>
      OF_ACCESS.has(kind),
    );
    await apply(objects);
    const file = join(folder, "manifests.yaml");
    context.after(() => run("kubectl", ["delete", "--ignore-not-found", "--filename", file]));
  }

  test("lets the service review tokens where its configuration has them reviewed, and nothing else", async (context) => {
    await grant(
      context,
      "--set-json",
      'config.auth={"kubernetes":{"serviceAccounts":{"jobs:dispatcher":"dispatcher"}}}',
    );
    assert.deepEqual(await rightsOf("registry-executor-registry"), ["create authentication.k8s.io/tokenreviews"]);
  });

  test("lets the service read what a source of kind cluster reads, and nothing else", async (context) => {
    await grant(context, "--set-json", 'config.sources=[{"name":"here","kind":"cluster"}]');
    const account = "registry-executor-registry";
    assert.deepEqual(await rightsOf(account), [
      "create configmaps",
      "get apps/deployments",
      "get batch/cronjobs",
      "get configmaps/executor-registry-sightings",
      "get configmaps/executors",
      "list apps/deployments",
      "list batch/cronjobs",
      "list configmaps/executors",
      "list nodes",
      "list pods",
      "update configmaps/executor-registry-sightings",
      "watch apps/deployments",
      "watch batch/cronjobs",
      "watch configmaps/executors",
      "watch nodes",
    ]);
    const kubeconfig = await kubeconfigOf(account);
    assert.match(
      (await run("kubectl", ["--kubeconfig", kubeconfig, "get", "nodes", "--output=name"])).stdout,
      /^node\//,
    );
    for (const refused of [
      ["get", "secrets"],
      ["get", "configmaps"],
      ["get", "pods", "--all-namespaces"],
      ["create", "job", "one", "--image=one"],
    ]) {
      await assert.rejects(run("kubectl", ["--kubeconfig", kubeconfig, ...refused]), ({ stderr }: { stderr: string }) =>
        /forbidden/i.test(stderr),
      );
    }
  });

  test("lets the service read the one Secret that a source names, and nothing else", async (context) => {
    const source = {
      name: "own",
      kind: "oci",
      host: "registry.example.com",
      repositories: ["team/executor-ml"],
      credentials: { pullSecret: `${space.name}/pull` },
    };
    await grant(context, "--set-json", `config.sources=${JSON.stringify([source])}`);
    assert.deepEqual(await rightsOf("registry-executor-registry"), ["get secrets/pull"]);
  });

  test("lets a dispatcher run Jobs in its namespace and follow them, and nothing else", async (context) => {
    await grant(context, "--set-json", `dispatchers=[{"namespace":"${space.name}","serviceAccount":"dispatcher"}]`);
    assert.deepEqual(await rightsOf("dispatcher"), [
      "create batch/jobs",
      "delete batch/jobs",
      "get batch/jobs",
      "get pods",
      "get pods/log",
      "list batch/jobs",
      "list events",
      "list pods",
      "watch batch/jobs",
      "watch pods",
    ]);
  });
});
