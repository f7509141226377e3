import type { Clock, Logger, Random } from "@executor-registry/resolver";
import { z } from "zod";
import type { Naming } from "../model/naming.ts";
import { isRepositoryPath } from "@executor-registry/resolver/internal";
import type { PacingOptions } from "../oci/wire/pacing.ts";
import { durationBetween } from "../settings/duration.ts";
import { type Kind, type KindSchema, Name } from "../settings/kinds.ts";
import type { ImageSource } from "./image-source.ts";
import type { LiveSource } from "./live-source.ts";

/** What sources are made with besides their settings. */
export interface SourceContext {
  readonly naming: Naming;
  /** How the repositories of executors are called. */
  readonly template: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** One kind of source that is scanned: its settings, which hold {@link polling}, and what scans it. */
export const scannedKind = <Schema extends KindSchema>(
  kind: Kind<Schema, SourceContext, ImageSource>,
): Kind<Schema, SourceContext, ImageSource> => kind;

/** One kind that is watched. */
export const watchedKind = <Schema extends KindSchema>(
  kind: Kind<Schema, SourceContext, LiveSource>,
): Kind<Schema, SourceContext, LiveSource> => kind;

export const SourceName = Name.meta({ description: "Its name in webhooks, logs, metrics and answers" });
/** What all that are scanned have. */
export const polling = {
  name: SourceName,
  interval: durationBetween("1s", "366d")
    .prefault("5m")
    .meta({ description: "Between the end of a scan and the start of the next; `1s` to `366d`" }),
  jitter: z.number().min(0).max(1).default(0.1).meta({ description: "How much of the interval is random" }),
};

const PATH = "expected a repository's path, with * or ** where it may vary";
export const Repositories = z
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
const HOSTS = "`by-host` is what [the kind of registry](images.md#the-first-scan) allows";
const byHost = z.literal("by-host");
export const requests = z
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

/** How fast a host may be asked. */
export function pacingOf({
  concurrent,
  perSecond,
}: z.output<typeof requests>): Pick<PacingOptions, "concurrency" | "rate"> {
  return {
    ...(concurrent !== "by-host" && { concurrency: concurrent }),
    ...(perSecond !== "by-host" && { rate: perSecond === "unlimited" ? Infinity : perSecond }),
  };
}

export const Endpoint = z
  .url({ protocol: /^https?$/ })
  .optional()
  .meta({ description: "Another address of the provider's API, such as a private endpoint" });
