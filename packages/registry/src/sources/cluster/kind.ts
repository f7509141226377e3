import { z } from "zod";
import { SourceName, watchedKind } from "../source-kind.ts";
import { ClusterSource } from "./cluster.ts";

const KubernetesName = z
  .string()
  .regex(/^[a-z0-9](?:[a-z0-9.-]{0,251}[a-z0-9])?$/, "expected a Kubernetes name: lower-case letters, digits, dashes");

const settings = z.strictObject({
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

/** A cluster's own images: development's answers, for dispatchers of any language. */
export const clusterKind = watchedKind({
  schema: settings,
  make({ name, from, configMap, ledger, kubeconfig, context, namespace }, { template, clock, random, log }) {
    const kubernetes = {
      ...(kubeconfig !== undefined && { kubeconfig }),
      ...(context !== undefined && { context }),
      ...(namespace !== undefined && { namespace }),
    };
    return new ClusterSource({ name, from, configMap, ledger, kubernetes, template, clock, random, log });
  },
});
