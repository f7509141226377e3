import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { after, before, describe, test } from "node:test";
import { createDispatcher, type Dispatcher } from "@executor-registry/dispatcher";
import { createResolver, type Resolver } from "@executor-registry/resolver";
import { connect, type KubernetesApi, KubernetesError } from "@executor-registry/resolver/kubernetes";
import { parseAllDocuments } from "yaml";
import {
  buildImage,
  eventually,
  loadImages,
  minorVersion,
  noNode,
  removeImages,
  type TestNamespace,
  testNamespace,
} from "../testing/cluster.ts";
import { serviceAccount, type TestServiceAccount } from "../testing/service-account.ts";

// The example's manifests as they are, but for their namespace and images, used by the example's service account with a bound token.

interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly spec?: { readonly template?: { readonly spec: object } };
}

const PLURALS: Readonly<Record<string, string>> = {
  ConfigMap: "configmaps",
  ServiceAccount: "serviceaccounts",
  Service: "services",
  Deployment: "deployments",
  CronJob: "cronjobs",
  Role: "roles",
  RoleBinding: "rolebindings",
  ClusterRole: "clusterroles",
  ClusterRoleBinding: "clusterrolebindings",
};
const IMAGE = "docker.io/library/executor-ml:example";

describe("examples/kubernetes in a namespace that enforces restricted pods", { skip: noNode }, () => {
  let space: TestNamespace;
  let account: TestServiceAccount;
  let api: KubernetesApi;
  let resolver: Resolver;
  let dispatcher: Dispatcher;
  let manifests: readonly Manifest[];
  let old = false;
  const made: (() => Promise<unknown>)[] = [];

  const create = async ({ apiVersion, kind, ...rest }: Manifest, query = {}): Promise<unknown> => {
    const root = apiVersion === "v1" ? "/api/v1" : `/apis/${apiVersion}`;
    const where = kind.startsWith("Cluster") ? "" : `/namespaces/${space.name}`;
    const path = `${root}${where}/${PLURALS[kind]}` as `/apis/${string}`;
    const answer = await space.api.request(path, { method: "POST", query, body: { apiVersion, kind, ...rest } });
    if (kind.startsWith("Cluster")) {
      made.push(() => space.api.request(`${path}/${rest.metadata.name}`, { method: "DELETE" }));
    }
    return answer;
  };

  before(async () => {
    space = await testNamespace("example");
    old = (await minorVersion(space.api)) < 25;
    if (old) return;
    await loadImages(
      await buildImage(IMAGE, 1, "/bin/sh", "-c", 'echo "seed $SEED for $*"; echo x > /file; exit 0', "sh"),
    );
    const text = globSync("examples/kubernetes/*.yaml")
      .map((file) => readFileSync(file, "utf8"))
      .join("\n---\n")
      .replaceAll(/\bnamespace: executors\b/g, `namespace: ${space.name}`)
      .replaceAll("executors-dispatcher-nodes", `${space.name}-nodes`)
      .replaceAll("image: executor-ml", "image: executor-ml:example");
    manifests = parseAllDocuments(text).map((document) => document.toJS() as Manifest);
    const namespace = manifests.find(({ kind }) => kind === "Namespace");
    await space.api.request(`/api/v1/namespaces/${space.name}`, {
      method: "PATCH",
      contentType: "application/merge-patch+json",
      body: { metadata: { ...namespace?.metadata, name: space.name } },
    });
    account = await serviceAccount(space, "dispatcher");
    for (const manifest of manifests) {
      if (manifest.kind !== "Namespace" && manifest.kind !== "ServiceAccount") await create(manifest);
    }
    api = await connect({}, account.environment);
    resolver = createResolver({ kubernetes: api, random: () => 0.1 });
    dispatcher = createDispatcher({ kubernetes: api, resolver });
  });
  after(async () => {
    if (!old) {
      await dispatcher.close();
      await resolver.close();
      api.close();
      await account[Symbol.asyncDispose]();
      await Promise.all(made.map((remove) => remove()));
      await removeImages(IMAGE).catch(() => undefined);
    }
    await space[Symbol.asyncDispose]();
  });

  const cluster = (name: string, work: () => Promise<void>): void => {
    test(name, async (t) => {
      if (old) return t.skip("this API server has no Pod Security admission (since Kubernetes 1.25)");
      await work();
    });
  };

  cluster("rbac.yaml is enough for every source", async () => {
    await eventually("permission for all sources", 10_000, async () => {
      const sources = await resolver.sources();
      return sources.every(({ status }) => status.state === "ready") || undefined;
    });
    assert.deepEqual(
      (await resolver.sources())
        .flatMap(({ name, notes }) => notes.map((note) => `${name}: ${note}`))
        .filter((note) => /RBAC|may not/.test(note)),
      [],
    );
    assert.equal((await resolver.resolve("ml")).source, "declared");
  });

  cluster("and for a Job from its start to its end, which meets restricted as it is built", async () => {
    const lines: string[] = [];
    // The example's Dockerfiles name such a user; this image has none.
    const request = { id: "1", args: ["you"], securityContext: { runAsUser: 65_532 } };
    const { result } = await dispatcher.run("ml", request, { onLog: (line) => lines.push(line) });
    assert.deepEqual([result.status, result.logsComplete], ["succeeded", true], result.message);
    // The two output streams reach the node's log in no fixed order.
    assert.equal(lines.length, 2, lines.join("\n"));
    assert.ok(lines.includes("seed 42 for you"), lines.join("\n"));
    assert.match(lines.join("\n"), /Read-only file system/);
  });

  cluster("and to say why a Job got no pod, and to take it back", async () => {
    const request = { id: "2", serviceAccountName: "missing" };
    const { result } = await dispatcher.run("ml", request, { startTimeout: 3000 });
    assert.equal(result.reason, "NoPod");
    assert.match(result.message, /serviceaccount "missing" not found; the Job is deleted/);
  });

  cluster("and for nothing else", async () => {
    const may = async (group: string, resource: string, verb: string, more: object = {}): Promise<boolean> => {
      const spec = { resourceAttributes: { group, resource, verb, namespace: space.name, ...more } };
      const answer = await api.request("/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {
        method: "POST",
        body: { spec },
      });
      return (answer as { status: { allowed: boolean } }).status.allowed;
    };
    assert.equal(await may("batch", "jobs", "create"), true);
    for (const [group, resource, verb, more] of [
      ["", "secrets", "get"],
      ["", "configmaps", "list"],
      ["", "configmaps", "delete", { name: "executors" }],
      ["", "pods", "create"],
      ["", "pods", "delete"],
      ["", "pods", "create", { subresource: "exec" }],
      ["", "nodes", "patch", { namespace: "" }],
      ["batch", "jobs", "create", { namespace: "default" }],
      ["batch", "jobs", "patch"],
      ["batch", "cronjobs", "update"],
      ["apps", "deployments", "patch"],
      ["rbac.authorization.k8s.io", "roles", "create"],
    ] as const) {
      assert.equal(await may(group, resource, verb, more), false, `${verb} ${resource}.${group}`);
    }
  });

  cluster("every pod of the manifests is admitted; one that asks for more is not", async () => {
    const pods = `/api/v1/namespaces/${space.name}/pods` as const;
    const admit = (spec: object): Promise<unknown> =>
      space.api.request(pods, {
        method: "POST",
        query: { dryRun: "All" },
        body: { metadata: { name: "trial" }, spec },
      });
    const specs = manifests.flatMap(({ spec }) => spec?.template?.spec ?? []);
    assert.equal(specs.length, 1, "the dispatcher's; the executors' pods are those of its Jobs");
    for (const spec of specs) await admit(spec);
    await assert.rejects(
      admit({ hostNetwork: true, containers: [{ name: "a", image: "a" }] }),
      (error) => error instanceof KubernetesError && /violates PodSecurity "restricted/.test(error.message),
    );
  });
});
