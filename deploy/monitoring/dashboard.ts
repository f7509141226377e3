/** One line of a panel. */
interface Query {
  readonly expr: string;
  /** Of the series, with labels in `{{…}}`. */
  readonly legend: string;
}

/** What is shown, and of which unit. */
interface Panel {
  readonly title: string;
  readonly about: string;
  readonly kind?: "stat" | "timeseries";
  /** As Grafana names it. @default "short" */
  readonly unit?: string;
  readonly queries: readonly Query[];
}

interface Row {
  readonly title: string;
  readonly panels: readonly Panel[];
}

const SELECTED = 'namespace=~"$namespace",job=~"$job"';
/** A metric of the service's own, of what is selected. */
const own = (name: string, matchers = ""): string =>
  `executor_registry_${name}{${[SELECTED, matchers].filter(Boolean).join(",")}}`;
const perSecond = (name: string): string => `rate(${own(name)}[$__rate_interval])`;
const quantile = (part: number, name: string, ...by: readonly string[]): string =>
  `histogram_quantile(${part}, sum by (${["le", ...by].join(", ")}) (${perSecond(`${name}_bucket`)}))`;
/** Of the replica that leads: others repeat what it said last. */
const led = (metric: string): string => `${metric} and on (namespace, job, instance) ${own("leader")} == 1`;
/** One of the process, of the service's processes. */
const processOf = (metric: string): string =>
  `${metric}{${SELECTED}} and on (namespace, job, instance) ${own("build_info")}`;

const one = (title: string, about: string, expr: string, unit?: string): Panel => ({
  title,
  about,
  kind: "stat",
  ...(unit !== undefined && { unit }),
  queries: [{ expr, legend: "" }],
});

const ROWS: readonly Row[] = [
  {
    title: "Now",
    panels: [
      one("Ready replicas", "Dispatchers may be sent to them.", `sum(${own("ready")})`),
      one("Leaders", "One scans, judges and delivers.", `sum(${own("leader")})`),
      one("Store", "Whether the last reads and writes succeeded.", `min(${own("store_up")})`),
      one("Age of answers", "Above 0 while a shared store cannot be read.", `max(${own("answers_age_seconds")})`, "s"),
      one("Journal damage", "1 where the chain does not hold.", `max(${own("journal_broken")})`),
      one("Configuration", "0 while a changed file is refused.", `min(${own("config_last_reload_successful")})`),
      one("Executor types", "Those that can be resolved.", `max(${own("executors")})`),
      one(
        "Types to look at",
        "Their policy matches nothing, their tag is gone, or their pin is invalid.",
        `sum(max by (condition) (${own("conditions", 'condition!="ImageGone"')}))`,
      ),
    ],
  },
  {
    title: "Answers",
    panels: [
      {
        title: "Resolutions",
        about: "Answered from memory, by status.",
        unit: "reqps",
        queries: [{ expr: `sum by (status) (${perSecond("resolutions_total")})`, legend: "{{status}}" }],
      },
      {
        title: "Other requests, 99th percentile",
        about: "By route.",
        unit: "s",
        queries: [{ expr: quantile(0.99, "http_request_duration_seconds", "route"), legend: "{{route}}" }],
      },
      {
        title: "Refused and failed requests",
        about: "By status, from 400 on.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (status) (rate(${own("http_request_duration_seconds_count", 'status=~"4..|5.."')}[$__rate_interval]))`,
            legend: "{{status}}",
          },
        ],
      },
      {
        title: "Listeners",
        about: "Clients of GET /events, by replica.",
        queries: [{ expr: own("event_streams"), legend: "{{instance}}" }],
      },
    ],
  },
  {
    title: "Sources",
    panels: [
      {
        title: "Since the last complete scan",
        about: "By source. Normal is up to the interval and a scan.",
        unit: "s",
        queries: [
          {
            expr: `time() - max by (source) (${own("source_completed_timestamp_seconds")})`,
            legend: "{{source}}",
          },
        ],
      },
      {
        title: "Problems",
        about: "Why the last scan was not complete, by source and code.",
        queries: [{ expr: `max by (source, code) (${led(own("source_problem"))})`, legend: "{{source}}: {{code}}" }],
      },
      {
        title: "Scans, 90th percentile",
        about: "How long scans of all of a source take, by how they end.",
        unit: "s",
        queries: [
          {
            expr: quantile(0.9, "scan_duration_seconds", "source", "outcome"),
            legend: "{{source}}: {{outcome}}",
          },
        ],
      },
      {
        title: "Requests to registries",
        about: "Sent, and refused because there were too many.",
        unit: "reqps",
        queries: [
          { expr: `sum by (source) (${perSecond("source_requests_total")})`, legend: "{{source}}" },
          { expr: `sum by (source) (${perSecond("source_throttled_total")})`, legend: "{{source}}: refused" },
        ],
      },
      {
        title: "Unread tags",
        about: "What the last scan could not read, by source.",
        queries: [{ expr: `max by (source) (${led(own("source_unread_tags"))})`, legend: "{{source}}" }],
      },
      {
        title: "Clocks",
        about: "How far a registry's clock is ahead of a replica's.",
        unit: "s",
        queries: [{ expr: own("source_clock_offset_seconds"), legend: "{{source}}, {{instance}}" }],
      },
    ],
  },
  {
    title: "Images",
    panels: [
      {
        title: "Images",
        about: "By state.",
        queries: [{ expr: `max by (state) (${own("images")})`, legend: "{{state}}" }],
      },
      {
        title: "Rejected",
        about: "By the check that they fail.",
        queries: [{ expr: `max by (check) (${own("rejected_images")})`, legend: "{{check}}" }],
      },
      {
        title: "Types that need a look",
        about: "By condition.",
        queries: [{ expr: `max by (condition) (${own("conditions")})`, legend: "{{condition}}" }],
      },
      {
        title: "Operators' decisions",
        about: "Pins, rollbacks and denials in force.",
        queries: [
          { expr: `max by (mode) (${own("pins")})`, legend: "{{mode}}" },
          { expr: `max(${own("denials")})`, legend: "denials" },
        ],
      },
      {
        title: "Waiting for checks",
        about: "Images, as the leader says.",
        queries: [
          { expr: `max(${led(own("judgements_due"))})`, legend: "due" },
          { expr: `max(${led(own("judgements_late"))})`, legend: "for more than a minute" },
        ],
      },
      {
        title: "Journal",
        about: "Entries written each minute.",
        queries: [{ expr: `max by (job) (deriv(${own("journal_sequence")}[5m])) * 60`, legend: "entries" }],
      },
    ],
  },
  {
    title: "Events in and out",
    panels: [
      {
        title: "Events received",
        about: "By webhook and what became of them.",
        unit: "reqps",
        queries: [
          { expr: `sum by (webhook, outcome) (${perSecond("webhooks_total")})`, legend: "{{webhook}}: {{outcome}}" },
        ],
      },
      {
        title: "From event to answer",
        about: "Until what an event names was read and written down.",
        unit: "s",
        queries: [
          { expr: quantile(0.5, "event_duration_seconds"), legend: "median" },
          { expr: quantile(0.95, "event_duration_seconds"), legend: "95th percentile" },
        ],
      },
      {
        title: "Lag of queues",
        about: "How old messages were when they were taken.",
        unit: "s",
        queries: [{ expr: `max by (queue) (${own("queue_lag_seconds")})`, legend: "{{queue}}" }],
      },
      {
        title: "Journal entries not delivered",
        about: "By who follows it.",
        queries: [{ expr: `max by (follower) (${led(own("follower_lag_entries"))})`, legend: "{{follower}}" }],
      },
    ],
  },
  {
    title: "Processes",
    panels: [
      {
        title: "Failures of the store",
        about: "Attempts to read or write it, by replica.",
        unit: "reqps",
        queries: [
          {
            expr: `sum by (instance, operation) (${perSecond("store_failures_total")})`,
            legend: "{{instance}}: {{operation}}",
          },
        ],
      },
      {
        title: "Memory",
        about: "Resident, by replica.",
        unit: "bytes",
        queries: [{ expr: processOf("process_resident_memory_bytes"), legend: "{{instance}}" }],
      },
      {
        title: "Processor",
        about: "Cores, by replica.",
        queries: [
          {
            expr: `rate(process_cpu_seconds_total{${SELECTED}}[$__rate_interval]) and on (namespace, job, instance) ${own("build_info")}`,
            legend: "{{instance}}",
          },
        ],
      },
      {
        title: "Event loop",
        about: "99th percentile of its lag, by replica.",
        unit: "s",
        queries: [{ expr: processOf("nodejs_eventloop_lag_p99_seconds"), legend: "{{instance}}" }],
      },
    ],
  },
];

const DATASOURCE = { type: "prometheus", uid: "${datasource}" };
/** Of Grafana's grid. */
const WIDTH = 24;
const HEIGHT = { stat: 4, timeseries: 8 };

function panelOf({ title, about, kind = "timeseries", unit = "short", queries }: Panel, id: number, place: object) {
  return {
    id,
    type: kind,
    title,
    description: about,
    datasource: DATASOURCE,
    gridPos: place,
    fieldConfig: { defaults: { unit, min: unit === "s" ? undefined : 0 }, overrides: [] },
    options:
      kind === "stat"
        ? { reduceOptions: { calcs: ["lastNotNull"], fields: "", values: false }, colorMode: "none" }
        : { legend: { displayMode: "list", placement: "bottom" }, tooltip: { mode: "multi", sort: "desc" } },
    targets: queries.map(({ expr, legend }, index) => ({
      refId: String.fromCodePoint(65 + index),
      datasource: DATASOURCE,
      expr,
      legendFormat: legend,
    })),
  };
}

function panels(): readonly object[] {
  let [id, y] = [0, 0];
  return ROWS.flatMap(({ title, panels: members }) => {
    const heading = {
      id: (id += 1),
      type: "row",
      title,
      collapsed: false,
      panels: [],
      gridPos: { x: 0, y, w: WIDTH, h: 1 },
    };
    y += 1;
    const kind = members[0]?.kind ?? "timeseries";
    const across = kind === "stat" ? members.length : members.length % 3 === 0 ? 3 : 2;
    const [w, h] = [WIDTH / across, HEIGHT[kind]];
    const made = members.map((panel, index) =>
      panelOf(panel, (id += 1), { x: (index % across) * w, y: y + Math.floor(index / across) * h, w, h }),
    );
    y += Math.ceil(members.length / across) * h;
    return [heading, ...made];
  });
}

const variable = (name: string, label: string, query: string): object => ({
  name,
  label,
  type: "query",
  datasource: DATASOURCE,
  query: { query, refId: name },
  definition: query,
  refresh: 2,
  includeAll: true,
  multi: true,
  // Series without the label too.
  allValue: ".*",
  current: { selected: true, text: ["All"], value: ["$__all"] },
});

/** Grafana's classic model, which every release imports. */
export function dashboard(): object {
  return {
    uid: "executor-registry",
    title: "Executor registry",
    description:
      "The executor registry service: answers, sources, images, events. Made by deploy/monitoring/dashboard.ts.",
    tags: ["executor-registry", "kubernetes"],
    schemaVersion: 39,
    version: 1,
    editable: true,
    graphTooltip: 1,
    refresh: "30s",
    time: { from: "now-6h", to: "now" },
    timezone: "",
    annotations: { list: [] },
    links: [],
    templating: {
      list: [
        { name: "datasource", label: "Data source", type: "datasource", query: "prometheus", refresh: 1, current: {} },
        variable("namespace", "Namespace", "label_values(executor_registry_build_info, namespace)"),
        variable("job", "Job", 'label_values(executor_registry_build_info{namespace=~"$namespace"}, job)'),
      ],
    },
    panels: panels(),
  };
}
