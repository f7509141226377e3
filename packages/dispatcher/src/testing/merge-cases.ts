/** A strategic merge of two pod specs. A real API server must come to the same result. */
export interface MergeCase {
  readonly name: string;
  readonly original: object;
  readonly patch: object;
  readonly result: object;
}

const image = "x:1";
const a = { name: "a", image };
const b = { name: "b", image };
const c = { name: "c", image };
const variable = (name: string, value = name) => ({ name, value });
const withEnv = (...env: object[]) => ({ containers: [{ ...a, env }] });

export const MERGE_CASES: readonly MergeCase[] = [
  {
    name: "objects merge, plain values are replaced, null deletes",
    original: { containers: [a], nodeSelector: { disk: "ssd", zone: "a", old: "1" }, terminationGracePeriodSeconds: 5 },
    patch: { nodeSelector: { zone: "b", old: null, never: null }, terminationGracePeriodSeconds: 9 },
    result: { containers: [a], nodeSelector: { disk: "ssd", zone: "b" }, terminationGracePeriodSeconds: 9 },
  },
  {
    name: "containers merge by name, and what is new comes first",
    original: { containers: [a, b] },
    patch: { containers: [c, { name: "b", image: "x:2" }] },
    result: { containers: [c, a, { name: "b", image: "x:2" }] },
  },
  {
    name: "what stood before a patched element stays before it",
    original: { containers: [a, b, c] },
    patch: { containers: [{ name: "c", image: "x:2" }] },
    result: { containers: [a, b, { name: "c", image: "x:2" }] },
  },
  {
    name: "variables merge by name within a container of a name",
    original: withEnv(variable("A"), variable("B"), variable("C")),
    patch: { containers: [{ name: "a", env: [variable("C", "new"), variable("D"), { name: "A", $patch: "delete" }] }] },
    result: withEnv(variable("B"), variable("C", "new"), variable("D")),
  },
  {
    name: "commands and arguments are replaced",
    original: { containers: [{ ...a, command: ["/a", "b"], args: ["c"] }] },
    patch: { containers: [{ name: "a", command: ["/d"], args: null }] },
    result: { containers: [{ ...a, command: ["/d"] }] },
  },
  {
    name: "volume mounts merge by path, ports by number",
    original: {
      containers: [
        {
          ...a,
          volumeMounts: [{ name: "v", mountPath: "/1" }],
          ports: [{ containerPort: 80, name: "web", protocol: "TCP" }],
        },
      ],
      volumes: [
        { name: "v", emptyDir: {} },
        { name: "w", emptyDir: {} },
      ],
    },
    patch: {
      containers: [
        {
          name: "a",
          volumeMounts: [{ name: "w", mountPath: "/1", readOnly: true }],
          ports: [{ containerPort: 80, name: "http", protocol: "TCP" }],
        },
      ],
    },
    result: {
      containers: [
        {
          ...a,
          volumeMounts: [{ name: "w", mountPath: "/1", readOnly: true }],
          ports: [{ containerPort: 80, name: "http", protocol: "TCP" }],
        },
      ],
      volumes: [
        { name: "v", emptyDir: {} },
        { name: "w", emptyDir: {} },
      ],
    },
  },
  {
    name: "ports of one number that are both new stay apart",
    original: { containers: [a] },
    patch: {
      containers: [
        {
          name: "a",
          ports: [
            { containerPort: 53, protocol: "TCP" },
            { containerPort: 53, protocol: "UDP" },
          ],
        },
      ],
    },
    result: {
      containers: [
        {
          ...a,
          ports: [
            { containerPort: 53, protocol: "TCP" },
            { containerPort: 53, protocol: "UDP" },
          ],
        },
      ],
    },
  },
  {
    name: "tolerations are replaced",
    original: { containers: [a], tolerations: [{ key: "a", operator: "Exists" }] },
    patch: { tolerations: [{ key: "b", operator: "Exists" }] },
    result: { containers: [a], tolerations: [{ key: "b", operator: "Exists" }] },
  },
  {
    name: "host aliases merge by address, and their host names are replaced",
    original: { containers: [a], hostAliases: [{ ip: "10.0.0.1", hostnames: ["a", "b"] }] },
    patch: { hostAliases: [{ ip: "10.0.0.1", hostnames: ["c"] }] },
    result: { containers: [a], hostAliases: [{ ip: "10.0.0.1", hostnames: ["c"] }] },
  },
  {
    name: "a volume's kind changes with $retainKeys",
    original: { containers: [a], volumes: [{ name: "v", emptyDir: {} }] },
    patch: { volumes: [{ name: "v", $retainKeys: ["name", "configMap"], configMap: { name: "c", defaultMode: 420 } }] },
    result: { containers: [a], volumes: [{ name: "v", configMap: { name: "c", defaultMode: 420 } }] },
  },
  {
    name: "$patch: replace in an object",
    original: { containers: [a], nodeSelector: { disk: "ssd" } },
    patch: { nodeSelector: { $patch: "replace", zone: "a" } },
    result: { containers: [a], nodeSelector: { zone: "a" } },
  },
  {
    name: "$patch: replace in a list",
    original: { containers: [a, b] },
    patch: { containers: [c, { $patch: "replace" }] },
    result: { containers: [c] },
  },
  {
    name: "$patch: delete of an object leaves an empty one",
    original: { containers: [a], securityContext: { runAsUser: 1 } },
    patch: { securityContext: { $patch: "delete" } },
    result: { containers: [a], securityContext: {} },
  },
  {
    name: "$patch: delete in a list",
    original: { containers: [a, b, c] },
    patch: {
      containers: [
        { name: "b", $patch: "delete" },
        { name: "missing", $patch: "delete" },
      ],
    },
    result: { containers: [a, c] },
  },
  {
    name: "$setElementOrder",
    original: { containers: [a, b, c] },
    patch: {
      "$setElementOrder/containers": [{ name: "c" }, { name: "d" }, { name: "a" }],
      containers: [{ name: "d", image }],
    },
    result: { containers: [b, c, { name: "d", image }, a] },
  },
  {
    name: "$setElementOrder alone",
    original: withEnv(variable("A"), variable("B"), variable("C")),
    patch: { containers: [{ name: "a", "$setElementOrder/env": [{ name: "C" }, { name: "A" }] }] },
    result: withEnv(variable("B"), variable("C"), variable("A")),
  },
  {
    name: "image pull secrets merge by name",
    original: { containers: [a], imagePullSecrets: [{ name: "a" }, { name: "b" }] },
    patch: { imagePullSecrets: [{ name: "c" }, { name: "a", $patch: "delete" }] },
    result: { containers: [a], imagePullSecrets: [{ name: "c" }, { name: "b" }] },
  },
  {
    name: "spread constraints merge by topology key",
    original: {
      containers: [a],
      topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "DoNotSchedule" }],
    },
    patch: { topologySpreadConstraints: [{ topologyKey: "zone", whenUnsatisfiable: "ScheduleAnyway" }] },
    result: {
      containers: [a],
      topologySpreadConstraints: [{ topologyKey: "zone", maxSkew: 1, whenUnsatisfiable: "ScheduleAnyway" }],
    },
  },
  {
    name: "affinity merges down to its lists, which are replaced",
    original: {
      containers: [a],
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
          ],
        },
      },
    },
    patch: {
      affinity: {
        nodeAffinity: {
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "b", operator: "Exists" }] }],
          },
        },
      },
    },
    result: {
      containers: [a],
      affinity: {
        nodeAffinity: {
          preferredDuringSchedulingIgnoredDuringExecution: [
            { weight: 1, preference: { matchExpressions: [{ key: "a", operator: "Exists" }] } },
          ],
          requiredDuringSchedulingIgnoredDuringExecution: {
            nodeSelectorTerms: [{ matchExpressions: [{ key: "b", operator: "Exists" }] }],
          },
        },
      },
    },
  },
];
