import type { Clock, Logger, Random } from "@executor-registry/resolver";
import type { Naming } from "../catalogue/naming.ts";
import { createRegistryClient } from "../oci/client.ts";
import { createHostPacer } from "../oci/pacing.ts";
import type { PolledSource } from "../scan/scanner.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { createOciLayoutSource } from "../sources/oci-layout.ts";
import { createOciSource } from "../sources/oci.ts";
import { credentialsOf } from "./make-credentials.ts";
import type { SourceConfig } from "./source-schema.ts";

/** What sources are made with besides their configuration. */
export interface SourceSurroundings {
  readonly naming: Naming;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The sources of a configuration, in its order. The one place that chooses. */
export function makeSources(configs: readonly SourceConfig[], around: SourceSurroundings): readonly PolledSource[] {
  return configs.map((config) => ({
    source: makeSource(config, around),
    polling: { interval: config.interval, jitter: config.jitter },
  }));
}

function makeSource(config: SourceConfig, { naming, clock, random, log }: SourceSurroundings): ImageSource {
  switch (config.kind) {
    case "oci-layout":
      return createOciLayoutSource({ name: config.name, path: config.path, naming });
    case "oci": {
      const { name, host, insecure, repositories, credentials, allowPrivateAddresses, requests } = config;
      const { concurrent: concurrency, perSecond } = requests;
      const rate = perSecond === "unlimited" ? Infinity : perSecond;
      const client = createRegistryClient({
        host,
        insecure,
        allowPrivateAddresses,
        pacer: createHostPacer(host, { concurrency, rate, clock, random }),
        ...(credentials && { credentials: credentialsOf(credentials) }),
        clock,
        random,
        log,
      });
      return createOciSource({ name, client, repositories, naming, log });
    }
  }
}
