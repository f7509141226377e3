import { once } from "node:events";
import type { ServerResponse } from "node:http";

/** One line of the answer to a Job: how far it is, a line of its log, or how it ended. */
export type JobEvent =
  | { readonly status: string }
  | { readonly log: string }
  | { readonly image: string; readonly result: object };

/** Sends one event as a line of JSON, no faster than the caller reads. A caller that has left misses it. */
export async function sendEvent(response: ServerResponse, event: JobEvent): Promise<void> {
  if (response.destroyed) return;
  if (!response.headersSent) response.writeHead(200, { "content-type": "application/x-ndjson" });
  if (response.write(`${JSON.stringify(event)}\n`)) return;
  const settled = new AbortController();
  const { signal } = settled;
  await Promise.race([once(response, "drain", { signal }), once(response, "close", { signal })]);
  settled.abort();
}
