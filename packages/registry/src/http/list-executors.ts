import type { ExecutorDocument } from "@executor-registry/resolver";
import { type Need, needText } from "@executor-registry/resolver/internal";
import { placeAfter } from "../choice/type-index.ts";
import { render, type Snapshot } from "../choice/snapshot.ts";
import type { Answer } from "./operation.ts";

interface ListQuery {
  readonly capability?: readonly Need[] | undefined;
  readonly fields?: readonly (keyof ExecutorDocument)[] | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** All executors, or those that have some capabilities; whole or some members of each; all at once or a page. */
export function listExecutors(snapshot: Snapshot, { capability, fields, limit, after }: ListQuery): Answer<"bytes"> {
  const selected = fields && new Set<string>(fields);
  if (limit === undefined && after === undefined) {
    return { kind: "bytes", ...snapshot.list(capability, selected) };
  }
  const types = snapshot.types(capability);
  const start = after === undefined ? 0 : placeAfter(types, after);
  const page = types.slice(start, limit === undefined ? undefined : start + limit);
  const members = page.map((type) => `${JSON.stringify(type)}:${snapshot.text(type, selected)}`);
  const rendered = render(`{${members.join(",")}}`);
  const last = page.at(-1);
  if (last === undefined || start + page.length === types.length) return { kind: "bytes", ...rendered };
  const next = new URLSearchParams([
    ...(capability ?? []).map((need): [string, string] => ["capability", needText(need)]),
    ...(fields ? [["fields", fields.join(",")] satisfies [string, string]] : []),
    ["limit", String(limit)],
    ["after", last],
  ]);
  return { kind: "bytes", ...rendered, headers: { link: `</executors?${next.toString()}>; rel="next"` } };
}
