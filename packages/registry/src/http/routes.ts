import { z } from "zod";
import type { Catalogue } from "../catalogue/catalogue.ts";
import { render } from "../catalogue/snapshot.ts";
import type { Scanning } from "../scan/scanner.ts";
import type { ScanReport } from "../scan/source-scan.ts";
import { healthRoutes, type HealthOptions } from "./health-routes.ts";
import { journalRoute } from "./journal-route.ts";
import { Fields } from "./fields.ts";
import { json, route, type Route } from "./route.ts";
import { Candidate, Executor, Problem, ScanReportShape, TypeName, UnreadTag, Version } from "./schemas.ts";
import { listExecutors } from "./list-executors.ts";
import { type Evidence, notLookedAt, notReady, unknownType } from "./unknown-type.ts";
import { listVersions } from "./list-versions.ts";

/** What the API answers from. */
export interface ApiOptions extends HealthOptions, Evidence {
  readonly catalogue: Catalogue;
  readonly scanner: Scanning;
}

const Limit = z.coerce.number().int().min(1).max(1000);

/** Every operation of the API but events, webhooks and metrics, which are no JSON. */
export function apiRoutes(options: ApiOptions): readonly Route[] {
  const { catalogue, scanner } = options;
  return [
    route({
      method: "GET",
      path: "/executors",
      id: "listExecutors",
      summary: "Every executor type's current image",
      description: "An object keyed by type. With `limit` in pages; `Link: rel=next` leads to the next.",
      role: "reader",
      query: z.strictObject({
        capability: z.string().min(1).max(63).optional().meta({ description: "Only executors that can do this" }),
        fields: Fields.optional(),
        limit: Limit.optional(),
        after: TypeName.optional().meta({ description: "Only types that come after this one" }),
      }),
      answers: {
        200: {
          description:
            "By type; with `fields` only these members. The header `X-Executor-Incomplete` names sources that were not looked at yet",
          schema: z.record(z.string(), Executor),
        },
        503: { description: "Nothing is known yet", schema: Problem },
      },
      handle({ query }) {
        const notYet = notLookedAt(options.health());
        if (notYet !== undefined && catalogue.snapshot.size === 0) throw notReady("which executors there are", notYet);
        const answer = listExecutors(catalogue.snapshot, query);
        if (notYet === undefined) return answer;
        return { ...answer, headers: { ...answer.headers, "x-executor-incomplete": `not looked at yet: ${notYet}` } };
      },
    }),
    route({
      method: "GET",
      path: "/executors/{type}",
      id: "getExecutor",
      summary: "The image that a type means right now",
      role: "reader",
      params: z.object({ type: TypeName }),
      query: z.strictObject({
        subject: z.string().min(1).max(256).optional().meta({
          description: "A run id or tenant that shall always see one version. Accepted; rollouts will use it.",
        }),
        fields: Fields.optional(),
      }),
      answers: {
        200: { description: "The resolution", schema: Executor },
        404: { description: "No admitted image of this type; with near misses", schema: Problem },
        503: { description: "Not every source was looked at yet, and the type is not known so far", schema: Problem },
      },
      handle({ params: { type }, query: { fields } }) {
        const { snapshot } = catalogue;
        const rendered = snapshot.executor(type);
        const document = snapshot.document(type);
        if (rendered === undefined || document === undefined) throw unknownType(type, options);
        return {
          kind: "rendered",
          rendered: fields === undefined ? rendered : render(snapshot.text(type, new Set(fields))),
          headers: { "x-executor-subject": "ignored" },
        };
      },
    }),
    route({
      method: "GET",
      path: "/executors/{type}/versions",
      id: "listVersions",
      summary: "Every image of a type that was ever found, newest first, with what the checks say of it",
      role: "reader",
      params: z.object({ type: TypeName }),
      query: z.strictObject({
        state: z.enum(["admitted", "rejected", "pending", "withdrawn"]).optional(),
        limit: Limit.default(100),
        offset: z.coerce.number().int().min(0).default(0),
      }),
      answers: {
        200: {
          description: "The versions",
          schema: z.object({
            type: z.string(),
            total: z.number(),
            versions: z.array(Version),
            unread: z.array(UnreadTag).optional().meta({
              description: "On the first page: tags of the type's repositories that could not be read, at most 500",
            }),
            unreadTotal: z.number().optional().meta({ description: "How many such tags there are" }),
            candidates: z.array(Candidate).optional().meta({
              description: "Where the type is answered from a cluster: what could be meant there, the best 20 first",
            }),
          }),
        },
        404: { description: "No image of this type was ever found", schema: Problem },
        503: { description: "Not every source was looked at yet, and the type is not known so far", schema: Problem },
      },
      handle({ params: { type }, query }) {
        const known = catalogue.view(type);
        const live = catalogue.snapshot.document(type)?.live;
        if (known === undefined && live === undefined) throw unknownType(type, options);
        return listVersions(type, known, live?.candidates, query);
      },
    }),
    route({
      method: "POST",
      path: "/executors/refresh",
      id: "refresh",
      summary: "Look at the registries now",
      description:
        "Calls that come before a scan starts share it. With `type`, every tag of that type's repositories is looked up " +
        "again, also those that nobody should have moved. With `wait=true` the answer comes when the scan has ended.",
      role: "dispatcher",
      query: z.strictObject({ type: TypeName.optional(), wait: z.enum(["true", "false"]).default("false") }),
      answers: {
        200: { description: "What the scans found", schema: z.object({ scans: z.array(ScanReportShape) }) },
        202: { description: "The scan will begin", schema: z.object({ accepted: z.boolean() }) },
      },
      async handle({ query: { type, wait }, principal }) {
        const reason = { actor: principal.name, why: type === undefined ? "refresh" : `refresh of ${type}` };
        const scans = type === undefined ? scanner.refresh(reason) : scanner.refreshType(type, reason);
        if (wait === "true") return json({ scans: (await scans).map(reportDocument) });
        scans.catch((error: unknown) => options.log.error({ err: error }, "a refresh could not be taken in"));
        return json({ accepted: true }, 202);
      },
    }),
    journalRoute(catalogue),
    ...healthRoutes(options),
  ];
}

const reportDocument = ({ source, repositories, changes, unread, requests, complete, ...more }: ScanReport) => ({
  source,
  repositories,
  changes,
  unread,
  requests,
  complete,
  incomplete: more.incomplete,
  progress: more.progress,
  ...(more.problem === undefined ? {} : { problem: { code: more.problem.code, message: more.problem.message } }),
});
