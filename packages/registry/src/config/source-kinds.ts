import { z } from "zod";
import { tableOf } from "../settings/kinds.ts";
import { clusterKind } from "../sources/cluster/kind.ts";
import { ecrKind } from "../sources/ecr/kind.ts";
import { artifactRegistryKind } from "../sources/google/kind.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { layoutKind } from "../sources/layout/kind.ts";
import type { LiveSource } from "../sources/live-source.ts";
import { ociKind } from "../sources/oci/kind.ts";
import type { SourceContext } from "../sources/source-kind.ts";

/** The kinds of sources. A new one is added here, and has a folder of its own. */
const SCANNED = tableOf([ociKind, ecrKind, artifactRegistryKind, layoutKind]);
const WATCHED = tableOf([clusterKind]);

/** One place where images are found, as configured. */
export const SourceConfig = z.discriminatedUnion("kind", [...SCANNED.schema.options, ...WATCHED.schema.options]);
export type SourceConfig = z.output<typeof SourceConfig>;
type WatchedConfig = z.output<typeof WATCHED.schema>;

/** Whether a source is watched instead of scanned: it needs no events, and its images are not checked. */
export const isWatched = (config: SourceConfig): config is WatchedConfig =>
  WATCHED.schema.options.some(({ shape }) => shape.kind.value === config.kind);

/** The sources of a configuration, each in its order. */
export interface MadeSources {
  readonly scanned: readonly {
    readonly source: ImageSource;
    readonly polling: { readonly interval: number; readonly jitter: number };
  }[];
  readonly watched: readonly LiveSource[];
}

export function makeSources(configs: readonly SourceConfig[], around: SourceContext): MadeSources {
  return {
    scanned: configs
      .filter((config) => !isWatched(config))
      .map((config) => ({
        source: SCANNED.make(config, around),
        polling: { interval: config.interval, jitter: config.jitter },
      })),
    watched: configs.filter(isWatched).map((config) => WATCHED.make(config, around)),
  };
}
