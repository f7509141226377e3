import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { FollowerHealth } from "../audit/follower.ts";
import type { Choices } from "../choice/choices.ts";
import type { EventQueue } from "../queues/queue.ts";
import type { SourceHealth } from "../sources/image-source.ts";
import type { EventStream } from "./events.ts";
import type { Freshness } from "./freshness.ts";
import type { ReadCounts } from "./read-path.ts";

/** What is measured, and how it is printed. */
export interface Metrics {
  readonly contentType: string;
  print(): Promise<string>;
  /** One request that a route answered. @param seconds how long it took */
  answered(route: string, method: string, status: number, seconds: number): void;
  /** One event. @param outcome what became of it */
  webhook(name: string, outcome: "taken" | "nothing" | "unknown-host" | "refused" | "malformed"): void;
}

/** Where the numbers come from. */
export interface MetricsOptions {
  readonly choices: Pick<Choices, "catalogue" | "snapshot" | "conditions">;
  inForce(): {
    health(): readonly SourceHealth[];
    readonly queues: readonly EventQueue[];
    followers(): readonly FollowerHealth[];
    judging(): { readonly due: number; readonly late: number };
  };
  readonly leadership: { readonly leading: boolean };
  /** How old answers are, where several services share a store. */
  readonly freshness: Freshness | undefined;
  readonly reads: ReadCounts;
  readonly events: EventStream;
}

/** Numbers for Prometheus. What is known anyway is read when it is asked for, so that counting costs reads nothing. */
export function createMetrics({ choices, inForce, leadership, freshness, reads, events }: MetricsOptions): Metrics {
  const { catalogue, snapshot } = choices;
  const registry = new Registry();
  const registers = [registry];
  collectDefaultMetrics({ register: registry });

  const durations = new Histogram({
    name: "executor_registry_http_request_duration_seconds",
    help: "How long routes take to answer; resolutions are answered ahead of them and counted in executor_registry_resolutions_total",
    labelNames: ["route", "method", "status"],
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    registers,
  });
  const webhooks = new Counter({
    name: "executor_registry_webhooks_total",
    help: "Events received, by what became of them",
    labelNames: ["webhook", "outcome"],
    registers,
  });
  const gauge = (
    name: string,
    help: string,
    labelNames: readonly string[],
    collect: (set: (value: number, labels?: Record<string, string>) => void) => void,
  ): Gauge =>
    new Gauge({
      name: `executor_registry_${name}`,
      help,
      labelNames,
      registers,
      collect() {
        this.reset();
        collect((value, labels) => (labels === undefined ? this.set(value) : this.set(labels, value)));
      },
    });
  const resolutions = new Counter({
    name: "executor_registry_resolutions_total",
    help: "Resolutions answered from memory, by status",
    labelNames: ["status"],
    registers: [],
    collect() {
      this.reset();
      this.inc({ status: "200" }, reads.ok);
      this.inc({ status: "304" }, reads.notModified);
    },
  });
  registry.registerMetric(resolutions);
  gauge("executors", "Executor types that can be resolved", [], (set) => set(snapshot.size));
  gauge("images", "Images in the catalogue, by state", ["state"], (set) => {
    const counts = { admitted: 0, rejected: 0, pending: 0, withdrawn: 0 };
    for (const { images } of catalogue.types()) for (const { state } of images) counts[state] += 1;
    for (const [state, count] of Object.entries(counts)) set(count, { state });
  });
  gauge("pins", "Executor types that an operator holds at one version, by pin or rollback", ["mode"], (set) => {
    const counts = { pin: 0, rollback: 0 };
    for (const { pin } of catalogue.types()) if (pin) counts[pin.mode] += 1;
    for (const [mode, count] of Object.entries(counts)) set(count, { mode });
  });
  gauge("denials", "Denials of images by operators", [], (set) => {
    let count = 0;
    for (const { denials } of catalogue.types()) count += denials.length;
    set(count);
  });
  gauge(
    "conditions",
    "Executor types whose choice needs a look: the policy matches nothing (NoMatch), the version has lost its tag (TagGone), the pinned version may not be one (PinInvalid)",
    ["condition"],
    (set) => {
      const counts: Record<string, number> = { NoMatch: 0, TagGone: 0, PinInvalid: 0 };
      for (const conditions of choices.conditions.values())
        for (const condition of conditions) counts[condition] = (counts[condition] ?? 0) + 1;
      for (const [condition, count] of Object.entries(counts)) set(count, { condition });
    },
  );
  gauge("journal_sequence", "Entries in the journal", [], (set) => set(catalogue.head.sequence));
  gauge("journal_broken", "Whether the journal's chain does not hold, or acknowledged entries are missing", [], (set) =>
    set(catalogue.seal.broken === undefined ? 0 : 1),
  );
  gauge("journal_verified_sequence", "The entry up to which the whole chain was read and held", [], (set) =>
    set(catalogue.seal.verified?.sequence ?? 0),
  );
  gauge("leader", "Whether this replica scans, judges what falls due and delivers the journal", [], (set) =>
    set(leadership.leading ? 1 : 0),
  );
  gauge("answers_age_seconds", "How long a shared store could not be read; 0 while answers are current", [], (set) =>
    set(freshness?.age ?? 0),
  );
  gauge("event_streams", "Clients that listen for changes", [], (set) => set(events.size));
  gauge(
    "source_up",
    "Whether the last scan of a source was complete; of a cluster, whether it is in contact",
    ["source"],
    (set) => {
      for (const { name, state } of inForce().health()) set(state === "ready" ? 1 : 0, { source: name });
    },
  );
  gauge(
    "source_completed_timestamp_seconds",
    "When the last complete scan of a source ended; of a cluster, when it was last current",
    ["source"],
    (set) => {
      for (const { name, completed } of inForce().health())
        if (completed) set(Date.parse(completed) / 1000, { source: name });
    },
  );
  gauge("source_scan_requests", "Requests that the last scan of a source sent", ["source"], (set) => {
    for (const { name, requests } of inForce().health()) if (requests !== undefined) set(requests, { source: name });
  });
  gauge("source_unread_tags", "Tags that the last scan of a source could not read", ["source"], (set) => {
    for (const { name, unread } of inForce().health()) if (unread !== undefined) set(unread, { source: name });
  });
  gauge("judgements_due", "Images that wait for their checks", [], (set) => set(inForce().judging().due));
  gauge("judgements_late", "Images that have waited for their checks for longer than a minute", [], (set) =>
    set(inForce().judging().late),
  );
  gauge("queue_up", "Whether the last attempt to take a queue's messages succeeded", ["queue"], (set) => {
    for (const { name, failing } of inForce().queues) set(failing ? 0 : 1, { queue: name });
  });
  gauge("follower_up", "Whether the last delivery of the journal succeeded", ["follower"], (set) => {
    for (const { name, failing } of inForce().followers()) set(failing ? 0 : 1, { follower: name });
  });
  gauge("follower_lag_entries", "Entries of the journal that were not delivered yet", ["follower"], (set) => {
    for (const { name, behind } of inForce().followers()) set(behind, { follower: name });
  });
  gauge("queue_poisoned_messages", "Messages of a queue that were no events and were removed", ["queue"], (set) => {
    for (const { name, poisoned } of inForce().queues) set(poisoned, { queue: name });
  });

  return {
    contentType: registry.contentType,
    print: () => registry.metrics(),
    answered: (route, method, status, seconds) => durations.observe({ route, method, status: String(status) }, seconds),
    webhook: (name, outcome) => webhooks.inc({ webhook: name, outcome }),
  };
}
