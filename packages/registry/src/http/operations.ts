import { type HealthDocument, SERVICE_OPERATIONS, type ServiceOperation } from "@executor-registry/resolver/internal";
import { z } from "zod";
import { WEBHOOK_KINDS } from "../webhooks/kinds.ts";
import type { Api } from "./api.ts";
import { answerExecutor, answerExecutors, answerVersions, postReport, refresh } from "./executors.ts";
import { EXPORTS } from "./export-journal.ts";
import { listCheckpoints, listJournal } from "./list-journal.ts";
import { ThrottledError } from "./minute-limit.ts";
import { type Answer, type Call, json, operation, type Operation } from "./operation.ts";
import {
  CheckpointsQuery,
  ExecutorQuery,
  ExecutorsQuery,
  JournalQuery,
  RefreshQuery,
  TypeParams,
  VersionParams,
  VersionsQuery,
  WebhookParams,
  WebhookTokenParams,
} from "./queries.ts";
import { receiveEvent } from "./receive-event.ts";
import { SELECTION_ROWS } from "./selection-operations.ts";
import { VERSION_OPERATIONS } from "./version-operations.ts";
import {
  Accepted,
  CheckpointsPage,
  EventAccepted,
  Executor,
  ExecutorEvent,
  Health,
  JournalPage,
  Liveness,
  Problem,
  Readiness,
  RefreshScans,
  ReportReceived,
  VersionsPage,
} from "./schemas.ts";

/** Clients know these by the contract. */
const known = ({ id, method, path }: ServiceOperation) => ({ id, method, path });

const NOT_LOOKED_AT = {
  description: "Not every source was looked at yet, and the type is not known so far",
  schema: Problem,
};

const event = {
  summary: "An event of a container registry",
  description:
    "The name is the configuration's, which also says how the sender is recognised: by a header, a signature, or a token as one more " +
    "segment of the path. An event is a hint: the repositories it names are looked at, and nothing it says is believed. " +
    `Kinds of senders: ${WEBHOOK_KINDS.join(", ")}.`,
  kind: "json",
  rate: "refused-events",
  body: { media: "any", description: "As the sender's kind sends it", maxBytes: 1 << 20, schema: z.instanceof(Buffer) },
  answers: {
    200: { description: "The answer to a handshake of the sender" },
    202: { description: "Accepted; `accepted` repositories will be looked at", schema: EventAccepted },
    400: { description: "Not an event of this sender", schema: Problem },
    401: { description: "The request does not prove that it is from this sender", schema: Problem },
    404: { description: "No such webhook", schema: Problem },
    429: { description: "Too many refused events from this address", schema: Problem },
  },
} as const;
const handshake = {
  ...event,
  summary: "A sender's question whether it may send events",
  description: "Senders of CloudEvents, Azure Event Grid among them, ask before they send the first event.",
} as const;

/** Every operation of the service. Routing, access, limits, `/openapi.json` and `/docs` are made from this table. */
export const OPERATIONS: readonly Operation[] = [
  operation({
    ...known(SERVICE_OPERATIONS.listExecutors),
    summary: "Every executor type's current image",
    description: "An object keyed by type. With `limit` in pages; `Link: rel=next` leads to the next.",
    role: "reader",
    query: ExecutorsQuery,
    kind: "bytes",
    answers: {
      200: {
        description:
          "By type; with `fields` only these members. The header `X-Executor-Incomplete` names sources that were not looked at yet",
        schema: z.record(z.string(), Executor),
      },
      503: { description: "Nothing is known yet", schema: Problem },
    },
    handle: answerExecutors,
  }),
  operation({
    ...known(SERVICE_OPERATIONS.getExecutor),
    summary: "The image that a type means right now",
    role: "reader",
    params: TypeParams,
    query: ExecutorQuery,
    kind: "bytes",
    answers: {
      200: { description: "The resolution", schema: Executor },
      404: { description: "No admitted image of this type; with near misses", schema: Problem },
      503: NOT_LOOKED_AT,
    },
    handle: answerExecutor,
  }),
  operation({
    ...known(SERVICE_OPERATIONS.listVersions),
    summary: "Every image of a type that was ever found, newest first, with the verdicts of the checks",
    role: "reader",
    params: TypeParams,
    query: VersionsQuery,
    kind: "json",
    answers: {
      200: { description: "The versions", schema: VersionsPage },
      404: { description: "No image of this type was ever found", schema: Problem },
      503: NOT_LOOKED_AT,
    },
    handle: answerVersions,
  }),
  operation({
    id: "postReport",
    method: "POST",
    path: "/executors/{type}/versions/{digest}/report",
    summary: "A report of a scan of an image",
    description:
      "Trivy's or Grype's JSON of an image, or cosign's vulnerability predicate around one. It is taken where its image ID or its repository " +
      "digests name this image, or one of those that an index names; the worst of it is written into the journal, and the image is judged again. " +
      "It counts where a policy's `vulnerabilities` have the provider `posted`.",
    role: "operator",
    rate: "writes",
    params: VersionParams,
    body: { media: "any", description: "As the scanner writes it", maxBytes: 10 << 20, schema: z.instanceof(Buffer) },
    kind: "json",
    answers: {
      202: { description: "Written down; the image will be judged", schema: ReportReceived },
      400: { description: "No report of a known format, or of another image", schema: Problem },
      404: { description: "The type has no such image now", schema: Problem },
    },
    handle: postReport,
  }),
  ...VERSION_OPERATIONS,
  ...SELECTION_ROWS,
  operation({
    ...known(SERVICE_OPERATIONS.refresh),
    summary: "Look at the container registries now",
    description:
      "Calls that come before a scan starts share it. With `type`, every tag of that type's repositories is looked up " +
      "again, also those that are expected never to move. With `wait=true` the answer comes when the scan has ended.",
    role: "dispatcher",
    rate: "writes",
    traced: true,
    query: RefreshQuery,
    kind: "json",
    answers: {
      200: { description: "What the scans found", schema: RefreshScans },
      202: { description: "The scan will begin", schema: Accepted },
    },
    handle: refresh,
  }),
  operation<unknown, z.output<typeof JournalQuery>, unknown, "json" | "lines">({
    ...known(SERVICE_OPERATIONS.listJournal),
    summary: "Every change, by whom and why, newest first",
    description:
      "Each entry's hash covers the entry and the hash before it; both are checked before an entry is answered, and one that does not " +
      "hold is an error that names it. `Link: rel=next` leads to the next page, which ends early where entries are large. " +
      "As NDJSON or CSV, all entries that match come in one answer, oldest first; an answer that breaks off is not complete.",
    otherMediaTypes: Object.values(EXPORTS).map(({ mediaType }) => mediaType),
    role: "reader",
    query: JournalQuery,
    kind: "json",
    answers: { 200: { description: "The entries", schema: JournalPage } },
    handle: listJournal,
  }),
  operation({
    id: "listCheckpoints",
    method: "GET",
    path: "/journal/checkpoints",
    summary: "Where the journal ended at times, signed, newest first",
    description: "A checkpoint is an entry of the journal. There are none without a key in the configuration.",
    role: "reader",
    query: CheckpointsQuery,
    kind: "json",
    answers: { 200: { description: "The checkpoints", schema: CheckpointsPage } },
    handle: listCheckpoints,
  }),
  operation({
    id: "events",
    method: "GET",
    path: "/events",
    summary: "Changes of answers, as server-sent events",
    description:
      "`executor` has a type's new image, and no image where the type cannot be resolved any more; `reset` asks the client to read again all that it keeps. A client " +
      "that comes back with `Last-Event-ID` gets what it missed. A comment comes every 15 seconds.",
    role: "reader",
    kind: "stream",
    answers: {
      200: { description: "The stream; the data of each event", schema: ExecutorEvent },
      429: { description: "Too many clients listen, in all or from this address", schema: Problem },
    },
    handle: listen,
  }),
  operation({
    ...event,
    id: "webhook",
    method: "POST",
    traced: true,
    path: "/webhooks/{name}",
    params: WebhookParams,
    handle: receiveEvent("POST"),
  }),
  operation({
    ...event,
    id: "webhookWithToken",
    method: "POST",
    traced: true,
    path: "/webhooks/{name}/{token}",
    params: WebhookTokenParams,
    handle: receiveEvent("POST"),
  }),
  operation({
    ...handshake,
    id: "webhookHandshake",
    method: "OPTIONS",
    path: "/webhooks/{name}",
    params: WebhookParams,
    handle: receiveEvent("OPTIONS"),
  }),
  operation({
    ...handshake,
    id: "webhookHandshakeWithToken",
    method: "OPTIONS",
    path: "/webhooks/{name}/{token}",
    params: WebhookTokenParams,
    handle: receiveEvent("OPTIONS"),
  }),
  operation({
    ...known(SERVICE_OPERATIONS.health),
    summary: "Health of the service and its sources",
    description:
      "`degraded`: it answers from what it knows, and a source cannot be read completely, a queue's events cannot be taken, or the journal is damaged. " +
      "Where `auth.health` asks for a token, the status alone needs none.",
    role: "reader",
    openBy: "health",
    withoutRole: statusOnly,
    kind: "json",
    answers: {
      200: { description: "The service answers", schema: Health },
      503: { description: "The service is starting or ending", schema: Health },
    },
    handle: (_call, { serviceHealth }) => healthAnswer(serviceHealth.report()),
  }),
  operation({
    id: "live",
    method: "GET",
    path: "/livez",
    summary: "Whether the process runs",
    kind: "json",
    answers: { 200: { description: "It runs", schema: Liveness } },
    handle: () => json({ status: "ok" }),
  }),
  operation({
    id: "ready",
    method: "GET",
    path: "/readyz",
    summary: "Whether the service is ready for requests",
    role: "reader",
    openBy: "health",
    withoutRole: statusOnly,
    kind: "json",
    answers: {
      200: { description: "It is ready", schema: Readiness },
      503: { description: "It is starting or ending", schema: Readiness },
    },
    handle: (_call, { serviceHealth }) => healthAnswer(serviceHealth.ready()),
  }),
  operation({
    id: "metrics",
    method: "GET",
    path: "/metrics",
    summary: "Measurements for Prometheus",
    role: "reader",
    openBy: "metrics",
    kind: "bytes",
    mediaType: "text/plain",
    answers: { 200: { description: "In Prometheus' text format", schema: z.string() } },
    async handle(_call, { metrics }) {
      return { kind: "bytes", body: await metrics.print(), headers: { "content-type": metrics.contentType } };
    },
  }),
  operation({
    id: "openApi",
    method: "GET",
    path: "/openapi.json",
    summary: "This API as an OpenAPI 3.1 document",
    kind: "bytes",
    answers: { 200: { description: "The document", schema: z.record(z.string(), z.unknown()) } },
    handle: (_call, { documents }) => ({ kind: "bytes", body: documents.openApi() }),
  }),
  apiPage("docs", "/docs", "This API as a page"),
  apiPage("home", "/", "The same page, for who opens the address of the service"),
];

function apiPage(id: string, path: string, summary: string): Operation {
  return operation({
    id,
    method: "GET",
    path,
    summary,
    kind: "page",
    headers: { "content-security-policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'" },
    answers: { 200: { description: "The page", schema: z.string() } },
    handle: (_call, { documents }) => ({ kind: "page", html: documents.page() }),
  });
}

const SERVING: ReadonlySet<string> = new Set<HealthDocument["status"]>(["ok", "degraded"]);

/** 503 while the service should not be asked. */
function healthAnswer(document: Pick<HealthDocument, "status" | "reason">): Answer<"json"> {
  return json(document, SERVING.has(document.status) ? 200 : 503);
}

/** What everybody may see: reasons name sources and hosts, and repeat what these said. */
function statusOnly({ status, body }: Answer<"json">): Answer<"json"> {
  return json({ status: (body as Pick<HealthDocument, "status">).status }, status);
}

/** Who finds no room asks instead; thousands that tried again at once would keep the service busy with refusing them. */
const LISTEN_AGAIN_S = 60;

function listen({ address, headers }: Call, { events }: Api): Answer<"stream"> {
  if (!events.makeRoom(address)) {
    const detail = `${events.size} clients listen already: no more are accepted, or no more from this address`;
    throw new ThrottledError(detail, LISTEN_AGAIN_S);
  }
  const { authorization, "last-event-id": lastId } = headers;
  const lastEventId = typeof lastId === "string" ? lastId : undefined;
  return { kind: "stream", open: (response) => events.open(response, { address, authorization, lastEventId }) };
}
