// The fields of Kubernetes objects that this package reads; any that may be absent is optional.

export interface Metadata {
  readonly name: string;
  readonly uid: string;
  /** Empty where the server does not say. */
  readonly creationTimestamp: string;
  readonly deletionTimestamp?: string;
  readonly deletionGracePeriodSeconds?: number;
  readonly labels?: Readonly<Record<string, string>>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly ownerReferences?: readonly { readonly uid: string }[];
}

export interface Condition {
  readonly type: string;
  readonly status: string;
  readonly reason?: string;
  readonly message?: string;
  readonly lastTransitionTime?: string;
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/job-v1/ */
export interface Job {
  readonly metadata: Metadata;
  readonly spec: {
    readonly suspend?: boolean;
    readonly activeDeadlineSeconds?: number;
    readonly backoffLimit?: number;
    readonly template: { readonly metadata?: Partial<Metadata>; readonly spec: PodSpec };
  };
  readonly status?: {
    readonly conditions?: readonly Condition[];
    readonly startTime?: string;
    readonly failed?: number;
    readonly succeeded?: number;
  };
}

export interface PodSpec {
  readonly nodeName?: string;
  readonly restartPolicy?: string;
  readonly terminationGracePeriodSeconds?: number;
  readonly containers: readonly Container[];
  readonly initContainers?: readonly Container[];
}

export interface Container {
  readonly name: string;
  readonly imagePullPolicy?: string;
  /** Of an init container, `Always` makes it a native sidecar. */
  readonly restartPolicy?: string;
  readonly restartPolicyRules?: readonly unknown[];
}

/** @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/ */
export interface Pod {
  readonly metadata: Metadata;
  readonly spec: PodSpec;
  readonly status?: {
    readonly phase?: string;
    readonly reason?: string;
    readonly message?: string;
    readonly conditions?: readonly Condition[];
    readonly containerStatuses?: readonly ContainerStatus[];
    readonly initContainerStatuses?: readonly ContainerStatus[];
  };
}

export interface ContainerStatus {
  readonly name: string;
  readonly state?: {
    readonly waiting?: { readonly reason?: string; readonly message?: string };
    readonly running?: { readonly startedAt?: string };
    readonly terminated?: Terminated;
  };
  /** How it ended before it was started again. */
  readonly lastState?: { readonly terminated?: Terminated };
}

export interface Terminated {
  readonly exitCode: number;
  readonly reason?: string;
  readonly message?: string;
  readonly startedAt?: string;
  readonly finishedAt?: string;
}

/** A condition that holds, of one of these types. */
export function holding(conditions: readonly Condition[] | undefined, ...types: string[]): Condition | undefined {
  return conditions?.find((condition) => condition.status === "True" && types.includes(condition.type));
}

/** The state of one container of a pod. */
export function stateOf(pod: Pod, container: string): NonNullable<ContainerStatus["state"]> {
  return pod.status?.containerStatuses?.find((status) => status.name === container)?.state ?? {};
}

/** The states of a pod's init containers that end before the others start: native sidecars run beside them. */
export function initStatuses({ spec, status }: Pod): readonly ContainerStatus[] {
  const sidecars = new Set(
    (spec.initContainers ?? []).flatMap(({ name, restartPolicy }) => (restartPolicy === "Always" ? [name] : [])),
  );
  return (status?.initContainerStatuses ?? []).filter(({ name }) => !sidecars.has(name));
}
