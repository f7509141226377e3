import { tryParseReference } from "../../reference/reference.ts";
import type { ExecutorTemplate } from "../../reference/template.ts";
import type { PodTemplate, PullPolicy } from "../../contract/resolution.ts";

/** @see https://kubernetes.io/docs/reference/labels-annotations-taints/#kubectl-kubernetes-io-default-container */
const DEFAULT_CONTAINER = "kubectl.kubernetes.io/default-container";

export interface Container {
  readonly name: string;
  readonly image?: string;
  readonly imagePullPolicy?: PullPolicy;
}

/** The container that kubectl would take, else the one with this type's image, else with any executor's, else the first. */
export function executorContainer(
  { metadata, spec }: PodTemplate,
  template: ExecutorTemplate,
  type: string,
): Container | undefined {
  const containers = (spec["containers"] ?? []) as readonly Container[];
  const named = metadata?.annotations?.[DEFAULT_CONTAINER];
  const types = containers.map(({ image }) => {
    const reference = tryParseReference(image ?? "");
    return reference && template.typeOf(reference);
  });
  return (
    containers.find(({ name }) => name === named) ??
    containers[types.indexOf(type)] ??
    containers[types.findIndex((found) => found !== undefined)] ??
    containers[0]
  );
}
