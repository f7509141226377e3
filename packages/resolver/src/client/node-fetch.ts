import { Agent as HttpsAgent } from "node:https";
import { exchange, http } from "../http/exchange.ts";
import type { ServiceFetch } from "./request.ts";

/**
 * Requests by Node's own HTTP client. `fetch` takes 40 ms to load, and gives up after five minutes without an answer's head, which is
 * less than a scan may take that is waited for.
 */
export function nodeFetch(): { readonly fetch: ServiceFetch; close(): void } {
  const [plain, secure] = [new http.Agent({ keepAlive: true }), new HttpsAgent({ keepAlive: true })];
  return {
    async fetch(url, { method, headers, body, signal }) {
      const agent = url.protocol === "https:" ? secure : plain;
      const sent = body === undefined ? {} : { body };
      const outgoing = { server: url, method, path: `${url.pathname}${url.search}`, headers, agent, ...sent };
      const response = await exchange(outgoing, signal);
      const get = (name: string): string | null => response.headers[name]?.toString() ?? null;
      return { status: response.statusCode ?? 0, headers: { get }, body: response };
    },
    close() {
      plain.destroy();
      secure.destroy();
    },
  };
}
