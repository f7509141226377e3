import { X509Certificate } from "node:crypto";
import { z } from "zod";
import { hostMistake } from "../oci/wire/registry-host.ts";
import { isRepositoryPath } from "../model/repository-path.ts";
import { durationBetween } from "../settings/duration.ts";
import { Name } from "../settings/name.ts";
import { Secret } from "../settings/secret.ts";

const PATH = "expected a repository's path, with * or ** where it may vary";
const Repositories = z
  .array(
    z
      .string()
      .regex(/^[a-z0-9*._/-]+$/, { message: PATH, abort: true })
      // What a star stands for may be a letter: then the rest has to be a path.
      .refine((path) => isRepositoryPath(path.replaceAll("*", "a"), ""), PATH),
  )
  .min(1)
  .meta({
    description:
      "Paths, in the order of preference; `*` within a segment, `**` for any number of segments. Patterns need a registry that lists its repositories",
  });
const SourceName = Name.meta({ description: "Its name in webhooks, logs, metrics and answers" });
const polling = {
  name: SourceName,
  interval: durationBetween("1s", "366d")
    .prefault("5m")
    .meta({ description: "Between the end of a scan and the start of the next; `1s` to `366d`" }),
  jitter: z.number().min(0).max(1).default(0.1).meta({ description: "How much of the interval is random" }),
};

export const CredentialsConfig = z
  .strictObject({
    username: z.string().min(1).optional(),
    password: Secret.optional(),
    dockerConfig: z.string().min(1).optional().meta({
      description: "A Docker configuration file, its credential helpers included",
    }),
    pullSecret: z
      .string()
      .regex(/^[^/]+\/[^/]+$/, "expected namespace/name")
      .optional()
      .meta({ description: "`NAMESPACE/NAME` of a Secret of type `kubernetes.io/dockerconfigjson`" }),
  })
  .superRefine(({ username, password, dockerConfig, pullSecret }, context) => {
    const forms = [username ?? password, dockerConfig, pullSecret].filter((form) => form !== undefined);
    if (forms.length === 1 && (username === undefined) === (password === undefined)) return;
    const message = "expected {username, password}, {dockerConfig: PATH} or {pullSecret: NAMESPACE/NAME}";
    context.addIssue({ code: "custom", message });
  });

const Certificates = Secret.superRefine((text, context) => {
  try {
    return void new X509Certificate(text);
  } catch {
    context.addIssue({ code: "custom", message: "expected certificates in PEM: -----BEGIN CERTIFICATE-----…" });
  }
});

const HOSTS = "`by-host` is what [the kind of registry](production.md#the-first-scan) allows";
const byHost = z.literal("by-host");
const requests = z
  .strictObject({
    concurrent: z
      .union([z.number().int().min(1).max(256), byHost])
      .default("by-host")
      .meta({ description: `Requests at the same time, to one host; ${HOSTS}` }),
    perSecond: z
      .union([z.number().min(0.01).max(10_000), z.literal("unlimited"), byHost])
      .default("by-host")
      .meta({ description: `Requests a second, to one host, half as many each time that it answers 429; ${HOSTS}` }),
  })
  .prefault({});

const Oci = z.strictObject({
  ...polling,
  kind: z.literal("oci"),
  host: z
    .string()
    .regex(/^[a-z0-9.[\]:-]+$/, {
      message: "expected a registry's host, with its port where that is not 443",
      abort: true,
    })
    .superRefine((host, context) => {
      const message = hostMistake(host);
      if (message !== undefined) context.addIssue({ code: "custom", message });
    })
    .meta({ description: "As in image references: `registry.example.com:5000`, `docker.io`" }),
  insecure: z.boolean().default(false).meta({ description: "Plain HTTP" }),
  ca: Certificates.optional().meta({
    title: "secret",
    description: "Certificates of a private authority, in PEM; trusted besides the public ones",
  }),
  repositories: Repositories,
  credentials: CredentialsConfig.optional(),
  allowPrivateAddresses: z.boolean().default(false).meta({
    description: "Lets the registry send us to private addresses: a token server or a blob store beside it",
  }),
  requests,
});

const Endpoint = z
  .url({ protocol: /^https?$/ })
  .optional()
  .meta({ description: "Another address of the provider's API, such as a private endpoint" });

/** YAML takes them for a number, and drops leading zeros. */
const ACCOUNT = "expected an account's 12 digits, in quotes";

const Ecr = z.strictObject({
  ...polling,
  kind: z.literal("ecr"),
  regions: z
    .array(z.string().regex(/^[a-z]{2,}(?:-[a-z]+)+-\d+$/, "expected a region, such as eu-west-1"))
    .min(1)
    .meta({ description: "In the order of preference" }),
  registryId: z
    .string({ error: ACCOUNT })
    .regex(/^\d{12}$/, ACCOUNT)
    .optional()
    .meta({ description: "The account whose registry it is; the credentials' own when absent" }),
  roleArn: z
    .string()
    .regex(/^arn:[a-z-]+:iam::\d{12}:role\/.+$/, "expected arn:aws:iam::ACCOUNT:role/NAME")
    .optional()
    .meta({ description: "A role to take first" }),
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

const ArtifactRegistry = z.strictObject({
  ...polling,
  kind: z.literal("artifact-registry"),
  project: z
    .string()
    .regex(/^(?:[a-z0-9.-]+:)?[a-z][a-z0-9-]{4,28}[a-z0-9]$/, "expected a project's ID, not its number")
    .meta({ description: "The project's ID" }),
  locations: z
    .array(z.string().regex(/^[a-z]+(?:-[a-z]+\d+)?$/, "expected a location, such as europe-west4 or europe"))
    .min(1)
    .meta({
      description:
        "In the order of preference. `gcr.io` and `us.gcr.io` are in `us`, `eu.gcr.io` in `europe`, `asia.gcr.io` in `asia`",
    }),
  repositories: Repositories,
  endpoint: Endpoint,
  requests,
});

const Layout = z.strictObject({
  ...polling,
  kind: z.literal("oci-layout"),
  path: z.string().min(1).meta({ description: "A folder of OCI image layouts" }),
});

const KubernetesName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "expected a Kubernetes name: lower-case letters, digits, dashes");

/** A cluster's own images: development's answers, for dispatchers of any language. */
const Cluster = z.strictObject({
  name: SourceName,
  kind: z.literal("cluster"),
  from: z
    .array(z.enum(["declared", "configmap", "nodes"]))
    .min(1)
    .default(["declared", "configmap", "nodes"])
    .meta({ description: "What is read" }),
  namespace: KubernetesName.optional().meta({
    description: "Where declared objects and the ConfigMap are; the pod's or the context's own when absent",
  }),
  configMap: KubernetesName.default("executors").meta({ description: "The ConfigMap that lists executors" }),
  ledger: z.enum(["write", "read", "off"]).default("write").meta({
    description: "Whether first sightings of node images are kept in a ConfigMap, only read from it, or neither",
  }),
  kubeconfig: z.string().min(1).optional().meta({
    description: "A kubeconfig's path; when absent the cluster that the pod runs in, or the usual kubeconfig's",
  }),
  context: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "A context of the kubeconfig; its current one when absent" }),
});

/** One place where images are found. */
export const SourceConfig = z.discriminatedUnion("kind", [Oci, Ecr, ArtifactRegistry, Layout, Cluster]);
export type SourceConfig = z.infer<typeof SourceConfig>;
/** One that is scanned. */
export type ScannedSourceConfig = Exclude<SourceConfig, { kind: "cluster" }>;
export type RequestsConfig = z.output<typeof requests>;
export type CredentialsConfig = z.infer<typeof CredentialsConfig>;
