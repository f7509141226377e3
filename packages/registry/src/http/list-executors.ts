import { render, type Snapshot } from "../catalogue/snapshot.ts";
import type { Answer } from "./route.ts";

interface ListQuery {
  readonly capability?: string | undefined;
  readonly limit?: number | undefined;
  readonly after?: string | undefined;
}

/** All executors, or those with a capability; whole, or a page. */
export function listExecutors(snapshot: Snapshot, { capability, limit, after }: ListQuery): Answer {
  if (limit === undefined && after === undefined) return { kind: "rendered", rendered: snapshot.list(capability) };
  const wanted = snapshot
    .types()
    .filter((type) => capability === undefined || snapshot.document(type)?.capabilities.includes(capability))
    .filter((type) => after === undefined || type > after);
  const page = wanted.slice(0, limit);
  const last = page.at(-1);
  const members = page.map((type) => `${JSON.stringify(type)}:${snapshot.executor(type)?.body.toString()}`);
  const rendered = render(`{${members.join(",")}}`);
  if (last === undefined || page.length === wanted.length) return { kind: "rendered", rendered };
  const next = new URLSearchParams({ ...(capability && { capability }), limit: String(limit), after: last });
  return { kind: "rendered", rendered, headers: { link: `</executors?${next.toString()}>; rel="next"` } };
}
