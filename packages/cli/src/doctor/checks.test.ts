import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { fakeApi, refusedByRbac } from "../../../../testing/fake-api.ts";
import { doctorContext } from "../testing/fake-io.ts";
import { sightedResolution } from "../../../../testing/resolution.ts";
import { checkCluster } from "./cluster.ts";
import { checkExecutors, checkLocalRegistry } from "./declarations.ts";
import { checkNamespace } from "./namespace.ts";
import { checkNodes } from "./nodes.ts";

describe("the cluster", () => {
  const version = (time?: { server: number; local: number }) =>
    checkCluster(
      doctorContext(fakeApi((path) => (path === "/version" ? { gitVersion: "v1.33.1" } : undefined), { time })),
    );

  test("is reported with its version", async () => {
    const [cluster] = await version();
    assert.deepEqual(cluster, {
      name: "cluster",
      state: "ok",
      detail: "double at https://double answers, Kubernetes v1.33.1",
    });
  });

  test("is reached, though it does not say which version it is", async () => {
    const [cluster] = await checkCluster(doctorContext(fakeApi(() => ({ gitVersion: 1 }))));
    assert.deepEqual(
      [cluster?.state, cluster?.detail],
      ["ok", "double at https://double answers, but does not say its version"],
    );
  });

  const clocks: readonly (readonly [number, string, string])[] = [
    [4999, "ok", "agrees with the API server's"],
    [5600, "warn", "6 s ahead of the API server's"],
    [-90_000, "warn", "90 s behind the API server's"],
  ];
  for (const [off, state, detail] of clocks) {
    test(`has a clock from which ours is ${off} ms off`, async () => {
      const [, clock] = await version({ server: 1_000_000, local: 1_000_000 + off });
      assert.deepEqual([clock?.state, clock?.detail], [state, detail]);
      assert.equal(clock?.fix !== undefined, state === "warn");
    });
  }
});

describe("the namespace", () => {
  const at = "/api/v1/namespaces/team";
  const stable = { resources: [{ name: "cronjobs" }] };

  test("fails where it does not exist", async () => {
    const checks = await checkNamespace(doctorContext(fakeApi(() => undefined)));
    assert.deepEqual(
      checks.map(({ name, state, fix }) => [name, state, fix]),
      [["namespace", "fail", "kubectl create namespace team, or choose another with -n"]],
    );
  });

  test("shows what it enforces, where CronJobs are, and whether sightings are kept", async () => {
    const labels = { "pod-security.kubernetes.io/enforce": "restricted" };
    const answers: Record<string, unknown> = {
      [at]: { metadata: { labels } },
      "/apis/batch/v1": stable,
      [`${at}/configmaps/executor-registry-sightings`]: {},
    };
    const checks = await checkNamespace(doctorContext(fakeApi((path) => answers[path])));
    assert.deepEqual(
      checks.map(({ detail }) => detail),
      [
        "team enforces the restricted Pod Security Standard; jobs meet the restricted one",
        "served as batch/v1",
        "kept in ConfigMap executor-registry-sightings",
      ],
    );
  });

  test("is no failure where it may not be read", async () => {
    const api = fakeApi((path) => (path === "/apis/batch/v1" ? { resources: [] } : refusedByRbac(path)));
    const checks = await checkNamespace(doctorContext(api));
    assert.deepEqual(
      checks.map(({ state, detail }) => [state, detail]),
      [
        ["ok", "team"],
        ["ok", "served as batch/v1beta1 (Kubernetes before 1.21)"],
        ["ok", "may not be read"],
      ],
    );
  });
});

describe("node images", () => {
  const named = { names: ["docker.io/library/executor-ml:1"] };
  const images = (count: number) => Array.from({ length: count }, () => named);
  const imported = { names: ["docker.io/library/import-2026-11-23@sha256:0c45"] };
  const check = (...nodes: readonly object[][]) =>
    checkNodes(
      doctorContext(
        fakeApi(() => ({ items: nodes.map((images, at) => ({ metadata: { name: `n${at}` }, status: { images } })) })),
      ),
    );
  const states = async (...nodes: readonly object[][]) =>
    (await check(...nodes)).map(({ name, state }) => [name, state]);

  test("are fine below the limit, and above it, which somebody lifted", async () => {
    assert.deepEqual(await states(images(49), images(51)), [["node images", "ok"]]);
  });

  test("at the limit may not be all, which a kubelet's configuration changes", async () => {
    const [, limit] = await check(images(50));
    assert.equal(limit?.state, "warn");
    assert.match(limit?.detail ?? "", /^n0: exactly 50 images/);
    assert.match(limit?.fix ?? "", /kind: KubeletConfiguration\n {4}nodeStatusMaxImages: -1/);
  });

  test("of which only the day of import is known may be executors", async () => {
    assert.deepEqual(await states([named, imported]), [
      ["node images", "ok"],
      ["node images: names", "warn"],
    ]);
    assert.deepEqual(await states([{ names: [...imported.names, ...named.names] }, { names: null }]), [
      ["node images", "ok"],
    ]);
  });

  test("that are missing are reported", async () => {
    assert.deepEqual(await states([named], []), [
      ["node images", "ok"],
      ["node images: none", "warn"],
    ]);
  });

  test("are not known where the answer is about something else, and none where a node says nothing of them", async () => {
    const odd = await checkNodes(doctorContext(fakeApi(() => ({ items: "none" }))));
    assert.deepEqual(
      odd.map(({ state, detail }) => [state, detail]),
      [["warn", "the API server answered with something else than nodes"]],
    );
    const [, silent] = await checkNodes(doctorContext(fakeApi(() => ({ items: [{ status: { images: null } }] }))));
    assert.match(silent?.detail ?? "", /^a node without a name: no images/);
  });

  test("are left to the checks of rights where they may not be read", async () => {
    assert.deepEqual(await checkNodes(doctorContext(fakeApi((path) => refusedByRbac(path)))), []);
  });
});

describe("executors", () => {
  const resolver = (...resolutions: readonly ReturnType<typeof sightedResolution>[]) => ({
    list: async () => resolutions,
    sources: async () => [
      {
        name: "declared" as const,
        status: { state: "ready" as const, since: 0 },
        notes: ["CronJob/executor-x is ignored"],
      },
    ],
  });
  const here = doctorContext(fakeApi(() => undefined));

  test("are reported with what is unsure and what was left out", async () => {
    const declared = sightedResolution({ type: "etl", source: "declared" });
    const checks = await checkExecutors(resolver(declared, sightedResolution({ ambiguous: true })), here);
    assert.deepEqual(
      checks.map(({ name, state, detail }) => [name, state, detail]),
      [
        ["executors", "ok", "2 known: etl (declared), ml (nodes)"],
        ["ambiguous", "warn", "nothing shows which image of ml is the newest"],
        ["declarations", "warn", "not declared: ml; node images follow no undo and are up to 40 s late"],
        ["left out", "warn", "CronJob/executor-x is ignored"],
      ],
    );
  });

  test("that are missing get advice", async () => {
    const [none] = await checkExecutors(resolver(), here);
    assert.equal(none?.state, "warn");
    assert.match(none?.fix ?? "", /executor-TYPE/);
  });

  const hosting = 'host: "localhost:5001"\nhelp: "https://kind.sigs.k8s.io"\n';
  const announcing = doctorContext(fakeApi(() => ({ data: { "localRegistryHosting.v1": hosting } })));

  test("are to be declared where a local registry is announced", async () => {
    const [warning] = await checkLocalRegistry(resolver(sightedResolution()), announcing);
    assert.equal(warning?.state, "warn");
    assert.match(warning?.detail ?? "", /^localhost:5001 is announced: Skaffold/);
    const [fine] = await checkLocalRegistry(resolver(sightedResolution({ source: "configmap" })), announcing);
    assert.equal(fine?.state, "ok");
    assert.deepEqual(await checkLocalRegistry(resolver(), here), []);
  });

  test("and an announcement of blank lines is read in no time", { timeout: 5000 }, async () => {
    const blank = doctorContext(
      fakeApi(() => ({ data: { "localRegistryHosting.v1": `${"\n".repeat(900_000)}host: x` } })),
    );
    const [warning] = await checkLocalRegistry(resolver(sightedResolution()), blank);
    assert.match(warning?.detail ?? "", /^x is announced/);
  });
});
