import type { Note } from "../../sources/findings.ts";
import { type ImageReference, tryParseReference } from "../../reference/reference.ts";
import { type ExecutorTemplate, isExecutorType } from "../../reference/template.ts";
import { CAPABILITIES_LABEL } from "../../contract/capability.ts";
import type { JobTemplate, PodTemplate, PullPolicy } from "../../contract/resolution.ts";
import { TYPE_LABEL } from "../api/api.ts";
import type { KubernetesObject } from "../api/mirror.ts";
import { changedAt } from "./changed-at.ts";
import { executorContainer } from "./container.ts";
import { type DeclaredJob, readJobTemplate } from "./job-template.ts";

export type DeclaringKind = "CronJob" | "Deployment";

/** An object that declares the image of an executor type. */
export interface Declaration {
  /** `CronJob/executor-ml` */
  readonly from: string;
  readonly type: string;
  readonly reference: ImageReference;
  /** When it last changed, ISO 8601 in UTC. */
  readonly at: string | undefined;
  /** Name of the executor's container. */
  readonly container: string;
  readonly pullPolicy: PullPolicy | undefined;
  readonly pod: PodTemplate;
  readonly job?: JobTemplate;
  /** What it says that the executor can do. */
  readonly capabilities?: string;
  /** What it says that an executor's Job cannot do. */
  readonly warnings: readonly string[];
}

interface Workload {
  readonly suspend?: boolean;
  readonly replicas?: number;
  readonly jobTemplate?: DeclaredJob;
  readonly template?: PodTemplate;
}

/** Reads a CronJob or a Deployment: a declaration, a note why it is not one, or nothing (it is about something else). */
export function readDeclaration(
  kind: DeclaringKind,
  { metadata, spec }: KubernetesObject,
  template: ExecutorTemplate,
): Declaration | Note | undefined {
  const { name, labels, annotations } = metadata;
  const from = `${kind}/${name}`;
  const label = labels?.[TYPE_LABEL];
  if (label !== undefined && !isExecutorType(label)) {
    return { text: `${from} is ignored: its label ${TYPE_LABEL} is "${label}", which is no executor type` };
  }
  // An object has a name, not a path: only the template's last segment can be in it.
  const type = label ?? template.typeOf({ repository: `${leadingSegments(template)}${name}` });
  if (type === undefined) return undefined;

  const ignored = (why: string): Note => ({ type, text: `${from} is ignored: ${why}` });
  const workload = (spec ?? {}) as Workload;
  if (kind === "CronJob" && workload.suspend !== true)
    return ignored("it is not suspended, so it runs by its schedule");
  // The API server fills in 1 where replicas are not given.
  if (kind === "Deployment" && workload.replicas !== 0) return ignored("it has replicas; a declaration has 0");

  const pod = kind === "CronJob" ? workload.jobTemplate?.spec?.template : workload.template;
  const container = pod && executorContainer(pod, template, type);
  if (!pod || !container) return ignored("its pod template has no container");
  const { image = "" } = container;
  const reference = tryParseReference(image);
  if (!reference) return ignored(`the image of container ${container.name} is no image reference: "${image}"`);
  if (isPlaceholder(reference)) return ignored(placeholderReason(reference));
  const capabilities = annotations?.[CAPABILITIES_LABEL];
  const { job, unused } = readJobTemplate((kind === "CronJob" && workload.jobTemplate) || {});
  return {
    from,
    type,
    reference,
    at: changedAt(metadata),
    container: container.name,
    pullPolicy: container.imagePullPolicy,
    pod: {
      ...(pod.metadata && { metadata: labelsAndAnnotations(pod.metadata) }),
      spec: pod.spec,
    },
    ...(job && { job }),
    ...(capabilities !== undefined && { capabilities }),
    warnings: unused.map((field) => `${field} of ${from} is not used: an executor's Job runs one pod`),
  };
}

/** Neither tag nor digest: what one writes for Skaffold and others to fill in. */
export function isPlaceholder({ tag, digest }: ImageReference): boolean {
  return tag === undefined && digest === undefined;
}

export function placeholderReason({ original }: ImageReference): string {
  return `its image ${original} has neither tag nor digest, so no tool has filled in a build; apply it with the tool that builds it`;
}

function leadingSegments({ text }: ExecutorTemplate): string {
  return text.slice(0, text.lastIndexOf("/") + 1);
}

function labelsAndAnnotations({
  labels,
  annotations,
}: NonNullable<PodTemplate["metadata"]>): PodTemplate["metadata"] & {} {
  return { ...(labels && { labels }), ...(annotations && { annotations }) };
}
