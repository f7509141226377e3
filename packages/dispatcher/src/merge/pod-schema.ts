/** How a field takes part in a strategic merge. Fields not named are merged when objects, replaced when lists or plain values. */
export interface MergeSchema {
  /** A list of objects merged by the value of this field of its elements. */
  readonly key?: string;
  /** A list of plain values merged as a set. */
  readonly set?: true;
  /** Fields of the object, or of each element of the list, that are lists with a rule or hold such lists. */
  readonly fields?: Readonly<Record<string, MergeSchema>>;
}

const container: MergeSchema = {
  key: "name",
  fields: {
    env: { key: "name" },
    ports: { key: "containerPort" },
    volumeDevices: { key: "devicePath" },
    volumeMounts: { key: "mountPath" },
  },
};

/**
 * The lists of a pod template that are merged and not replaced: those with `x-kubernetes-patch-strategy: merge` in the
 * API server's OpenAPI document. Its `x-kubernetes-list-map-keys` are server-side apply's, and not used here.
 * @see https://kubernetes.io/docs/reference/kubernetes-api/workload-resources/pod-v1/
 */
export const POD_TEMPLATE: MergeSchema = {
  fields: {
    metadata: { fields: { finalizers: { set: true }, ownerReferences: { key: "uid" } } },
    spec: {
      fields: {
        containers: container,
        ephemeralContainers: container,
        hostAliases: { key: "ip" },
        imagePullSecrets: { key: "name" },
        initContainers: container,
        resourceClaims: { key: "name" },
        schedulingGates: { key: "name" },
        topologySpreadConstraints: { key: "topologyKey" },
        volumes: { key: "name" },
      },
    },
  },
};
