import type { Outgoing } from "../../http/exchange.ts";
import { VERSION } from "../../tools/version.ts";
import type { ApiRequest } from "./api.ts";

/** Puts a call into HTTP's terms, but for the way to the server and credentials. */
export function outgoingOf(method: string, path: string, options: ApiRequest): Omit<Outgoing, "server"> {
  const search = new URLSearchParams();
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) search.set(name, String(value));
  }
  const headers = {
    ...options.headers,
    accept: "application/json",
    // Watches are many small writes on a near link: decompressing costs more than it saves.
    "accept-encoding": "identity",
    "user-agent": `executor-registry/${VERSION}`,
  };
  const whole = { method, path: search.size === 0 ? path : `${path}?${search.toString()}` };
  if (options.body === undefined) return { ...whole, headers };
  const body = JSON.stringify(options.body);
  const contentType = options.contentType ?? "application/json";
  return {
    ...whole,
    headers: { ...headers, "content-type": contentType, "content-length": String(Buffer.byteLength(body)) },
    body,
  };
}
