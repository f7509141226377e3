import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { Duration } from "./duration.ts";
import { Secret } from "./secret.ts";

const Name = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$/, "expected lower-case letters, digits and dashes");
const Repositories = z
  .array(z.string().regex(/^[a-z0-9*._/-]+$/, "expected a repository's path, with * or ** where it may vary"))
  .min(1);
const polling = {
  name: Name,
  interval: Duration.prefault("5m"),
  /** How much of the interval is random. */
  jitter: z.number().min(0).max(1).default(0.1),
};

export const CredentialsConfig = z
  .strictObject({
    username: z.string().min(1).optional(),
    password: Secret.optional(),
    /** A Docker configuration file, its credential helpers included. */
    dockerConfig: z.string().min(1).optional(),
    /** A Secret of type `kubernetes.io/dockerconfigjson`. */
    pullSecret: z
      .string()
      .regex(/^[^/]+\/[^/]+$/, "expected namespace/name")
      .optional(),
  })
  .superRefine(({ username, password, dockerConfig, pullSecret }, context) => {
    const forms = [username ?? password, dockerConfig, pullSecret].filter((form) => form !== undefined);
    if (forms.length === 1 && (username === undefined) === (password === undefined)) return;
    const message = "expected {username, password}, {dockerConfig: PATH} or {pullSecret: NAMESPACE/NAME}";
    context.addIssue({ code: "custom", message });
  });

const Certificates = Secret.superRefine((text, context) => {
  try {
    new X509Certificate(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected certificates in PEM: -----BEGIN CERTIFICATE-----…" });
  }
});

const requests = z
  .strictObject({
    /** At the same time, to one host. */
    concurrent: z.number().int().min(1).max(256).default(4),
    perSecond: z.union([z.number().positive(), z.literal("unlimited")]).default(10),
  })
  .prefault({});

const Oci = z.strictObject({
  ...polling,
  kind: z.literal("oci"),
  host: z.string().regex(/^[a-z0-9.[\]:-]+$/, "expected a registry's host, with its port where that is not 443"),
  /** Plain HTTP. */
  insecure: z.boolean().default(false),
  /** Certificates of a private authority, in PEM; trusted besides the public ones. */
  ca: Certificates.optional(),
  repositories: Repositories,
  credentials: CredentialsConfig.optional(),
  /** Lets the registry send us to private addresses: a token server or a blob store beside it. */
  allowPrivateAddresses: z.boolean().default(false),
  requests,
});

const Endpoint = z.url({ protocol: /^https?$/ }).optional();

/** YAML takes them for a number, and drops leading zeros. */
const ACCOUNT = "expected an account's 12 digits, in quotes";

const Ecr = z.strictObject({
  ...polling,
  kind: z.literal("ecr"),
  /** In the order of preference. */
  regions: z.array(z.string().regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, "expected a region, such as eu-west-1")).min(1),
  /** The account whose registry it is; the credentials' own when absent. */
  registryId: z
    .string({ error: ACCOUNT })
    .regex(/^\d{12}$/, ACCOUNT)
    .optional(),
  /** A role to take first. */
  roleArn: z
    .string()
    .regex(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "expected arn:aws:iam::ACCOUNT:role/NAME")
    .optional(),
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

const ArtifactRegistry = z.strictObject({
  ...polling,
  kind: z.literal("artifact-registry"),
  project: z
    .string()
    .regex(/^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "expected a project's ID, not its number"),
  /** In the order of preference. `gcr.io` and `us.gcr.io` are in `us`, `eu.gcr.io` in `europe`, `asia.gcr.io` in `asia`. */
  locations: z
    .array(z.string().regex(/^[a-z]+(?:-[a-z]+\d+)?$/, "expected a location, such as europe-west4 or europe"))
    .min(1),
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

const Layout = z.strictObject({ ...polling, kind: z.literal("oci-layout"), path: z.string().min(1) });

const KubernetesName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "expected a Kubernetes name: lower-case letters, digits, dashes");

/** A cluster's own images: development's answers, for dispatchers of any language. */
const Cluster = z.strictObject({
  name: Name,
  kind: z.literal("cluster"),
  from: z
    .array(z.enum(["declared", "configmap", "nodes"]))
    .min(1)
    .default(["declared", "configmap", "nodes"]),
  /** Where declared objects and the ConfigMap are; the pod's or the context's own when absent. */
  namespace: KubernetesName.optional(),
  /** The ConfigMap that lists executors. */
  configMap: KubernetesName.default("executors"),
  /** Whether first sightings of node images are kept in a ConfigMap. */
  ledger: z.enum(["write", "read", "off"]).default("write"),
  /** The cluster that this pod runs in, or the kubeconfig's current context, when absent. */
  kubeconfig: z.string().min(1).optional(),
  context: z.string().min(1).optional(),
});

/** One place where images are found. */
export const SourceConfig = z.discriminatedUnion("kind", [Oci, Ecr, ArtifactRegistry, Layout, Cluster]);
export type SourceConfig = z.infer<typeof SourceConfig>;
/** One that is scanned. */
export type ScannedSourceConfig = Exclude<SourceConfig, { kind: "cluster" }>;
export type ClusterSourceConfig = Extract<SourceConfig, { kind: "cluster" }>;
export type RequestsConfig = z.output<typeof requests>;
export type CredentialsConfig = z.infer<typeof CredentialsConfig>;
