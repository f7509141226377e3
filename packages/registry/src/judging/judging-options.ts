import type { Clock, Logger, Random } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { ImagePolicies } from "../checks/checks.ts";
import type { ImageSource } from "../sources/image-source.ts";
import type { Tracer } from "../tracing/tracer.ts";

/** Images that are judged at the same time. */
export const AT_ONCE = 8;

/** What judging needs. */
export interface JudgingOptions {
  readonly policies: ImagePolicies;
  /** Read for the checks, by name. */
  readonly sources: readonly ImageSource[];
  readonly catalogue: Catalogue;
  /** Whether what falls due by itself is judged here; what is asked for always is. @default always */
  readonly leading?: () => boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Begins the traces of judgements that nothing else caused. @default none */
  readonly tracer?: Tracer;
}

/** What waits to be judged. */
export interface JudgingHealth {
  /** Images whose verdicts do not hold, or have to be given again. */
  readonly due: number;
  /** Of these, those that have been waiting for longer than a minute. */
  readonly late: number;
}
