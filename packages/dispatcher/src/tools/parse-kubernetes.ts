import { isObject, type JsonObject, memberAt, objectOf, objectsOf, textOf } from "@executor-registry/resolver/internal";
import type { Condition, Container, ContainerStatus, Job, Metadata, Pod, PodSpec, Terminated } from "./kubernetes.ts";

// Of what an API server sends: a member of another type than documented counts as absent, and an object without a name is none.

/** A Job; nothing where it has no name or uid. */
export function parseJob(json: unknown): Job | undefined {
  const { metadata, spec: given, status } = objectOf(json);
  const identified = parseIdentity(metadata);
  const spec = objectOf(given);
  return (
    identified && {
      metadata: identified,
      spec: {
        ...known(spec, "suspend", flag),
        ...known(spec, "activeDeadlineSeconds", number),
        ...known(spec, "backoffLimit", number),
        template: {
          metadata: parseMetadata(memberAt(spec, "template", "metadata")),
          spec: parsePodSpec(memberAt(spec, "template", "spec")),
        },
      },
      status: {
        ...known(objectOf(status), "conditions", listOf(parseCondition)),
        ...known(objectOf(status), "startTime", textOf),
        ...known(objectOf(status), "failed", number),
        ...known(objectOf(status), "succeeded", number),
      },
    }
  );
}

/** A pod; nothing where it has no name or uid. */
export function parsePod(json: unknown): Pod | undefined {
  const { metadata, spec, status: given } = objectOf(json);
  const identified = parseIdentity(metadata);
  const status = objectOf(given);
  return (
    identified && {
      metadata: identified,
      spec: parsePodSpec(spec),
      status: {
        ...known(status, "phase", textOf),
        ...known(status, "reason", textOf),
        ...known(status, "message", textOf),
        ...known(status, "conditions", listOf(parseCondition)),
        ...known(status, "containerStatuses", listOf(parseContainerStatus)),
        ...known(status, "initContainerStatuses", listOf(parseContainerStatus)),
      },
    }
  );
}

function parseIdentity(json: unknown): Metadata | undefined {
  const { name, uid, creationTimestamp = "", ...others } = parseMetadata(json);
  return name === undefined || uid === undefined ? undefined : { name, uid, creationTimestamp, ...others };
}

function parseMetadata(json: unknown): Partial<Metadata> {
  const fields = objectOf(json);
  return {
    ...known(fields, "name", textOf),
    ...known(fields, "uid", textOf),
    ...known(fields, "creationTimestamp", textOf),
    ...known(fields, "deletionTimestamp", textOf),
    ...known(fields, "deletionGracePeriodSeconds", number),
    ...known(fields, "labels", textsByName),
    ...known(fields, "annotations", textsByName),
    ...known(
      fields,
      "ownerReferences",
      listOf(({ uid }) => (typeof uid === "string" ? { uid } : undefined)),
    ),
  };
}

function parseCondition(fields: JsonObject): Condition | undefined {
  const [type, status] = [textOf(fields["type"]), textOf(fields["status"])];
  if (type === undefined || status === undefined) return undefined;
  return {
    type,
    status,
    ...known(fields, "reason", textOf),
    ...known(fields, "message", textOf),
    ...known(fields, "lastTransitionTime", textOf),
  };
}

function parsePodSpec(json: unknown): PodSpec {
  const fields = objectOf(json);
  return {
    ...known(fields, "nodeName", textOf),
    ...known(fields, "restartPolicy", textOf),
    ...known(fields, "terminationGracePeriodSeconds", number),
    containers: listOf(parseContainer)(fields["containers"]) ?? [],
    ...known(fields, "initContainers", listOf(parseContainer)),
  };
}

function parseContainer(fields: JsonObject): Container | undefined {
  const name = textOf(fields["name"]);
  if (name === undefined) return undefined;
  return {
    name,
    ...known(fields, "imagePullPolicy", textOf),
    ...known(fields, "restartPolicy", textOf),
    ...known(
      fields,
      "restartPolicyRules",
      listOf((rule) => rule),
    ),
  };
}

function parseContainerStatus(fields: JsonObject): ContainerStatus | undefined {
  const name = textOf(fields["name"]);
  if (name === undefined) return undefined;
  return {
    name,
    ...known(fields, "state", (state) => ({
      ...known(objectOf(state), "waiting", parseWaiting),
      ...known(objectOf(state), "running", parseRunning),
      ...known(objectOf(state), "terminated", parseTerminated),
    })),
    ...known(fields, "lastState", (state) => known(objectOf(state), "terminated", parseTerminated)),
  };
}

function parseWaiting(json: unknown): { readonly reason?: string; readonly message?: string } | undefined {
  if (!isObject(json)) return undefined;
  return { ...known(json, "reason", textOf), ...known(json, "message", textOf) };
}

function parseRunning(json: unknown): { readonly startedAt?: string } | undefined {
  return isObject(json) ? known(json, "startedAt", textOf) : undefined;
}

function parseTerminated(json: unknown): Terminated | undefined {
  const fields = objectOf(json);
  const exitCode = number(fields["exitCode"]);
  if (exitCode === undefined) return undefined;
  return {
    exitCode,
    ...known(fields, "reason", textOf),
    ...known(fields, "message", textOf),
    ...known(fields, "startedAt", textOf),
    ...known(fields, "finishedAt", textOf),
  };
}

const number = (value: unknown): number | undefined => (typeof value === "number" ? value : undefined);

const flag = (value: unknown): boolean | undefined => (typeof value === "boolean" ? value : undefined);

function textsByName(value: unknown): Readonly<Record<string, string>> | undefined {
  if (!isObject(value)) return undefined;
  return Object.fromEntries(
    Object.entries(value).flatMap(([name, text]) => (typeof text === "string" ? [[name, text]] : [])),
  );
}

/** The items of a list that can be read. */
function listOf<T>(parse: (item: JsonObject) => T | undefined): (value: unknown) => readonly T[] | undefined {
  return (value) => (Array.isArray(value) ? objectsOf(value).flatMap((item) => parse(item) ?? []) : undefined);
}

/** An object with that member alone where it can be read, else without any, to be spread. */
function known<N extends string, T>(
  fields: JsonObject,
  name: N,
  parse: (value: unknown) => T | undefined,
): { readonly [K in N]?: T } {
  const given = fields[name] ?? undefined;
  const value = given === undefined ? undefined : parse(given);
  return value === undefined ? {} : ({ [name]: value } as { readonly [K in N]: T });
}
