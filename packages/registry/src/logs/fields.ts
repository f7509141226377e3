/** What a field holds. `list`: texts, or objects. */
type FieldKind = "text" | "number" | "list" | "object";

interface LogField {
  readonly kind: FieldKind;
  readonly meaning: string;
}

const text = (meaning: string): LogField => ({ kind: "text", meaning });
const number = (meaning: string): LogField => ({ kind: "number", meaning });
const list = (meaning: string): LogField => ({ kind: "list", meaning });
const object = (meaning: string): LogField => ({ kind: "object", meaning });

/** Every field of a line of the log, with the one thing that it means. docs/logs.md is made from it. */
export const LOG_FIELDS = {
  level: text("`debug`, `info`, `warn`, `error` or `fatal`"),
  time: text("When, in UTC: RFC 3339"),
  msg: text("What happened, as a sentence"),
  code: text("The error's [code](errors.md), or the [warning's](#warnings); `internal` for a mistake in the service"),
  problem: text("What is wrong, as a sentence, where `msg` says what follows from it"),
  err: object("An error that is none of the service's own, with its stack"),
  requestId: text("The request, as in its answer's `X-Request-Id`"),
  traceId: text("The trace that it is part of, in hex, where [tracing](server.md#traces) is on"),
  spanId: text("The span within it"),
  source: text("A source, as the configuration names it"),
  type: text("An executor type"),
  repository: text("A repository with its registry: `registry.example.com/team/executor-ml`"),
  digest: text("The digest of an image"),
  tag: text("A tag, the first of several"),
  webhook: text("A webhook, as the configuration names it"),
  queue: text("A queue, as the configuration names it"),
  follower: text("A forwarding or a notification, as the configuration names it"),
  kind: text("Its kind, as in the configuration"),
  store: text("The store, without secrets"),
  host: text("Another service, with its port where it has one"),
  hosts: list("Hosts that events name and no source has"),
  url: text("An address: where the service listens, or that of the Kubernetes API"),
  path: text("A path of the Kubernetes API"),
  namespace: text("A namespace of the cluster"),
  configMap: text("A ConfigMap"),
  file: text("The configuration's file"),
  settings: list("Settings of the configuration, by their first name"),
  mistakes: list("Mistakes of the configuration: `path`, `message`, `line`"),
  actor: text("Who wanted it: a caller, `webhook:NAME`, `queue:NAME`, `source:NAME` or `system`"),
  why: text("What it was done for"),
  since: text("Since when, in UTC: RFC 3339"),
  task: text("A task of the service that goes on by itself"),
  replica: text("This replica, as the others see it"),
  leader: text("The replica that leads"),
  audience: text("The audience that tokens must be for"),
  method: text("The request's method"),
  route: text("Its path, with parameters by their names"),
  status: number("The HTTP status, answered here or by another service"),
  ms: number("How long it took, or until it is tried again, in milliseconds"),
  renewedMsAgo: number("How long ago the lease was renewed, in milliseconds"),
  failures: number("How often it has failed, in a row"),
  sequence: number("An entry of the journal"),
  cursor: number("The entry that a follower had read"),
  change: text("The kind of an entry's change"),
  entry: object("An entry of the journal, where it is [forwarded](audit.md) into the log"),
  missing: number("Entries that the store lacks"),
  executors: number("Executor types that are answered"),
  hints: number("What an event, or several messages of a queue, said"),
  repositories: number("Repositories that are looked at, or were"),
  repositoriesRead: number("Of these, how many have been read"),
  tags: number("Tags to look up, so far"),
  tagsRead: number("Of these, how many have been"),
  unread: number("Tags that could not be read"),
  changes: number("Entries that were written"),
  requests: number("Requests to the registry"),
  objects: number("Objects of the cluster"),
  nodes: number("Nodes of the cluster"),
  leftOut: number("Repositories that no reference can name"),
  names: list("The first of them"),
  poisoned: number("Messages of the queue that were no events, since the start"),
  messageId: text("The queue's own name of a message"),
  lost: number("Spans that could not be sent"),
  affected: number("Executor types whose current version changes"),
  unchanged: number("Those whose does not"),
  versions: list("What changes: `TYPE: BEFORE → AFTER`"),
} as const satisfies Readonly<Record<string, LogField>>;

const HOLDS: Readonly<Record<FieldKind, (value: unknown) => boolean>> = {
  text: (value) => typeof value === "string",
  number: (value) => typeof value === "number",
  list: Array.isArray,
  object: (value) => typeof value === "object" && value !== null && !Array.isArray(value),
};

/** What is wrong with a line of the log: fields that are not known, or hold something else; an error without its code. */
export function oddFields(line: Readonly<Record<string, unknown>>): readonly string[] {
  const fields: Readonly<Record<string, LogField>> = LOG_FIELDS;
  const odd = Object.entries(line).flatMap(([name, value]) => {
    const field = Object.hasOwn(fields, name) ? fields[name] : undefined;
    if (field === undefined) return [`${name} is no field of the log`];
    return HOLDS[field.kind](value) ? [] : [`${name} is not of kind ${field.kind}`];
  });
  const failed = "err" in line || "problem" in line;
  return failed && !("code" in line) ? [...odd, "it has a problem and no code"] : odd;
}
