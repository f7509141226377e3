import type { DeclaredTemplate, Resolution } from "@executor-registry/resolver";
import type { JobRequest } from "../job/request.ts";
import { resolution } from "../../../../testing/resolution.ts";

/** What becomes of a resolution and a request; a real API server must accept each. */
export interface JobCase {
  readonly name: string;
  readonly resolution: Resolution;
  readonly request: JobRequest;
  /** What the pod's spec must hold. */
  readonly spec: object;
}

const IMAGE = "docker.io/library/executor-disp:1";
const restricted = { allowPrivilegeEscalation: false, capabilities: { drop: ["ALL"] } };
const nobody = {
  runAsNonRoot: true,
  runAsUser: 65_532,
  runAsGroup: 65_532,
  seccompProfile: { type: "RuntimeDefault" },
};
const executor = { name: "executor", securityContext: restricted, image: IMAGE, imagePullPolicy: "Never" };
const plain = {
  automountServiceAccountToken: false,
  containers: [executor],
  securityContext: nobody,
  restartPolicy: "Never",
};

const declared = (spec: object, container = "main"): DeclaredTemplate => ({
  from: "CronJob/executor-disp",
  container,
  pod: {
    metadata: { labels: { team: "a" }, annotations: { note: "b" } },
    spec: { restartPolicy: "OnFailure", ...spec },
  },
});
const REQUIRED = "requiredDuringSchedulingIgnoredDuringExecution";
const onNode = (name: string): object => ({ matchFields: [{ key: "metadata.name", operator: "In", values: [name] }] });
const inZone = (zone: string): object => ({ matchExpressions: [{ key: "zone", operator: "In", values: [zone] }] });

export const JOB_CASES: readonly JobCase[] = [
  { name: "nothing asked for", resolution: resolution(), request: { id: "1" }, spec: plain },
  {
    name: "command, arguments, environment, resources and service account",
    resolution: resolution(),
    request: {
      id: "2",
      command: ["/bin/sh"],
      args: ["-c", "true"],
      env: { A: "1", "a.b-c": "$(A)" },
      resources: { requests: { cpu: "100m" }, limits: { memory: "64Mi", cpu: 1 } },
      serviceAccountName: "runner",
      activeDeadlineSeconds: 60,
    },
    spec: {
      containers: [
        {
          name: "executor",
          command: ["/bin/sh"],
          args: ["-c", "true"],
          env: [
            { name: "A", value: "1" },
            { name: "a.b-c", value: "$(A)" },
          ],
          resources: { requests: { cpu: "100m" }, limits: { memory: "64Mi", cpu: 1 } },
          securityContext: restricted,
          image: IMAGE,
          imagePullPolicy: "Never",
        },
      ],
      serviceAccountName: "runner",
      securityContext: nobody,
      restartPolicy: "Never",
    },
  },
  {
    name: "a declared template, completed but not contradicted",
    resolution: resolution({
      template: declared({
        serviceAccountName: "own",
        serviceAccount: "own",
        securityContext: { runAsUser: 1000 },
        containers: [
          {
            name: "main",
            image: "somewhat:else",
            command: ["/run"],
            args: ["--slow"],
            env: [
              { name: "A", value: "template" },
              { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            ],
            securityContext: { readOnlyRootFilesystem: true },
          },
          { name: "sidecar", image: "proxy:1" },
        ],
      }),
    }),
    request: { id: "3", env: { A: "request" } },
    spec: {
      serviceAccountName: "own",
      serviceAccount: "own",
      securityContext: { runAsNonRoot: true, runAsUser: 1000, seccompProfile: { type: "RuntimeDefault" } },
      containers: [
        {
          name: "main",
          image: IMAGE,
          imagePullPolicy: "Never",
          command: ["/run"],
          args: ["--slow"],
          env: [
            { name: "B", valueFrom: { fieldRef: { fieldPath: "metadata.name" } } },
            { name: "A", value: "request" },
          ],
          securityContext: { ...restricted, readOnlyRootFilesystem: true },
        },
        { name: "sidecar", image: "proxy:1", securityContext: restricted },
      ],
      restartPolicy: "Never",
    },
  },
  {
    name: "a request's template over the declared one, and fields over both",
    resolution: resolution({
      template: declared({
        containers: [
          { name: "main", image: "x", command: ["/run"], args: ["--slow"], resources: { limits: { memory: "1Gi" } } },
        ],
        volumes: [{ name: "data", emptyDir: {} }],
        tolerations: [{ key: "old", operator: "Exists" }],
      }),
    }),
    request: {
      id: "4",
      command: ["/other"],
      resources: { limits: { cpu: "2" } },
      template: {
        metadata: { labels: { team: "b" } },
        spec: {
          containers: [
            {
              name: "main",
              volumeMounts: [{ name: "data", mountPath: "/data" }],
              resources: { limits: { memory: "2Gi" } },
            },
          ],
          tolerations: [{ key: "new", operator: "Exists" }],
          volumes: [{ name: "data", emptyDir: { medium: "Memory" } }],
        },
      },
    },
    spec: {
      automountServiceAccountToken: false,
      containers: [
        {
          name: "main",
          image: IMAGE,
          imagePullPolicy: "Never",
          command: ["/other"],
          resources: { limits: { memory: "2Gi", cpu: "2" } },
          volumeMounts: [{ name: "data", mountPath: "/data" }],
          securityContext: restricted,
        },
      ],
      securityContext: nobody,
      volumes: [{ name: "data", emptyDir: { medium: "Memory" } }],
      tolerations: [{ key: "new", operator: "Exists" }],
      restartPolicy: "Never",
    },
  },
  {
    name: "nodes that hold the image",
    resolution: resolution({ nodes: ["node-1", "node-2"] }),
    request: { id: "5" },
    spec: {
      ...plain,
      affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [onNode("node-1"), onNode("node-2")] } } },
    },
  },
  {
    name: "nodes that hold the image, within the template's own affinity",
    resolution: resolution({
      nodes: ["node-1", "node-2"],
      template: declared(
        {
          containers: [{ name: "executor", image: "x" }],
          affinity: { nodeAffinity: { [REQUIRED]: { nodeSelectorTerms: [inZone("a"), {}, inZone("b")] } } },
        },
        "executor",
      ),
    }),
    request: { id: "6" },
    spec: {
      ...plain,
      affinity: {
        nodeAffinity: {
          [REQUIRED]: {
            nodeSelectorTerms: ["a", "b"].flatMap((zone) =>
              ["node-1", "node-2"].map((node) => ({ ...inZone(zone), ...onNode(node) })),
            ),
          },
        },
      },
    },
  },
  {
    name: "no security context of ours",
    resolution: resolution(),
    request: { id: "7", securityContext: "none" },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "executor", image: IMAGE, imagePullPolicy: "Never" }],
      restartPolicy: "Never",
    },
  },
  {
    name: "a security context of the request's, as root",
    resolution: resolution(),
    request: { id: "8", securityContext: { runAsUser: 0, capabilities: { add: ["NET_BIND_SERVICE"] } } },
    spec: {
      ...plain,
      containers: [
        {
          ...executor,
          securityContext: {
            runAsNonRoot: false,
            runAsUser: 0,
            allowPrivilegeEscalation: false,
            capabilities: { drop: ["ALL"], add: ["NET_BIND_SERVICE"] },
          },
        },
      ],
    },
  },
  {
    name: "a privileged container",
    resolution: resolution(),
    request: { id: "9", securityContext: { privileged: true } },
    spec: { ...plain, containers: [{ ...executor, securityContext: { privileged: true } }] },
  },
  {
    name: "a template that says the image has a user",
    resolution: resolution(),
    request: { id: "10", template: { spec: { securityContext: { runAsNonRoot: true } } } },
    spec: { ...plain, securityContext: { runAsNonRoot: true, seccompProfile: { type: "RuntimeDefault" } } },
  },
  {
    name: "dev-12: a declared Job with a deadline, retries and a failure policy",
    resolution: resolution({
      template: {
        ...declared({ containers: [{ name: "main", image: "x" }] }),
        job: {
          metadata: { labels: { "kueue.x-k8s.io/queue-name": "team-a" } },
          spec: {
            activeDeadlineSeconds: 5,
            backoffLimit: 2,
            ttlSecondsAfterFinished: 60,
            podReplacementPolicy: "Failed",
            podFailurePolicy: {
              rules: [{ action: "FailJob", onExitCodes: { containerName: "main", operator: "In", values: [42] } }],
            },
          },
        },
      },
    }),
    request: { id: "job" },
    spec: {
      automountServiceAccountToken: false,
      containers: [{ name: "main", image: IMAGE, securityContext: restricted, imagePullPolicy: "Never" }],
      securityContext: nobody,
      restartPolicy: "Never",
    },
  },
];
