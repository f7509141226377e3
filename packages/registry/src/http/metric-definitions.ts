import { SERVICE_ERRORS } from "../errors/service-errors.ts";

/** What a label may hold: these values, or others, and what bounds them. */
type LabelBound = readonly string[] | string;

/** What replicas say of the same number. */
type Replicas =
  /** Each of itself: counts are summed up. */
  | "own"
  /** All the same, as far as they have read the store. */
  | "same"
  /** What the leader knows; others repeat what it said last. */
  | "leader";

/** One metric: its name never changes, and what its labels hold is bounded. */
export interface MetricDefinition {
  readonly type: "gauge" | "counter" | "histogram";
  readonly help: string;
  readonly unit: string;
  readonly replicas: Replicas;
  readonly labels?: Readonly<Record<string, LabelBound>>;
  readonly buckets?: readonly number[];
  /** It is counted where it happens; all others are known anyway, and read when they are asked for. */
  readonly measured?: true;
}

const BY_SOURCE = { source: "the sources of the configuration" } as const;
const BY_QUEUE = { queue: "the queues of the configuration" } as const;
const BY_FOLLOWER = { follower: "the forwarding and notifications of the configuration" } as const;
const CONDITIONS = ["NoMatch", "TagGone", "PinInvalid", "ImageGone"] as const;

/**
 * Every metric of the service's own. No label holds a type, version, digest, tag, caller or subject: those who may push or ask could make
 * any number of them.
 */
export const METRICS = {
  executor_registry_build_info: {
    type: "gauge",
    help: "The release that runs; always 1",
    unit: "1",
    replicas: "own",
    labels: { version: "one value for each process" },
  },
  executor_registry_ready: {
    type: "gauge",
    help: "Whether dispatchers may be sent here, as /readyz answers",
    unit: "0 or 1",
    replicas: "own",
  },
  executor_registry_config_last_reload_successful: {
    type: "gauge",
    help: "Whether the configuration file could be taken over when it was last read; while it is 0, the configuration before is in force, and the log has the mistakes",
    unit: "0 or 1",
    replicas: "own",
  },
  executor_registry_leader: {
    type: "gauge",
    help: "Whether this replica scans, judges what falls due and delivers the journal",
    unit: "0 or 1",
    replicas: "own",
  },
  executor_registry_executors: {
    type: "gauge",
    help: "Executor types that can be resolved",
    unit: "types",
    replicas: "same",
  },
  executor_registry_images: {
    type: "gauge",
    help: "Images in the catalogue, by state",
    unit: "images",
    replicas: "same",
    labels: { state: ["admitted", "rejected", "pending", "withdrawn"] },
  },
  executor_registry_rejected_images: {
    type: "gauge",
    help: "Rejected images that a check fails, by check; an image that fails two counts for both",
    unit: "images",
    replicas: "same",
    labels: { check: "the checks of the policies in docs/security.md: 11 at most" },
  },
  executor_registry_pins: {
    type: "gauge",
    help: "Executor types that an operator holds at one version, by pin or rollback",
    unit: "types",
    replicas: "same",
    labels: { mode: ["pin", "rollback"] },
  },
  executor_registry_denials: {
    type: "gauge",
    help: "Denials of images by operators",
    unit: "denials",
    replicas: "same",
  },
  executor_registry_conditions: {
    type: "gauge",
    help: "Executor types whose choice needs a look: the policy matches nothing (NoMatch), the version has lost its tag (TagGone), the pinned version may not be one (PinInvalid), the current image was withdrawn and what was left took its place, or nothing (ImageGone)",
    unit: "types",
    replicas: "same",
    labels: { condition: CONDITIONS },
  },
  executor_registry_resolutions_total: {
    type: "counter",
    help: "Resolutions answered from memory, by status",
    unit: "requests",
    replicas: "own",
    labels: { status: ["200", "304"] },
  },
  executor_registry_http_request_duration_seconds: {
    type: "histogram",
    help: "How long routes take to answer; resolutions are answered ahead of them and counted in executor_registry_resolutions_total",
    unit: "seconds",
    replicas: "own",
    labels: {
      route: "the paths of the API, as `/executors/{type}` has them, and `none`",
      method: "the methods that Node knows",
      status: "the statuses of the API",
    },
    buckets: [0.001, 0.005, 0.025, 0.1, 0.5, 2.5, 10],
    measured: true,
  },
  executor_registry_event_streams: {
    type: "gauge",
    help: "Clients that listen for changes",
    unit: "clients",
    replicas: "own",
  },
  executor_registry_answers_age_seconds: {
    type: "gauge",
    help: "How long a shared store could not be read; 0 while answers are current",
    unit: "seconds",
    replicas: "own",
  },
  executor_registry_store_up: {
    type: "gauge",
    help: "Whether the last attempt to read the journal's store, or to append to it, succeeded",
    unit: "0 or 1",
    replicas: "own",
    labels: { operation: ["read", "write"] },
  },
  executor_registry_store_failures_total: {
    type: "counter",
    help: "Attempts to read the journal's store, or to append to it, that failed",
    unit: "attempts",
    replicas: "own",
    labels: { operation: ["read", "write"] },
  },
  executor_registry_journal_sequence: {
    type: "gauge",
    help: "Entries in the journal",
    unit: "entries",
    replicas: "same",
  },
  executor_registry_journal_broken: {
    type: "gauge",
    help: "Whether the journal's chain does not hold, or acknowledged entries are missing",
    unit: "0 or 1",
    replicas: "own",
  },
  executor_registry_journal_verified_sequence: {
    type: "gauge",
    help: "The entry up to which the whole chain was read and held",
    unit: "entries",
    replicas: "own",
  },
  executor_registry_source_up: {
    type: "gauge",
    help: "Whether the last scan of a source was complete; of a cluster, whether it is in contact",
    unit: "0 or 1",
    replicas: "leader",
    labels: BY_SOURCE,
  },
  executor_registry_source_problem: {
    type: "gauge",
    help: "Why the last scan of a source was not complete; always 1, and absent where it was",
    unit: "1",
    replicas: "leader",
    labels: {
      ...BY_SOURCE,
      code: `the codes of errors: ${Object.keys(SERVICE_ERRORS).length}, at most one for each source`,
    },
  },
  executor_registry_source_completed_timestamp_seconds: {
    type: "gauge",
    help: "When the last complete scan of a source ended; of a cluster, when it was last current",
    unit: "seconds since 1970",
    replicas: "leader",
    labels: BY_SOURCE,
  },
  executor_registry_source_interval_seconds: {
    type: "gauge",
    help: "How long after a scan of a source the next one begins, by the configuration; absent for a cluster, which is watched",
    unit: "seconds",
    replicas: "own",
    labels: BY_SOURCE,
  },
  executor_registry_source_scan_requests: {
    type: "gauge",
    help: "Requests that the last scan of a source sent",
    unit: "requests",
    replicas: "leader",
    labels: BY_SOURCE,
  },
  executor_registry_source_unread_tags: {
    type: "gauge",
    help: "Tags that the last scan of a source could not read",
    unit: "tags",
    replicas: "leader",
    labels: BY_SOURCE,
  },
  executor_registry_source_requests_total: {
    type: "counter",
    help: "Requests sent to the registries of a source",
    unit: "requests",
    replicas: "own",
    labels: BY_SOURCE,
  },
  executor_registry_source_throttled_total: {
    type: "counter",
    help: "Requests that the registries of a source refused because there were too many, such as by 429",
    unit: "requests",
    replicas: "own",
    labels: BY_SOURCE,
  },
  executor_registry_source_clock_offset_seconds: {
    type: "gauge",
    help: "How far a registry's clock is ahead of this machine's, by the Date header of its last answer, to within a second; absent where it sends none",
    unit: "seconds",
    replicas: "own",
    labels: BY_SOURCE,
  },
  executor_registry_scan_duration_seconds: {
    type: "histogram",
    help: "How long scans of all of a source took, by how they ended: all was read, not all was, or what was read could not be written down",
    unit: "seconds",
    replicas: "own",
    labels: { ...BY_SOURCE, outcome: ["complete", "incomplete", "unrecorded"] },
    buckets: [0.5, 2, 10, 60, 300, 1800],
    measured: true,
  },
  executor_registry_judgements_due: {
    type: "gauge",
    help: "Images that wait for their checks",
    unit: "images",
    replicas: "leader",
  },
  executor_registry_judgements_late: {
    type: "gauge",
    help: "Images that have waited for their checks for longer than a minute",
    unit: "images",
    replicas: "leader",
  },
  executor_registry_webhooks_total: {
    type: "counter",
    help: "Events received, by what became of them",
    unit: "events",
    replicas: "own",
    labels: {
      webhook: "the webhooks of the configuration",
      outcome: ["taken", "nothing", "unknown-host", "refused", "malformed"],
    },
    measured: true,
  },
  executor_registry_event_duration_seconds: {
    type: "histogram",
    help: "From when an event was taken until what it names was read from its registry and written down, which is when answers are current",
    unit: "seconds",
    replicas: "own",
    buckets: [0.1, 0.25, 0.5, 1, 2.5, 10, 60],
    measured: true,
  },
  executor_registry_queue_up: {
    type: "gauge",
    help: "Whether the last attempt to take a queue's messages succeeded",
    unit: "0 or 1",
    replicas: "own",
    labels: BY_QUEUE,
  },
  executor_registry_queue_lag_seconds: {
    type: "gauge",
    help: "How long the oldest of the messages that were taken last had been in the queue; 0 where there were none",
    unit: "seconds",
    replicas: "own",
    labels: BY_QUEUE,
  },
  executor_registry_queue_poisoned_messages: {
    type: "gauge",
    help: "Messages of a queue that were no events and were removed",
    unit: "messages",
    replicas: "own",
    labels: BY_QUEUE,
  },
  executor_registry_follower_up: {
    type: "gauge",
    help: "Whether the last delivery of the journal succeeded",
    unit: "0 or 1",
    replicas: "leader",
    labels: BY_FOLLOWER,
  },
  executor_registry_follower_lag_entries: {
    type: "gauge",
    help: "Entries of the journal that were not delivered yet",
    unit: "entries",
    replicas: "leader",
    labels: BY_FOLLOWER,
  },
} as const satisfies Readonly<Record<string, MetricDefinition>>;

export type MetricName = keyof typeof METRICS;

type MeasuredMetric = {
  [Name in MetricName]: (typeof METRICS)[Name] extends { readonly measured: true } ? Name : never;
}[MetricName];

/** Those whose value is read when it is asked for. */
type ReadMetric = Exclude<MetricName, MeasuredMetric>;

/** The value of a metric that is read, and of its labels. */
export type Sample = {
  [Name in ReadMetric]: (typeof METRICS)[Name] extends { readonly labels: infer Labels }
    ? readonly [name: Name, value: number, labels: Readonly<Record<keyof Labels, string>>]
    : readonly [name: Name, value: number];
}[ReadMetric];
