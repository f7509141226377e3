import { execFile } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { connect } from "@executor-registry/resolver/kubernetes";

const run = promisify(execFile);

/** The script that runs a whole one-node cluster, where the machine has it. */
const TOOL = process.env["CLUSTER_TOOL"];

/** Why cluster tests that need only an API server are skipped, or `false`. For `test(…, { skip: noCluster })`. */
export const noCluster: string | false = process.env["KUBECONFIG"] ? false : "no KUBECONFIG given";

/** Why tests that load images into the node, or stop its processes, are skipped, or `false`. */
export const noNode: string | false =
  noCluster || (TOOL ? false : "no CLUSTER_TOOL that can load images into the node");

/** Runs a verb of the cluster tool, resolves to its trimmed standard output. */
export async function clusterTool(...args: string[]): Promise<string> {
  if (!TOOL) throw new Error("CLUSTER_TOOL is not set");
  const { stdout } = await run(TOOL, args, { maxBuffer: 16 << 20 });
  return stdout.trim();
}

/** Builds an image (busybox `sh` as `/bin/sh`, `sleep`, `env`, plus `kilobytes` of random payload); resolves to its archive. */
export function buildImage(reference: string, kilobytes: number, ...command: string[]): Promise<string> {
  return clusterTool("image", reference, String(kilobytes), "--", ...command);
}

/** Puts archives into the node's image store, as `kind load` does. */
export async function loadImages(...archives: string[]): Promise<void> {
  await clusterTool("load", ...archives);
}

/** Takes images out of the node's image store. */
export async function removeImages(...names: string[]): Promise<void> {
  await clusterTool("ctr", "images", "rm", ...names);
}

/** A namespace of a test's own, removed with `await using` or `dispose()`. */
export interface TestNamespace extends AsyncDisposable {
  readonly name: string;
  readonly api: KubernetesApi;
}

/** Connects as the given KUBECONFIG says, in a new namespace. */
export async function testNamespace(prefix: string): Promise<TestNamespace> {
  const name = `${prefix}-${randomBytes(4).toString("hex")}`;
  const api = await connect({ namespace: name });
  await api.request("/api/v1/namespaces", { method: "POST", body: { metadata: { name } } });
  return {
    name,
    api,
    async [Symbol.asyncDispose]() {
      await api.request(`/api/v1/namespaces/${name}`, { method: "DELETE" });
      api.close();
    },
  };
}

/** Where this cluster serves the CronJobs of a namespace: `batch/v1`, or before Kubernetes 1.21 `batch/v1beta1`. */
export async function cronJobsOf({ api, name }: Pick<TestNamespace, "api" | "name">): Promise<`/apis/${string}`> {
  const { resources } = (await api.request("/apis/batch/v1")) as { resources: { name: string }[] };
  const version = resources.some((resource) => resource.name === "cronjobs") ? "v1" : "v1beta1";
  return `/apis/batch/${version}/namespaces/${name}/cronjobs`;
}

/** The minor version of the cluster's Kubernetes, for tests of what only older or newer ones do. */
export async function minorVersion(api: KubernetesApi): Promise<number> {
  return Number.parseInt(((await api.request("/version")) as { minor: string }).minor, 10);
}

/** The folder of the cluster tool, with a `NAME.pid` for each process. */
const clusterFolder = process.env["CLUSTER_DIR"] ?? join(homedir(), ".cache", "test-cluster");

/** Whether one of the cluster's own processes is known. */
export const hasProcess = (name: string): boolean => existsSync(join(clusterFolder, `${name}.pid`));

/** Kills one of the cluster's own processes as a crash would, and waits until it is gone; the tool's `up` starts it again. */
export async function killProcess(name: string): Promise<void> {
  const pid = Number(readFileSync(join(clusterFolder, `${name}.pid`), "utf8"));
  process.kill(pid, "SIGKILL");
  await eventually(`the end of ${name}`, 10_000, () => {
    try {
      process.kill(pid, 0);
      return undefined;
    } catch {
      return true;
    }
  });
}

/** Polls until `probe` answers something other than `undefined`, or fails after `ms`. For states only a real cluster decides. */
export async function eventually<T>(
  what: string,
  ms: number,
  probe: () => Promise<T | undefined> | T | undefined,
): Promise<T> {
  const deadline = Date.now() + ms;
  for (;;) {
    const value = await probe();
    if (value !== undefined) return value;
    if (Date.now() > deadline) throw new Error(`${what} did not happen within ${ms} ms`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
