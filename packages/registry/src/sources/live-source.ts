import type { ExecutorDocument } from "@executor-registry/resolver";
import type { SourceHealth } from "./image-source.ts";

/** Where a live source puts its answers. */
export interface LiveAnswers {
  /** All that there is: what was known of other types is gone. */
  reset(documents: ReadonlyMap<string, ExecutorDocument>): void;
  /** One type's answer, or `undefined` once it has no image. */
  set(type: string, document: ExecutorDocument | undefined): void;
}

/** A place that is watched instead of scanned, and that says itself which image is current: there are no versions to keep. */
export interface LiveSource {
  /** As named in the configuration. */
  readonly name: string;
  readonly health: SourceHealth;
  /** Watches until the signal aborts. Never rejects; what fails is in `health`, and is tried again. */
  run(answers: LiveAnswers, signal: AbortSignal): Promise<void>;
}
