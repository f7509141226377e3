import assert from "node:assert/strict";
import { chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { readFile, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { parse, stringify } from "yaml";
import { clusterTool, eventually, removeImages, type TestNamespace, testNamespace } from "../testing/cluster.ts";
import { DISPATCHER_IMAGE, noOwnImages, SERVICE_IMAGE } from "../testing/cluster-images.ts";
import { type ClusterNetwork, clusterNetwork, POD_DNS } from "../testing/cluster-network.ts";
import {
  noDockerRegistry,
  REGISTRY_AUTHORIZATION,
  REGISTRY_USER,
  startDockerRegistry,
} from "../testing/docker-registry.ts";
import { sectionsOf } from "../testing/documented.ts";
import { noHelm } from "../testing/helm.ts";
import { clusterBlocks, type PageShell, pageShell } from "../testing/page-shell.ts";
import { pushImage } from "../testing/push.ts";
import { freePort } from "./free-port.ts";

const INSTALLING = "docs/any-cluster.md";
const OPERATING = "docs/operations.md";
const skip = noOwnImages || noHelm || noDockerRegistry;

interface Names {
  /** The namespace of the service. */
  readonly service: string;
  /** The namespace of a dispatcher. */
  readonly jobs: string;
  /** The registry, as pods reach it. */
  readonly host: string;
}

/** With a test's names in place of a page's, and what the node needs besides the page's values. */
const withNames = (text: string, { service, jobs, host }: Names): string =>
  text
    .replaceAll(/(-n |--namespace |namespace )executor-registry\b/g, `$1${service}`)
    .replaceAll("executor-registry.executor-registry", `executor-registry.${service}`)
    .replaceAll(/(-n |namespace |namespace: )jobs\b/g, `$1${jobs}`)
    .replaceAll("host: registry.example.com,", "host: registry.example.com, insecure: true,")
    .replaceAll("host: registry.example.com\n", "host: registry.example.com\n      insecure: true\n")
    .replaceAll("registry.example.com", host)
    .replaceAll("--values values.yaml", "--values values.yaml --values node.yaml");

/** Puts the service's image into the node under the name that it would be pulled by. */
async function tagImage(host: string, ends: AsyncDisposableStack): Promise<void> {
  const image = `${host}/platform/registry-service:0.1.0`;
  await clusterTool("ctr", "images", "tag", SERVICE_IMAGE, image);
  ends.defer(() => removeImages(image));
}

describe(`commands of ${INSTALLING}, then of ${OPERATING}, in their order`, { skip, timeout: 240_000 }, () => {
  const installing = clusterBlocks(INSTALLING);
  const operating = clusterBlocks(OPERATING);
  const ends = new AsyncDisposableStack();
  let api: TestNamespace["api"];
  let service: string;
  let jobs: string;
  let shell: PageShell;
  let port: number;
  let network: ClusterNetwork;
  let host: string;
  let forwarding: string;

  const own = (text: string): string =>
    withNames(text, { service, jobs, host })
      .replaceAll("--docker-username=reader", `--docker-username=${REGISTRY_USER.username}`)
      .replaceAll(" 8080:80", ` ${port}:80`)
      .replaceAll("localhost:8080", `localhost:${port}`);
  const run = (block: string): Promise<string> => shell.run(own(block), { PASSWORD: REGISTRY_USER.password });

  /** The files that a section shows. */
  async function shown(page: string, heading: string): Promise<readonly string[]> {
    const section = (await sectionsOf(page)).find((one) => one.heading === heading);
    assert.ok(section, heading);
    return section.configurations.map(own);
  }

  before(async () => {
    const space = ends.use(await testNamespace("docs"));
    api = space.api;
    [service, jobs] = [`${space.name}-service`, `${space.name}-jobs`];
    shell = ends.use(await pageShell("any-cluster"));
    await writeFile(join(shell.folder, "node.yaml"), stringify(POD_DNS));
  });
  after(() => ends.disposeAsync());

  /** What a cluster has, and the test's own has not: a registry and the service's image in it, names, and volumes. */
  async function prepare(space: TestNamespace): Promise<void> {
    network = ends.use(await clusterNetwork(space));
    const registry = ends.use(await startDockerRegistry({ htpasswd: true }));
    host = `${await network.lead("images", 5000, registry.host)}:5000`;
    await pushImage({ ...registry, authorization: REGISTRY_AUTHORIZATION }, "team/executor-ml", "1.0.0");
    await tagImage(host, ends);
    const folder = mkdtempSync(join(tmpdir(), "volumes-"));
    ends.defer(() => rmSync(folder, { recursive: true }));
    await Promise.all(["first", "second"].map((name) => volume(join(folder, name), `${service}-${name}`)));
  }

  /** A volume for the claim of the chart. */
  async function volume(path: string, name: string): Promise<void> {
    mkdirSync(path);
    chownSync(path, 65_532, 65_532);
    const spec = {
      capacity: { storage: "10Gi" },
      accessModes: ["ReadWriteOnce"],
      persistentVolumeReclaimPolicy: "Retain",
      claimRef: { namespace: service, name: "executor-registry" },
      hostPath: { path },
    };
    const volumes = "/api/v1/persistentvolumes";
    await api.request(volumes, { method: "POST", body: { metadata: { name }, spec } });
    ends.defer(async () => void (await api.request(`${volumes}/${name}`, { method: "DELETE" })));
  }

  /** Forwards another port to the pod that is there now, as in a terminal of its own. */
  async function forward(): Promise<void> {
    port = await freePort();
    await run(`${forwarding.trim()} > forward-${port}.log 2>&1 &
echo $! >> serving
until grep -q ^Forwarding forward-${port}.log; do kill -0 $!; sleep 0.1; done`);
  }

  /** The journal's last entry, as `/health` has it. */
  async function head(): Promise<unknown> {
    const printed = await run('curl -s -H "Authorization: Bearer $(cat token)" http://localhost:8080/health');
    const { journal } = JSON.parse(printed) as { journal: { sequence: number; hash: string } };
    return { sequence: journal.sequence, hash: journal.hash };
  }

  test("install the chart, whose test passes", async () => {
    const [namespace = "", secret = ""] = installing.take("create secret docker-registry").split("\n");
    await run(namespace);
    const remove = async () => void (await run("kubectl delete --wait=false namespace executor-registry"));
    await prepare(ends.use({ name: service, api, [Symbol.asyncDispose]: remove }));
    await run(secret);
    const [values = ""] = await shown(INSTALLING, "3. Install it");
    await writeFile(join(shell.folder, "values.yaml"), values);
    ends.defer(async () => {
      await run("helm uninstall executor-registry --namespace executor-registry --no-hooks");
      await run("kubectl delete --wait=false namespace jobs");
    });
    const installed = run(installing.take("helm install"));
    // In place of kube-proxy: nothing else leads to a Service here.
    const following = eventually("the Service", 60_000, () =>
      network.follow("executor-registry").catch(() => undefined),
    );
    const [printed] = await Promise.all([installed, following]);
    assert.match(printed, /Phase: +Succeeded/);
  });

  test("ask it through a forwarded port, and get what the page shows", async () => {
    forwarding = installing.take("port-forward");
    await forward();
    const printed = await run(installing.take("executor-registry list"));
    assert.match(printed, /^TYPE +VERSION +SOURCE +AGE +EVIDENCE\nml +1\.0\.0 +registry +\d+s +only-candidate\n$/m);
  });

  test("let a dispatcher's pod ask, with the variables and the token that the page shows", async () => {
    const [container = "", pod = ""] = await shown(INSTALLING, "5. Let a dispatcher use it");
    const script = `const { createResolver } = await import("@executor-registry/resolver");
const resolver = createResolver();
console.log((await resolver.resolve("ml")).image);
await resolver.close();`;
    const asking = {
      name: "ask",
      image: DISPATCHER_IMAGE,
      imagePullPolicy: "Never",
      workingDir: "/app",
      command: ["node", "--conditions=executor-registry-source", "--input-type=module", "--eval", script],
      ...(parse(container) as object),
    };
    const spec = {
      ...POD_DNS,
      serviceAccountName: "dispatcher",
      restartPolicy: "Never",
      containers: [asking],
      ...(parse(pod) as object),
    };
    const manifest = { apiVersion: "v1", kind: "Pod", metadata: { name: "ask", namespace: jobs }, spec };
    await writeFile(join(shell.folder, "pod.yaml"), stringify(manifest));
    const printed = await run(`kubectl apply -f pod.yaml
kubectl -n jobs wait --for=jsonpath='{.status.phase}'=Succeeded --timeout=60s pod/ask
kubectl -n jobs logs ask`);
    assert.match(printed, /\/team\/executor-ml@sha256:[0-9a-f]{64}\n$/);
  });

  test("take a registry's events, with the proof that the page makes", async () => {
    await run(installing.take("create secret generic webhook"));
    const [webhooks = ""] = await shown(INSTALLING, "6. Have pushes seen at once");
    const file = join(shell.folder, "values.yaml");
    const values = parse(await readFile(file, "utf8")) as { readonly config: object };
    const config = { ...values.config, ...(parse(webhooks) as object) };
    await writeFile(file, stringify({ ...values, secrets: ["registry", "webhook"], config }));
    const [proof] = /Bearer \w+$/.exec(await run(installing.take("helm upgrade"))) ?? [];
    await forward();
    const target = { repository: "team/executor-ml", digest: `sha256:${"0".repeat(64)}`, tag: "1.0.1" };
    const event = { events: [{ action: "push", target, request: { host } }] };
    await writeFile(join(shell.folder, "event.json"), JSON.stringify(event));
    const printed = await run(
      `curl -s -H "Authorization: ${proof}" -H "Content-Type: application/json" --data @event.json http://localhost:8080/webhooks/own`,
    );
    assert.deepEqual(JSON.parse(printed), { accepted: 1 });
  });

  test("restore a backup on a new claim", async () => {
    const [backup = ""] = (await sectionsOf(OPERATING)).find(({ heading }) => heading === "Back up")?.commands ?? [];
    await run(`kubectl -n jobs create token dispatcher --audience=executor-registry > token
export EXECUTOR_REGISTRY_URL=http://localhost:8080 EXECUTOR_REGISTRY_TOKEN_FILE=$PWD/token
${backup}`);
    const before = await head();
    const [pod = ""] = await shown(OPERATING, "Restore");
    await writeFile(join(shell.folder, "restore.yaml"), pod);
    await run(operating.take("helm upgrade"));
    await forward();
    assert.deepEqual(await head(), before);
    const claims = await run(
      "kubectl -n executor-registry get pvc executor-registry --output=jsonpath={.spec.volumeName}",
    );
    assert.match(claims, /-(first|second)$/);
  });

  test("are all of them", () => assert.deepEqual([...installing.left, ...operating.left], []));
});

describe("commands that install the chart on other pages", { skip, timeout: 120_000 }, () => {
  const ends = new AsyncDisposableStack();
  let space: TestNamespace;
  let network: ClusterNetwork;
  let host: string;
  before(async () => {
    space = ends.use(await testNamespace("install"));
    network = ends.use(await clusterNetwork(space));
    const registry = ends.use(await startDockerRegistry());
    await pushImage(registry, "team/executor-ml", "1.0.0");
    host = `${await network.lead("images", 5000, registry.host)}:5000`;
    await tagImage(host, ends);
  });
  after(() => ends.disposeAsync());

  /** A reader's shell, and namespaces that go with the test. */
  async function reader(
    page: string,
    ends: AsyncDisposableStack,
    service: string,
  ): Promise<(block: string) => Promise<string>> {
    const shell = ends.use(await pageShell(page));
    const names = { service, jobs: `${service}-jobs`, host };
    const run = (block: string): Promise<string> =>
      shell.run(withNames(block, names), { DATABASE_PASSWORD: "not-for-production" });
    const files = {
      "node.yaml": stringify({ ...POD_DNS, store: { persistence: { enabled: false } } }),
      // The kinds of Prometheus' operator are not here.
      "cloud.yaml": stringify({
        dispatchers: [{ namespace: names.jobs, serviceAccount: "dispatcher" }],
        serviceMonitor: { enabled: false },
        prometheusRule: { enabled: false },
      }),
      "global-bundle.pem": "the authorities\n",
      "server-ca.pem": "the authority\n",
    };
    for (const [name, text] of Object.entries(files)) await writeFile(join(shell.folder, name), text);
    const values = (await sectionsOf(page))
      .flatMap(({ configurations }) => configurations)
      .find((text) => text.includes("dispatchers:"));
    if (values !== undefined) await writeFile(join(shell.folder, "values.yaml"), withNames(values, names));
    ends.defer(async () => {
      await run("helm uninstall executor-registry --namespace executor-registry --no-hooks");
      await run(
        `kubectl delete --wait=false --ignore-not-found namespace jobs ${service === space.name ? "" : service}`,
      );
    });
    return run;
  }

  test("README.md: the pods get ready", async () => {
    await using ends = new AsyncDisposableStack();
    const blocks = clusterBlocks("README.md");
    const run = await reader("README.md", ends, `${space.name}-readme`);
    await run(blocks.take("helm install"));
    await run("kubectl -n executor-registry rollout status deployment/executor-registry --timeout=60s");
    assert.deepEqual([...blocks.left], []);
  });

  test("deploy/chart/README.md: the pods get ready, and its test passes", async () => {
    await using ends = new AsyncDisposableStack();
    const blocks = clusterBlocks("deploy/chart/README.md");
    const run = await reader("deploy/chart/README.md", ends, space.name);
    const [create = "", install = "", ask = ""] = blocks.take("helm install").split("\n");
    await run(`${create}\n${install}`);
    await network.follow("executor-registry");
    assert.match(await run(ask), /Phase: +Succeeded/);
    assert.deepEqual([...blocks.left], []);
  });

  for (const [page, replicas] of [
    ["deploy/examples/eks/README.md", "3"],
    ["deploy/examples/gke/README.md", "2"],
  ] as const) {
    test(`${page}: the API server takes all of it`, async () => {
      await using ends = new AsyncDisposableStack();
      const blocks = clusterBlocks(page);
      const run = await reader(page, ends, `${space.name}-cloud-${replicas}`);
      await run(blocks.take("helm install").replace(/values\.yaml$/m, "$& --values cloud.yaml"));
      const deployment = "deployment executor-registry --output=jsonpath={.spec.replicas}";
      assert.equal(await run(`kubectl -n executor-registry get ${deployment}`), replicas);
      assert.deepEqual([...blocks.left], []);
    });
  }
});
