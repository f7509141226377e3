import type { Clock, Logger, Random } from "@executor-registry/resolver";
import type { Naming } from "../model/naming.ts";
import { createRegistryClient } from "../oci/read/client.ts";
import { createHostPacer, type PacingOptions } from "../oci/wire/pacing.ts";
import type { PolledSource } from "../scan/scanner.ts";
import { createArtifactRegistrySource } from "../sources/google/artifact-registry.ts";
import { ClusterSource } from "../sources/cluster/cluster.ts";
import { createEcrSource } from "../sources/ecr/ecr.ts";
import type { ImageSource } from "../sources/image-source.ts";
import type { LiveSource } from "../sources/live-source.ts";
import { createOciLayoutSource } from "../sources/layout/oci-layout.ts";
import { createOciSource } from "../sources/oci/oci.ts";
import { credentialsOf } from "./make-credentials.ts";
import type { RequestsConfig, ScannedSourceConfig, SourceConfig } from "./source-schema.ts";

/** What sources are made with besides their configuration. */
export interface SourceSurroundings {
  readonly naming: Naming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The sources of a configuration that are scanned, in its order. The one place that chooses. */
export function makeSources(configs: readonly SourceConfig[], around: SourceSurroundings): readonly PolledSource[] {
  return configs
    .filter((config) => config.kind !== "cluster")
    .map((config) => ({
      source: makeSource(config, around),
      polling: { interval: config.interval, jitter: config.jitter },
    }));
}

/** Those that are watched. @param template how the repositories of executors are called */
export function makeLiveSources(
  configs: readonly SourceConfig[],
  template: string,
  { clock, random, log }: Omit<SourceSurroundings, "naming">,
): readonly LiveSource[] {
  return configs
    .filter((config) => config.kind === "cluster")
    .map(({ name, from, configMap, ledger, kubeconfig, context, namespace }) => {
      const kubernetes = {
        ...(kubeconfig !== undefined && { kubeconfig }),
        ...(context !== undefined && { context }),
        ...(namespace !== undefined && { namespace }),
      };
      return new ClusterSource({ name, from, configMap, ledger, kubernetes, template, clock, random, log });
    });
}

function makeSource(config: ScannedSourceConfig, around: SourceSurroundings): ImageSource {
  const { naming, clock, random, log } = around;
  switch (config.kind) {
    case "oci-layout":
      return createOciLayoutSource({ name: config.name, path: config.path, naming });
    case "oci": {
      const { name, host, insecure, ca, repositories, credentials, allowPrivateAddresses, requests } = config;
      const client = createRegistryClient({
        host,
        insecure,
        ...(ca !== undefined && { ca }),
        allowPrivateAddresses,
        pacer: createHostPacer(host, { ...pacingOf(requests), clock, random }),
        ...(credentials && { credentials: credentialsOf(credentials) }),
        clock,
        random,
        log,
      });
      return createOciSource({ name, client, repositories, naming, log });
    }
    case "ecr": {
      const { regions, registryId, roleArn } = config;
      return createEcrSource({
        ...cloud(config, around),
        regions,
        ...(registryId !== undefined && { registryId }),
        ...(roleArn !== undefined && { roleArn }),
      });
    }
    case "artifact-registry": {
      const { project, locations } = config;
      return createArtifactRegistrySource({ ...cloud(config, around), project, locations });
    }
  }
}

/** What the sources of cloud providers share. */
function cloud(
  { name, repositories, endpoint, requests }: Extract<SourceConfig, { kind: "ecr" | "artifact-registry" }>,
  around: SourceSurroundings,
) {
  return {
    ...around,
    name,
    repositories,
    pacing: pacingOf(requests),
    ...(endpoint !== undefined && { endpoint }),
  };
}

function pacingOf({ concurrent, perSecond }: RequestsConfig): Pick<PacingOptions, "concurrency" | "rate"> {
  return {
    ...(concurrent !== "by-host" && { concurrency: concurrent }),
    ...(perSecond !== "by-host" && { rate: perSecond === "unlimited" ? Infinity : perSecond }),
  };
}
