import type { PodTemplate, Resolution } from "@executor-registry/resolver";
import { LABEL_PREFIX, TYPE_LABEL } from "@executor-registry/resolver/internal";
import { checkRequest } from "./check-request.ts";
import { DEFAULT_CONTAINER, jobName, labelValue, MANAGED_BY, REQUEST_ID } from "./names.ts";
import { executorPod } from "./pod.ts";
import type { JobRequest } from "./request.ts";

/** A `batch/v1` Job, ready to be created. */
export interface JobManifest {
  readonly apiVersion: "batch/v1";
  readonly kind: "Job";
  readonly metadata: {
    readonly name: string;
    readonly namespace?: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly annotations: Readonly<Record<string, string>>;
  };
  /** What the declaration says besides stands here too, such as `podFailurePolicy`. */
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly backoffLimit: number;
    readonly ttlSecondsAfterFinished: number;
    readonly activeDeadlineSeconds?: number;
    readonly template: PodTemplate;
  };
}

/** Long enough to look at a failed run, short enough not to fill a cluster. */
const KEPT_SECONDS = 3600;

/**
 * The Job that runs a resolution's image once for a request. Pure: the same arguments give the same manifest.
 * @throws InvalidRequestError when the request, or its template, cannot become a Job
 */
export function jobFor(resolution: Resolution, request: JobRequest): JobManifest {
  checkRequest(request);
  const { namespace, activeDeadlineSeconds, backoffLimit, ttlSecondsAfterFinished } = request;
  const [declared, wanted] = [resolution.template?.job, request.job];
  const { container, pod } = executorPod(resolution, request);
  const labels = { ...request.labels, ...ownLabels(resolution) };
  const annotations = { ...request.annotations, ...ownAnnotations(resolution, request.id) };
  return {
    apiVersion: "batch/v1",
    kind: "Job",
    metadata: {
      name: jobName(resolution.type, request.id),
      ...(namespace ? { namespace } : {}),
      // Those of the Job alone, such as a queue's name; its pods have those of the pod template.
      labels: { ...declared?.metadata?.labels, ...wanted?.metadata?.labels, ...labels },
      annotations: { ...declared?.metadata?.annotations, ...wanted?.metadata?.annotations, ...annotations },
    },
    spec: {
      backoffLimit: 0,
      ttlSecondsAfterFinished: KEPT_SECONDS,
      ...declared?.spec,
      ...wanted?.spec,
      ...(backoffLimit === undefined ? {} : { backoffLimit }),
      ...(ttlSecondsAfterFinished === undefined ? {} : { ttlSecondsAfterFinished }),
      ...(activeDeadlineSeconds === undefined ? {} : { activeDeadlineSeconds }),
      template: {
        metadata: {
          ...pod.metadata,
          labels: { ...pod.metadata?.labels, ...labels },
          annotations: { ...pod.metadata?.annotations, ...annotations, [DEFAULT_CONTAINER]: container },
        },
        spec: pod.spec,
      },
    },
  };
}

function ownLabels({ type, version }: Resolution): Record<string, string> {
  const versionLabel = labelValue(version);
  return {
    [TYPE_LABEL]: type,
    ...(versionLabel === undefined ? {} : { [`${LABEL_PREFIX}version`]: versionLabel }),
    "app.kubernetes.io/managed-by": MANAGED_BY,
  };
}

function ownAnnotations(resolution: Resolution, id: string): Record<string, string> {
  const { image, version, digest, reason, source, ambiguous } = resolution;
  return {
    [`${LABEL_PREFIX}image`]: image,
    [`${LABEL_PREFIX}version`]: version,
    ...(digest === undefined ? {} : { [`${LABEL_PREFIX}digest`]: digest }),
    [`${LABEL_PREFIX}reason`]: reason,
    [`${LABEL_PREFIX}source`]: source,
    [REQUEST_ID]: id,
    ...(ambiguous ? { [`${LABEL_PREFIX}ambiguous`]: "true" } : {}),
  };
}
