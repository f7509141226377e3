import { randomUUID } from "node:crypto";
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Access } from "../auth/access.ts";
import { type Freshness, JOURNAL_HEADER } from "./freshness.ts";
import type { Rendered } from "../choice/shares.ts";
import type { Snapshot } from "../choice/snapshot.ts";

/** Numbers that cost nothing to count. */
export interface ReadCounts {
  ok: number;
  notModified: number;
}

const PREFIX = "/executors/";

/** For every answer. TLS, and with it HSTS, is the ingress's. @see https://owasp.org/www-project-secure-headers/ */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  "x-content-type-options": "nosniff",
  "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
  "referrer-policy": "no-referrer",
};

/** Makes ids of requests that came without one: this process's own part, and a count. */
export function createRequestIds(): () => string {
  const process = randomUUID().slice(0, 8);
  let count = 0;
  return () => `${process}-${(count += 1)}`;
}

/** What every answer of a rendered document carries. `no-cache`: may be kept, must be asked about before each use. */
export function renderedHeaders(etag: string, openReads: boolean): Readonly<Record<string, string>> {
  return {
    "content-type": "application/json; charset=utf-8",
    etag,
    "cache-control": openReads ? "no-cache" : "private, no-cache",
    ...(openReads ? {} : { vary: "Authorization" }),
  };
}

/** Whether a caller has this rendering already. @see https://www.rfc-editor.org/rfc/rfc9110#name-if-none-match */
export function isCurrent(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch === etag || ifNoneMatch === "*") return true;
  return ifNoneMatch.split(",").some((tag) => tag.trim().replace(/^W\//, "") === etag);
}

/**
 * Answers what dispatchers ask all day, ahead of all routing: bytes rendered before, looked up by the URL as it came. Returns
 * whether it did; anything else (a query, an unknown type, a token seen for the first time) is left
 * to the routes, which say the same, more slowly.
 */
export function createReadPath(
  snapshot: Snapshot,
  access: Access,
  counts: ReadCounts,
  nextId: () => string,
  freshness?: Freshness,
) {
  const { openReads } = access;
  const common = Object.entries({
    ...SECURITY_HEADERS,
    "x-executor-subject": "ignored",
  });
  // A response's head is written at once from a flat list: the quickest way that node:http has. The id is its last part.
  const heads = new WeakMap<Rendered, string[]>();
  const headOf = (rendered: Rendered): string[] => {
    let head = heads.get(rendered);
    if (head === undefined) {
      const own = Object.entries(renderedHeaders(rendered.etag, openReads));
      const later = [...(freshness ? [[JOURNAL_HEADER, ""]] : []), ["x-request-id", ""]];
      head = [...own, ...common, ["content-length", String(rendered.body.length)], ...later].flat();
      heads.set(rendered, head);
    }
    return head;
  };

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    const { url = "", method, headers } = request;
    if (method !== "GET" || !url.startsWith(PREFIX)) return false;
    const rendered = snapshot.executor(url.slice(PREFIX.length));
    // Answers that say how old they are come from the routes.
    if (rendered === undefined || (freshness !== undefined && freshness.age > 0)) return false;
    if (!openReads && access.remembered(headers.authorization) === undefined) return false;
    const id = (headers["x-request-id"] as string | undefined) || nextId();
    if (isCurrent(headers["if-none-match"], rendered.etag)) {
      counts.notModified += 1;
      response.writeHead(304, {
        ...renderedHeaders(rendered.etag, openReads),
        ...SECURITY_HEADERS,
        ...(freshness && { [JOURNAL_HEADER]: freshness.journal ?? "" }),
        "x-request-id": id,
      });
      response.end();
      return true;
    }
    counts.ok += 1;
    // Written at once: the list can be used again.
    const head = headOf(rendered);
    head[head.length - 1] = id;
    if (freshness) head[head.length - 3] = freshness.journal ?? "";
    response.writeHead(200, head);
    response.end(rendered.body);
    return true;
  };
}
