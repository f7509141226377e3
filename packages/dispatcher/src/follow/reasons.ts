/** What a reason means for a person, and whether it can pass by itself. */
export interface WaitingReason {
  readonly words: string;
  /** Reasons of the same topic alternate while one thing is waited for. */
  readonly topic?: "image";
  /** It will not pass: the Job is given up at once. */
  readonly fatal?: true;
}

/**
 * Why a container does not start although its pod has a node. The kubelet tries all of them again, so they pass when a Secret is
 * made or an image is loaded meanwhile; only a name that no runtime can read stays what it is. `ContainerCreating` and `PodInitializing` are the normal course.
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/images/types.go
 * @see https://github.com/kubernetes/kubernetes/blob/master/pkg/kubelet/kuberuntime/kuberuntime_container.go
 */
export const WAITING: Readonly<Record<string, WaitingReason>> = {
  ErrImageNeverPull: {
    words: "the image is not on the node, and its pull policy forbids pulling it; load it into the node again",
    topic: "image",
  },
  InvalidImageName: { words: "the image's name is not valid", fatal: true },
  CreateContainerConfigError: {
    words:
      "the container's configuration cannot be used; look for a missing ConfigMap or Secret, or a user the security context forbids",
  },
  ErrImagePull: {
    words: "the image cannot be pulled; check its name, the registry and imagePullSecrets",
    topic: "image",
  },
  ImagePullBackOff: {
    words: "the image cannot be pulled; check its name, the registry and imagePullSecrets",
    topic: "image",
  },
  RegistryUnavailable: { words: "the image's registry does not answer", topic: "image" },
  ImageInspectError: { words: "the node cannot read the image; it may be damaged", topic: "image" },
  SignatureValidationFailed: { words: "the node's policy refuses the image's signature", topic: "image" },
  CreateContainerError: { words: "the container cannot be created" },
  RunContainerError: { words: "the container cannot be started; check its command" },
  CreatePodSandboxError: { words: "the node cannot set up the pod's network" },
  CrashLoopBackOff: { words: "a container that has to run first fails again and again" },
};

/** Why a Job, its pod or its container ended. */
export const ENDED: Readonly<Record<string, string>> = {
  Completed: "the executor finished",
  Error: "the executor failed",
  OOMKilled: "the executor used more memory than its limit; raise resources.limits.memory",
  ContainerCannotRun: "the container could not be started; check its command and its user",
  StartError: "the container could not be started; check its command and its user",
  ContainerStatusUnknown: "the node lost track of the container",
  InitContainerFailed: "an init container failed",
  DeadlineExceeded: "it ran longer than activeDeadlineSeconds",
  BackoffLimitExceeded: "it failed more often than backoffLimit allows",
  PodFailurePolicy: "the Job's pod failure policy ended it",
  Evicted: "the node ran short of a resource and evicted the pod; request what it needs",
  EvictionByEvictionAPI: "the pod was evicted, as when a node is drained",
  PreemptionByScheduler: "a pod of higher priority took its place",
  DeletionByTaintManager: "its node became unreachable or not ready",
  DeletionByPodGC: "its node is gone",
  TerminationByKubelet: "the node shut down, or ran short of a resource",
  NodeLost: "its node stopped answering",
  NodeShutdown: "its node shut down",
  Terminated: "its node shut down",
  Shutdown: "its node shut down",
  NodeAffinity: "its node no longer matches the pod's affinity",
  UnexpectedAdmissionError: "the node refused the pod",
  JobDeleted: "somebody deleted the Job",
  PodDeleted: "its pod was deleted",
  Cancelled: "it was cancelled",
  Unschedulable:
    "no node can take the pod; check its requests, affinity and tolerations, and whether the node that holds the image is there",
  NoPod:
    "the cluster made no pod for the Job; look for a quota, a missing service account or a policy: kubectl describe job",
  NotStarted: "the container did not start in time",
};

const SIGNALS: Readonly<Record<number, string>> = {
  126: "its command cannot be executed",
  127: "its command was not found",
  130: "interrupted (SIGINT)",
  134: "aborted (SIGABRT)",
  137: "killed (SIGKILL)",
  139: "crashed (SIGSEGV)",
  143: "asked to end (SIGTERM)",
};

/** An exit code with its meaning, by the shells' convention. */
export function exitWords(code: number): string {
  return SIGNALS[code] ? `exit code ${code}: ${SIGNALS[code]}` : `exit code ${code}`;
}
