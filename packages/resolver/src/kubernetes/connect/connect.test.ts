import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { afterEach, beforeEach, describe, test } from "node:test";
import { KubeConfig } from "@kubernetes/client-node";
import { type ConnectOptions, connect, type ConnectEnvironment } from "./connect.ts";
import type { KubeConfigLike } from "./given-config.ts";

/** A kubeconfig with a context for each name, on servers of the same names. */
function kubeconfig(current: string | undefined, ...names: string[]): string {
  return JSON.stringify({
    clusters: names.map((name) => ({ name, cluster: { server: `https://${name}.example:6443` } })),
    users: names.map((name) => ({ name, user: { token: `token-of-${name}` } })),
    contexts: names.map((name) => ({ name, context: { cluster: name, user: name, namespace: `ns-${name}` } })),
    "current-context": current,
  });
}

const pod = { KUBERNETES_SERVICE_HOST: "10.0.0.1", KUBERNETES_SERVICE_PORT: "443" };

describe("connect", () => {
  let home = "";
  let own = "";
  let serviceAccount = "";
  let first = "";
  let second = "";
  beforeEach(async () => {
    home = await mkdtemp(join(tmpdir(), "connect-"));
    serviceAccount = join(home, "account");
    await mkdir(serviceAccount);
    await mkdir(join(home, ".kube"));
    own = join(home, ".kube", "config");
    first = join(home, "first");
    second = join(home, "second");
    await writeFile(first, kubeconfig(undefined, "one", "both"));
    await writeFile(second, kubeconfig("two", "two", "both"));
  });
  afterEach(() => rm(home, { recursive: true }));

  const ownConfig = (): Promise<void> => writeFile(own, kubeconfig("mine", "mine", "other"));
  const account = (): Promise<void> => writeFile(join(serviceAccount, "token"), "secret");
  const found = async (
    options: ConnectOptions = {},
    variables: ConnectEnvironment["variables"] = {},
  ): Promise<string[]> => {
    const { context, server, namespace } = await connect(options, { variables, home, serviceAccount });
    return [context, server, namespace];
  };
  const mine = ["mine", "https://mine.example:6443", "ns-mine"];
  const two = ["two", "https://two.example:6443", "ns-two"];

  test("an explicit kubeconfig comes first", async () => {
    await Promise.all([ownConfig(), account()]);
    assert.deepEqual(await found({ kubeconfig: second }, { ...pod, KUBECONFIG: first }), two);
  });

  test("an explicit context is looked for in kubeconfigs, not in the pod", async () => {
    await Promise.all([ownConfig(), account()]);
    assert.deepEqual(await found({ context: "other" }, pod), ["other", "https://other.example:6443", "ns-other"]);
    assert.equal((await found({ context: "one" }, { ...pod, KUBECONFIG: first }))[0], "one");
  });

  test("then KUBECONFIG, whose files are merged and may be missing", async () => {
    await Promise.all([ownConfig(), account()]);
    const files = { ...pod, KUBECONFIG: [join(home, "none"), first, second].join(delimiter) };
    assert.deepEqual(await found({}, files), two);
    assert.equal((await found({ context: "both", namespace: "x" }, files))[2], "x");
  });

  test("then the pod, which never loads a parser", async () => {
    await Promise.all([ownConfig(), account()]);
    const never = (): never => assert.fail("loaded");
    const api = await connect({}, { variables: pod, home, serviceAccount, importYaml: never });
    assert.deepEqual([api.context, api.server, api.namespace], ["in-cluster", "https://10.0.0.1", "default"]);
  });

  test("then the user's own kubeconfig", async () => {
    await ownConfig();
    assert.deepEqual(await found(), mine);
    assert.deepEqual(await found({}, pod), mine);
  });

  test("else there is no cluster, and never localhost:8080", async () => {
    await assert.rejects(found({}, pod), (error: { code: string; lookedAt: string[] }) => {
      assert.equal(error.code, "no-cluster");
      assert.deepEqual(
        error.lookedAt.map((place) => place.split(" (")[0]),
        ["KUBECONFIG", "the pod's service account", own],
      );
      return true;
    });
  });

  test("a KUBECONFIG that names no file is not passed over", async () => {
    await ownConfig();
    const missing = join(home, "none");
    await assert.rejects(found({}, { KUBECONFIG: missing }), {
      code: "no-cluster",
      lookedAt: [`KUBECONFIG (${missing}: no such file)`],
    });
  });

  test("an unknown context is an error that lists the known ones", async () => {
    const expected = {
      code: "configuration",
      contexts: ["two", "both"],
      message: /no usable context "three"; it has two, both/,
    };
    await assert.rejects(found({ kubeconfig: second, context: "three" }), expected);
  });

  test("no current context, a broken file, a broken server: each is an error", async () => {
    await assert.rejects(found({ kubeconfig: first }), {
      code: "configuration",
      message: /names no current context; it has one, both/,
    });
    await assert.rejects(found({ kubeconfig: home }), { code: "configuration", message: /cannot be read: EISDIR/ });
    await writeFile(own, kubeconfig("a b", "a b"));
    await assert.rejects(found(), { code: "configuration", message: /no valid server URL/ });
  });

  test("a missing parser is reported with the command that helps, and JSON needs none", async () => {
    const missing = Object.assign(new Error("gone"), { code: "ERR_MODULE_NOT_FOUND" });
    const environment = { variables: {}, importYaml: () => Promise.reject(missing) };
    assert.equal((await connect({ kubeconfig: second }, environment)).context, "two");
    await writeFile(own, "current-context: a\n");
    await assert.rejects(connect({ kubeconfig: own }, environment), {
      code: "configuration",
      message: /npm install yaml/,
    });
  });

  test("a KubeConfig of the caller's own is taken as it is, and alone", async () => {
    const config: KubeConfigLike = new KubeConfig();
    (config as KubeConfig).loadFromFile(second);
    assert.deepEqual(await found({ kubeConfig: config }, { ...pod, KUBECONFIG: first }), two);
    await assert.rejects(found({ kubeConfig: config, context: "both" }), { code: "configuration" });
  });
});
