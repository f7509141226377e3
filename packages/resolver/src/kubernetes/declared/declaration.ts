import type { PodTemplate, PullPolicy } from "../../resolution.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import { type ImageReference, tryParseReference } from "../../reference/reference.ts";
import { TYPE_LABEL } from "../labels.ts";
import type { KubernetesObject } from "../mirror.ts";

/** @see https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container */
const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

export type DeclaringKind = "CronJob" | "Deployment";

/** An object that declares the image of an executor type. */
export interface Declaration {
  /** `CronJob/executor-ml` */
  readonly from: string;
  readonly kind: DeclaringKind;
  readonly type: string;
  readonly reference: ImageReference;
  /** Name of the executor's container. */
  readonly container: string;
  readonly pullPolicy: PullPolicy | undefined;
  readonly pod: PodTemplate;
}

/** What reading an object gave: a declaration, a note why there is none, or neither (it is none of our business). */
export type Reading = Declaration | string | undefined;

interface Container {
  readonly name: string;
  readonly image?: string;
  readonly imagePullPolicy?: PullPolicy;
}

interface Workload {
  readonly suspend?: boolean;
  readonly replicas?: number;
  readonly jobTemplate?: { readonly spec?: { readonly template?: PodTemplate } };
  readonly template?: PodTemplate;
}

/** Reads a CronJob or a Deployment. */
export function readDeclaration(kind: DeclaringKind, object: KubernetesObject, template: ExecutorTemplate): Reading {
  const { name, labels } = object.metadata;
  // An object has a name, not a path: only the template's last segment can be in it.
  const type = labels?.[TYPE_LABEL] ?? template.typeOf({ repository: `${prefixOf(template)}${name}` });
  if (type === undefined) return undefined;
  const from = `${kind}/${name}`;
  const spec = (object.spec ?? {}) as Workload;
  const pod = kind === "CronJob" ? spec.jobTemplate?.spec?.template : spec.template;
  if (kind === "CronJob" && spec.suspend !== true)
    return `${from} is ignored: it is not suspended, so it runs by its schedule`;
  // The API server fills in 1 where replicas are not given.
  if (kind === "Deployment" && spec.replicas !== 0)
    return `${from} is ignored: it has replicas, so it is no declaration`;

  const container = pod && executorContainer(pod, template);
  if (!pod || !container) return `${from} is ignored: its pod template has no container`;
  const reference = tryParseReference(container.image ?? "");
  if (!reference)
    return `${from} is ignored: container ${container.name} has no valid image (${container.image ?? "none"})`;
  if (isPlaceholder(reference)) return placeholderNote(from, reference);
  return { from, kind, type, reference, container: container.name, pullPolicy: container.imagePullPolicy, pod };
}

/** Neither tag nor digest: what one writes for Skaffold and others to fill in. */
export function isPlaceholder({ tag, digest }: ImageReference): boolean {
  return tag === undefined && digest === undefined;
}

export function placeholderNote(from: string, { original }: ImageReference): string {
  return `${from} is ignored: its image ${original} has neither tag nor digest, so no tool has filled in a build yet`;
}

function prefixOf({ text }: ExecutorTemplate): string {
  return text.slice(0, text.lastIndexOf("/") + 1);
}

function executorContainer({ metadata, spec }: PodTemplate, template: ExecutorTemplate): Container | undefined {
  const containers = (spec["containers"] ?? []) as readonly Container[];
  const named = metadata?.annotations?.[DEFAULT_CONTAINER];
  return (
    containers.find(({ name }) => name === named) ??
    containers.find(({ image = "" }) => {
      const reference = tryParseReference(image);
      return reference !== undefined && template.typeOf(reference) !== undefined;
    }) ??
    containers[0]
  );
}
