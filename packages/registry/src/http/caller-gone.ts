import type { ServerResponse } from "node:http";

/**
 * Aborts when the caller goes away before its answer was sent. Fastify's `request.signal` is something else: it also aborts once
 * a request's body was read.
 */
export function callerGone(response: ServerResponse): AbortSignal {
  const gone = new AbortController();
  const closed = (): void => {
    if (!response.writableFinished) gone.abort(new Error("the caller went away"));
  };
  if (response.destroyed) closed();
  else response.once("close", closed);
  return gone.signal;
}
