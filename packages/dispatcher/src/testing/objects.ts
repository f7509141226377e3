import type { Condition, ContainerStatus, Job, Pod } from "../tools/kubernetes.ts";

/** The second of the minute at which something happened. */
export const at = (second: number): string => `2026-11-23T10:00:${String(second).padStart(2, "0")}Z`;

/** A Job as the API server shows it, with a condition if it ended. */
export function jobObject(condition?: Omit<Condition, "status">, spec: Partial<Job["spec"]> = {}): Job {
  return {
    metadata: { name: "executor-disp-1", uid: "job-1", creationTimestamp: at(0) },
    spec: { template: { spec: { containers: [{ name: "executor" }] } }, ...spec },
    status: condition ? { conditions: [{ status: "True", ...condition }] } : {},
  };
}

/** A pod of that Job. */
export function podObject(
  state: ContainerStatus["state"],
  status: Pod["status"] = {},
  changes: Partial<Pod["metadata"]> = {},
): Pod {
  const name = changes.name ?? "pod-1";
  return {
    metadata: { name, uid: name, creationTimestamp: at(1), ownerReferences: [{ uid: "job-1" }], ...changes },
    spec: { nodeName: "node-1", containers: [{ name: "executor" }] },
    status: {
      conditions: [{ type: "PodScheduled", status: "True", lastTransitionTime: at(2) }],
      ...(state ? { containerStatuses: [{ name: "executor", state }] } : {}),
      ...status,
    },
  };
}

/** The end of a container that ran from second 5 to second 9. */
export const terminated = (exitCode: number, reason = exitCode === 0 ? "Completed" : "Error") => ({
  terminated: { exitCode, reason, startedAt: at(5), finishedAt: at(9) },
});

/** The pod with more containers, which run. */
export const withOthers = (pod: Pod, ...names: string[]): Pod => ({
  ...pod,
  spec: { ...pod.spec, containers: [...pod.spec.containers, ...names.map((name) => ({ name }))] },
  status: {
    ...pod.status,
    containerStatuses: [
      ...(pod.status?.containerStatuses ?? []),
      ...names.map((name) => ({ name, state: { running: {} } })),
    ],
  },
});
