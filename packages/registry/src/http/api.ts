import type { Logger } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Scanning } from "../scan/scanner.ts";
import type { Webhook } from "../webhooks/webhook.ts";
import type { EventStream } from "./events.ts";
import type { Health } from "./health.ts";
import type { Metrics } from "./metrics.ts";
import type { Evidence } from "./unknown-type.ts";

/** What the handlers of the operations work with. */
export interface Api extends Evidence {
  readonly catalogue: Catalogue;
  readonly scanner: Scanning;
  readonly serviceHealth: Health;
  readonly events: EventStream;
  readonly metrics: Metrics;
  /** By name. Asked for anew by each event, since the configuration may change. */
  readonly webhooks: () => ReadonlyMap<string, Webhook>;
  /** The documentation, for programs and for people; rendered once. */
  readonly documents: { openApi(): string; page(): string };
  readonly log: Logger;
}
