import type { PodTemplate, Resolution } from "@executor-registry/resolver";
import { InvalidRequestError } from "../tools/errors.ts";
import { type JsonObject, objectOf, objectsOf, textOf } from "@executor-registry/resolver/internal";
import { POD_TEMPLATE } from "../merge/pod-schema.ts";
import { strategicMerge } from "../merge/strategic-merge.ts";
import { onNodes } from "./node-affinity.ts";
import type { JobRequest, ResourceList } from "./request.ts";
import { restrictPod } from "./restricted.ts";

/** The executor's container where no declared template names it. */
const EXECUTOR = "executor";

/** A pod template with the executor's container in it. */
export interface ExecutorPod {
  readonly container: string;
  readonly pod: PodTemplate;
}

/** Declared template, then the request's, then the request's fields, then what is missing for safety, then what must be. */
export function executorPod(resolution: Resolution, request: JobRequest): ExecutorPod {
  const { template: declared } = resolution;
  const container = declared?.container ?? EXECUTOR;
  let pod: JsonObject = { spec: { containers: [{ name: container }] } };
  if (declared) pod = merge(pod, declared.pod, `the template of ${declared.from}`);
  if (request.template) pod = merge(pod, request.template, "template");

  let spec = withExecutor(objectOf(pod["spec"]), container, (executor) => withRequest(executor, request));
  if (request.serviceAccountName !== undefined) {
    const { serviceAccount: _deprecatedAlias, ...others } = spec;
    spec = { ...others, serviceAccountName: request.serviceAccountName };
  }
  if (!textOf(spec["serviceAccountName"])) spec = { automountServiceAccountToken: false, ...spec };
  if (request.securityContext !== "none") spec = restrictPod(spec);
  spec = withExecutor(spec, container, (executor) => ({
    ...executor,
    image: resolution.image,
    imagePullPolicy: resolution.pullPolicy,
  }));
  spec = { ...onNodes(spec, resolution.nodes ?? []), restartPolicy: "Never" };
  return { container, pod: { metadata: objectOf(pod["metadata"]), spec } };
}

function merge(original: JsonObject, patch: PodTemplate, path: string): JsonObject {
  return strategicMerge(original, { ...patch }, POD_TEMPLATE, path);
}

function withExecutor(spec: JsonObject, name: string, change: (executor: JsonObject) => JsonObject): JsonObject {
  const containers = objectsOf(spec["containers"]);
  if (!containers.some((one) => one["name"] === name)) {
    throw new InvalidRequestError("template.spec.containers", `removes the executor's container ${name}`);
  }
  return { ...spec, containers: containers.map((one) => (one["name"] === name ? change(one) : one)) };
}

function withRequest(executor: JsonObject, request: JobRequest): JsonObject {
  const { command, args, env, resources, securityContext } = request;
  const { args: templateArgs, ...others } = executor;
  // Kubernetes drops an image's arguments when its entrypoint is replaced; a template's go the same way.
  const keptArgs = command === undefined ? templateArgs : undefined;
  const wanted = args ?? keptArgs;
  return {
    ...others,
    ...(command === undefined ? {} : { command }),
    ...(wanted === undefined ? {} : { args: wanted }),
    ...(env === undefined ? {} : { env: withVariables(objectsOf(executor["env"]), env) }),
    ...(resources === undefined ? {} : { resources: withResources(objectOf(executor["resources"]), resources) }),
    ...(typeof securityContext === "object"
      ? { securityContext: { ...objectOf(executor["securityContext"]), ...securityContext } }
      : {}),
  };
}

function withVariables(before: readonly JsonObject[], env: Readonly<Record<string, string>>): JsonObject[] {
  const others = before.filter(({ name }) => typeof name !== "string" || !Object.hasOwn(env, name));
  return [...others, ...Object.entries(env).map(([name, value]) => ({ name, value }))];
}

function withResources(before: JsonObject, resources: NonNullable<JobRequest["resources"]>): JsonObject {
  const over = (kind: "requests" | "limits", list: ResourceList | undefined): JsonObject =>
    list === undefined ? {} : { [kind]: { ...objectOf(before[kind]), ...list } };
  return { ...before, ...over("requests", resources.requests), ...over("limits", resources.limits) };
}
