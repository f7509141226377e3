import { isObject, type JsonObject, objectOf } from "@executor-registry/resolver/internal";

/** The user and group of images that name none; the number distroless images use. */
const NOBODY_UID = 65_532;

/**
 * Completes a pod by what the restricted Pod Security Standard asks for, wherever the pod says nothing.
 * What applies to a whole pod goes there, since a container's own field would hide the one a template gives the pod.
 * @see https://kubernetes.io/docs/concepts/security/pod-security-standards/#restricted
 */
export function restrictPod(spec: JsonObject): JsonObject {
  const pod = objectOf(spec["securityContext"]);
  // A pod that sets a user does so for its images; a number of ours could contradict them.
  const speaks = "runAsUser" in pod || "runAsNonRoot" in pod;
  const user = speaks
    ? { runAsNonRoot: pod["runAsUser"] !== 0 }
    : { runAsNonRoot: true, runAsUser: NOBODY_UID, runAsGroup: NOBODY_UID };
  return {
    ...spec,
    securityContext: { ...user, seccompProfile: { type: "RuntimeDefault" }, ...pod },
    ...containers(spec, "containers"),
    ...containers(spec, "initContainers"),
  };
}

function containers(spec: JsonObject, field: string): JsonObject {
  const list = spec[field];
  return Array.isArray(list)
    ? { [field]: list.map((one: unknown) => (isObject(one) ? restrictContainer(one) : one)) }
    : {};
}

function restrictContainer(container: JsonObject): JsonObject {
  const own = objectOf(container["securityContext"]);
  const capabilities = objectOf(own["capabilities"]);
  const added = Array.isArray(capabilities["add"]) ? (capabilities["add"] as unknown[]) : [];
  // The API server refuses these two together with allowPrivilegeEscalation: false.
  const privileged = own["privileged"] === true || added.includes("SYS_ADMIN") || added.includes("CAP_SYS_ADMIN");
  return {
    ...container,
    securityContext: {
      ...(own["runAsUser"] === 0 ? { runAsNonRoot: false } : {}),
      ...(privileged ? {} : { allowPrivilegeEscalation: false }),
      ...own,
      ...(own["privileged"] === true ? {} : { capabilities: { drop: ["ALL"], ...capabilities } }),
    },
  };
}
