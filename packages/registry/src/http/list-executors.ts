import type { ExecutorDocument } from "@executor-registry/resolver";
import { render, type Snapshot } from "../catalogue/snapshot.ts";
import { withFields } from "./fields.ts";
import type { Answer } from "./route.ts";

interface ListQuery {
  readonly capability?: string | undefined;
  readonly fields?: readonly (keyof ExecutorDocument)[] | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** All executors, or those with a capability; whole or some members of each; all at once or a page. */
export function listExecutors(snapshot: Snapshot, { capability, fields, limit, after }: ListQuery): Answer {
  if (fields === undefined && limit === undefined && after === undefined) {
    return { kind: "rendered", rendered: snapshot.list(capability) };
  }
  const wanted = snapshot
    .types()
    .filter((type) => capability === undefined || snapshot.document(type)?.capabilities.includes(capability))
    .filter((type) => after === undefined || type > after);
  const page = wanted.slice(0, limit);
  const members = page.map((type) => `${JSON.stringify(type)}:${textOf(snapshot, type, fields)}`);
  const rendered = render(`{${members.join(",")}}`);
  const last = page.at(-1);
  if (last === undefined || page.length === wanted.length) return { kind: "rendered", rendered };
  const next = new URLSearchParams({
    ...(capability && { capability }),
    ...(fields && { fields: fields.join(",") }),
    limit: String(limit),
    after: last,
  });
  return { kind: "rendered", rendered, headers: { link: `</executors?${next.toString()}>; rel="next"` } };
}

function textOf(snapshot: Snapshot, type: string, fields: ListQuery["fields"]): string {
  const document = snapshot.document(type);
  if (fields !== undefined && document !== undefined) return withFields(document, fields);
  return snapshot.executor(type)?.body.toString() ?? "null";
}
