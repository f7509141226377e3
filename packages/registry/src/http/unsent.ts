import type { ServerResponse } from "node:http";

/** Bytes of answers that their callers have not taken yet, of all together. */
const MAX_UNSENT_BYTES = 64 << 20;

/**
 * Bounds what answers hold in memory while their callers do not take them: when all are too many bytes, those that were made first, whose
 * callers are the slowest, are cut off. A body that several are sent counts once.
 */
export function createUnsent(maxBytes = MAX_UNSENT_BYTES): (response: ServerResponse, body: string | Buffer) => void {
  /** In the order of their making. */
  const responses = new Map<ServerResponse, object>();
  const bodies = new Map<object, { readonly bytes: number; holders: number }>();
  let all = 0;

  const forget = (response: ServerResponse): void => {
    const key = responses.get(response);
    const body = key && bodies.get(key);
    if (key === undefined || body === undefined) return;
    responses.delete(response);
    body.holders -= 1;
    if (body.holders > 0) return;
    bodies.delete(key);
    all -= body.bytes;
  };

  return (response, body) => {
    const key = typeof body === "string" ? response : body;
    const known = bodies.get(key);
    if (known === undefined) {
      bodies.set(key, { bytes: body.length, holders: 1 });
      all += body.length;
    } else known.holders += 1;
    responses.set(response, key);
    response.once("close", () => forget(response));
    for (const slowest of responses.keys()) {
      if (all <= maxBytes || slowest === response) break;
      forget(slowest);
      slowest.destroy();
    }
  };
}
