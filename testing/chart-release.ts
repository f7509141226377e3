import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { eventually, type TestNamespace } from "./cluster.ts";

const run = promisify(execFile);

/** What is read of a pod. */
export interface Pod {
  readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
  readonly status: {
    readonly phase: string;
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
  };
}

/** Whether a pod takes part in answering. */
export const isReady = ({ metadata, status }: Pod): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status.conditions ?? []).some(({ type, status: is }) => type === "Ready" && is === "True");

/** A release of the chart in a namespace of a test. */
export interface ChartRelease {
  readonly name: string;
  /** Runs helm with the release's namespace; resolves to what it prints. */
  helm(...args: readonly string[]): Promise<string>;
  kubectl(...args: readonly string[]): Promise<string>;
  /** Its pods, oldest first. */
  pods(): Promise<readonly Pod[]>;
  /** Resolves once this many pods are ready, and no other is there. */
  settled(count: number): Promise<void>;
}

/** Installs deploy/chart, and waits until its pods are ready. @param args more of helm's flags */
export async function installChart(
  { name: namespace, api }: TestNamespace,
  values: object,
  ...args: readonly string[]
): Promise<ChartRelease> {
  const name = "registry";
  const inNamespace =
    (command: string) =>
    async (...args: readonly string[]): Promise<string> =>
      (await run(command, ["--namespace", namespace, ...args], { maxBuffer: 16 << 20 })).stdout;
  const helm = inNamespace("helm");
  const selector = encodeURIComponent(`app.kubernetes.io/instance=${name},app.kubernetes.io/name=executor-registry`);
  const pods = async (): Promise<readonly Pod[]> => {
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=${selector}` as const;
    return ((await api.request(path)) as { items: readonly Pod[] }).items;
  };
  const set = Object.entries(values).flatMap(([key, value]) => ["--set-json", `${key}=${JSON.stringify(value)}`]);
  await helm("install", name, "deploy/chart", ...set, "--wait", "--timeout", "120s", ...args);
  return {
    name,
    helm,
    kubectl: inNamespace("kubectl"),
    pods,
    async settled(count) {
      await eventually(`${count} ready pods`, 120_000, async () => {
        const all = await pods();
        return (all.length === count && all.every(isReady)) || undefined;
      });
    },
  };
}
