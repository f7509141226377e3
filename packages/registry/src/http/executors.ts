import type { RefreshResult, ScanReportDocument } from "@executor-registry/resolver/internal";
import type { z } from "zod";
import { render } from "../choice/snapshot.ts";
import type { ScanReport } from "../scan/source-scan.ts";
import type { Api } from "./api.ts";
import { listExecutors } from "./list-executors.ts";
import { listVersions } from "./list-versions.ts";
import { type Answer, type Call, json } from "./operation.ts";
import type {
  ExecutorQuery,
  ExecutorsQuery,
  RefreshQuery,
  TypeParams,
  VersionParams,
  VersionsQuery,
} from "./queries.ts";
import { notLookedAt, notReady, unknownType } from "../choice/unknown-type.ts";
import { problemFields } from "../logs/problem-fields.ts";

type Params = z.output<typeof TypeParams>;

export function answerExecutors(
  { query }: Call<unknown, z.output<typeof ExecutorsQuery>>,
  { choices: { snapshot }, inForce }: Api,
): Answer<"bytes"> {
  const notYet = notLookedAt(inForce().health());
  if (notYet !== undefined && snapshot.size === 0) throw notReady("which executors there are", notYet);
  const answer = listExecutors(snapshot, query);
  if (notYet === undefined) return answer;
  return { ...answer, headers: { ...answer.headers, "x-executor-incomplete": `not looked at yet: ${notYet}` } };
}

/** What the read path has not answered. */
export function answerExecutor(
  { params: { type }, query: { fields } }: Call<Params, z.output<typeof ExecutorQuery>>,
  api: Api,
): Answer<"bytes"> {
  const { snapshot } = api.choices;
  const rendered = snapshot.executor(type);
  if (rendered === undefined) throw unknownType(type, api.choices, api.inForce());
  const { body, etag } = fields === undefined ? rendered : render(snapshot.text(type, new Set(fields)));
  return { kind: "bytes", body, etag, headers: { "x-executor-subject": "ignored" } };
}

export function answerVersions(
  { params: { type }, query }: Call<Params, z.output<typeof VersionsQuery>>,
  api: Api,
): Answer<"json"> {
  const known = api.choices.view(type);
  const live = api.choices.snapshot.document(type)?.live;
  if (known === undefined && live === undefined) throw unknownType(type, api.choices, api.inForce());
  return listVersions(type, known, live?.candidates, query);
}

/** What CI posts after it has scanned an image. */
export async function postReport(
  { params: { type, digest }, body, principal, signal }: Call<z.output<typeof VersionParams>, unknown, Buffer>,
  { inForce }: Api,
): Promise<Answer<"json">> {
  return json(await inForce().receiveReport({ type, digest, bytes: body, actor: principal.name }, signal), 202);
}

export async function refresh(
  { query: { type, wait }, principal, requestId, span }: Call<unknown, z.output<typeof RefreshQuery>>,
  { inForce, log }: Api,
): Promise<Answer<"json">> {
  const { scanner } = inForce();
  span?.set({ type });
  const why = type === undefined ? "refresh" : `refresh of ${type}`;
  const reason = { actor: principal.name, why, ...(span && { span }) };
  const scans = type === undefined ? scanner.refresh(reason) : scanner.refreshType(type, reason);
  if (wait === "true") {
    const result: RefreshResult = { scans: (await scans).map(scanReportDocument) };
    return json(result);
  }
  scans.catch((error: unknown) =>
    log.error({ ...problemFields(error), requestId, ...span?.ids }, "what a refresh found could not be recorded"),
  );
  const result: RefreshResult = { accepted: true };
  return json(result, 202);
}

function scanReportDocument({ problem, ...report }: ScanReport): ScanReportDocument {
  const { source, repositories, changes, unread, requests, complete, incomplete, progress } = report;
  return {
    source,
    repositories,
    changes,
    unread,
    requests,
    complete,
    incomplete,
    progress,
    ...(problem && { problem: { code: problem.code, message: problem.message } }),
  };
}
