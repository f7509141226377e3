import { Counter, Gauge, Histogram, Registry, collectDefaultMetrics } from "prom-client";
import type { Measures } from "../model/measures.ts";
import { type MetricDefinition, type MetricName, METRICS } from "./metric-definitions.ts";
import { createSampler, type MetricSources } from "./metric-samples.ts";

/** What is measured, and how it is printed. */
export interface Metrics extends Measures {
  readonly contentType: string;
  print(): Promise<string>;
  /** Where all that is known anyway is read. */
  readFrom(sources: MetricSources): void;
  /** One request that a route answered. @param seconds how long it took */
  answered(route: string, method: string, status: number, seconds: number): void;
  /** One event. @param outcome what became of it */
  webhook(name: string, outcome: "taken" | "nothing" | "unknown-host" | "refused" | "malformed"): void;
}

/** Numbers for Prometheus. What is known anyway is read when it is asked for, so that counting costs reads nothing. */
export function createMetrics(): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const definitions: Readonly<Record<string, MetricDefinition>> = METRICS;
  const made = new Map(
    Object.entries(definitions).map(([name, definition]) => [name, make(name, definition, registry)]),
  );
  const histogram = (name: MetricName): Histogram => made.get(name) as Histogram;
  const counter = (name: MetricName): Counter => made.get(name) as Counter;
  const durations = histogram("executor_registry_http_request_duration_seconds");
  const scans = histogram("executor_registry_scan_duration_seconds");
  const followed = histogram("executor_registry_event_duration_seconds");
  const webhooks = counter("executor_registry_webhooks_total");
  let samples: ReturnType<typeof createSampler> | undefined;

  const read = (): void => {
    if (samples === undefined) return;
    for (const [name, { measured }] of Object.entries(definitions)) if (!measured) made.get(name)?.reset();
    for (const [name, value, labels = {}] of samples()) {
      const metric = made.get(name);
      if (metric instanceof Gauge) metric.set(labels, value);
      else if (metric instanceof Counter) metric.inc(labels, value);
    }
  };
  return {
    contentType: registry.contentType,
    print() {
      read();
      return registry.metrics();
    },
    readFrom: (from) => void (samples = createSampler(from)),
    answered: (route, method, status, seconds) => durations.observe({ route, method, status: String(status) }, seconds),
    webhook: (name, outcome) => webhooks.inc({ webhook: name, outcome }),
    scanned: (source, outcome, seconds) => scans.observe({ source, outcome }, seconds),
    followed: (seconds) => followed.observe(seconds),
  };
}

function make(name: string, { type, help, labels = {}, buckets }: MetricDefinition, registry: Registry) {
  const common = { name, help, labelNames: Object.keys(labels), registers: [registry] };
  if (type === "gauge") return new Gauge(common);
  if (type === "counter") return new Counter(common);
  return new Histogram({ ...common, ...(buckets && { buckets: [...buckets] }) });
}
