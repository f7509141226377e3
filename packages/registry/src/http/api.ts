import type { Digest, ImageReference, Logger } from "@executor-registry/resolver";
import type { z } from "zod";
import type { Access } from "../auth/access.ts";
import type { Choices } from "../choice/choices.ts";
import type { EventQueue } from "../queues/queue.ts";
import type { Scanner, TakeHints } from "../scan/scanner.ts";
import type { Selection } from "../selection/selection.ts";
import type { Webhook } from "../webhooks/webhook.ts";
import type { EventStream } from "./events.ts";
import type { ServiceHealth } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import type { ReportReceived } from "./schemas.ts";
import type { Grounds } from "../choice/why.ts";
import type { Examination } from "../judging/examine.ts";

/** What a configuration decides. The next one replaces all of it at once. */
interface Configured extends Grounds {
  readonly access: Access;
  readonly scanner: Pick<Scanner, "refresh" | "refreshType">;
  readonly hint: TakeHints;
  /** Takes a report of a scan, and says what it is of. */
  receiveReport(
    posted: { readonly type: string; readonly digest: Digest; readonly bytes: Uint8Array; readonly actor: string },
    signal: AbortSignal,
  ): Promise<z.input<typeof ReportReceived>>;
  /** Has all checks of an image answer again. */
  revalidate(
    type: string,
    digest: Digest,
    reason: { readonly actor: string; readonly why: string },
  ): {
    readonly images: number;
    /** Resolves once their answers are written down. */
    wait(signal: AbortSignal): Promise<unknown>;
  };
  /** Asks every check about an image, and writes nothing down. */
  examine(reference: ImageReference, type: string | undefined, signal: AbortSignal): Promise<Examination>;
  /** By name. */
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly queues: readonly EventQueue[];
  /** The public key of checkpoints, in PEM. */
  readonly checkpointKey?: string;
}

/** What the handlers of the operations work with. */
export interface Api {
  readonly choices: Choices;
  /** What operators decide about versions. */
  readonly selection: Selection;
  /** Asked for again by each request. */
  readonly inForce: () => Configured;
  readonly serviceHealth: ServiceHealth;
  readonly events: EventStream;
  readonly metrics: Metrics;
  /** The documentation, for programs and for people; rendered once. */
  readonly documents: { openApi(): string; page(): string };
  readonly log: Logger;
}
