import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "../packages/resolver/src/clock.ts";
import type { Credentials } from "../packages/resolver/src/kubernetes/access.ts";
import type { KubernetesApi } from "../packages/resolver/src/kubernetes/api.ts";
import { httpsApi } from "../packages/resolver/src/kubernetes/https-api.ts";

/** A request as it came. */
interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Speaks enough list and watch for faults that a real API server cannot be told to produce. Serves one collection at every path. */
export interface KubernetesServer extends AsyncDisposable {
  readonly url: URL;
  /** A client of it. */
  api(clock?: Clock): KubernetesApi;
  readonly requests: readonly SeenRequest[];
  /** Resolves when the `n`-th request (from 1) has come. */
  seen(n: number): Promise<SeenRequest>;
  /** Creates or changes an object, and tells the watches. Returns the object's new resourceVersion. */
  put(name: string, fields?: object): string;
  remove(name: string): void;
  bookmark(): string;
  /** Sends bytes as they are into every open watch. */
  raw(bytes: Buffer | string): void;
  /** Ends every open watch cleanly. */
  end(): void;
  /** Cuts every connection. */
  drop(): void;
  /** Forgets history: continue tokens and watches from before get 410; open watches get an ERROR event. */
  expire(): void;
  /** Answers the next requests that `match` (default all) with a status until `accept()`; 0 leaves them without an answer. */
  refuse(status: number, options?: RefuseOptions): void;
  accept(): void;
}

interface RefuseOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly match?: (request: SeenRequest) => boolean;
}

/** Starts the double on a free loopback port. */
export async function kubernetesServer(): Promise<KubernetesServer> {
  const objects = new Map<string, object>();
  const history: { readonly version: number; readonly line: string }[] = [];
  const watches = new Set<ServerResponse>();
  const requests: SeenRequest[] = [];
  const arrivals = new EventEmitter();
  let version = 100;
  let oldest = 0;
  let refusal: { match(request: SeenRequest): boolean; answer(response: ServerResponse): void } | undefined;

  const status = (code: number, reason: string): object => ({ kind: "Status", code, reason, message: "made up" });
  const tell = (type: string, object: object): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ version, line });
    for (const watch of watches) watch.write(line);
  };
  const json = (response: ServerResponse, code: number, body: object): void => {
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

  const list = (query: URLSearchParams, response: ServerResponse): void => {
    const [at = version, from = 0] = (query.get("continue")?.split(":") ?? []).map(Number);
    if (at < oldest) return json(response, 410, status(410, "Expired"));
    const limit = Number(query.get("limit") ?? objects.size);
    const items = [...objects.values()].slice(from, from + limit);
    const more = from + limit < objects.size ? { continue: `${at}:${from + limit}` } : {};
    json(response, 200, { kind: "List", metadata: { resourceVersion: String(at), ...more }, items });
  };
  const watch = (query: URLSearchParams, response: ServerResponse): void => {
    const from = Number(query.get("resourceVersion"));
    if (from < oldest) return json(response, 410, status(410, "Expired"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const event of history) if (event.version > from) response.write(event.line);
    watches.add(response);
    response.once("close", () => watches.delete(response));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://double");
    const seen: SeenRequest = { path: url.pathname, query: url.searchParams };
    requests.push(seen);
    if (refusal?.match(seen)) refusal.answer(response);
    else if (url.searchParams.get("watch") === "true") watch(url.searchParams, response);
    else list(url.searchParams, response);
    arrivals.emit("request");
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");

  const url = new URL(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const credentials = async (): Promise<Credentials> => ({ headers: {}, tls: {} });

  return {
    url,
    api: (clock) => httpsApi({ server: url, context: "double", namespace: "default", credentials }, clock),
    requests,
    async seen(n) {
      while (requests.length < n) await once(arrivals, "request");
      return requests[n - 1]!;
    },
    put(name, fields = {}) {
      version += 1;
      const object = { kind: "Thing", metadata: { name, resourceVersion: String(version) }, ...fields };
      tell(objects.has(name) ? "MODIFIED" : "ADDED", object);
      objects.set(name, object);
      return String(version);
    },
    remove(name) {
      version += 1;
      objects.delete(name);
      tell("DELETED", { kind: "Thing", metadata: { name, resourceVersion: String(version) } });
    },
    bookmark() {
      version += 1;
      tell("BOOKMARK", { kind: "Thing", metadata: { resourceVersion: String(version) } });
      return String(version);
    },
    raw: (bytes) => watches.forEach((watch) => watch.write(bytes)),
    end: () => watches.forEach((watch) => watch.end()),
    drop: () => server.closeAllConnections(),
    expire() {
      oldest = version += 1;
      for (const watch of watches) watch.end(`${JSON.stringify({ type: "ERROR", object: status(410, "Expired") })}\n`);
    },
    refuse(code, { headers, body = JSON.stringify(status(code, "Refused")), match = () => true } = {}) {
      refusal = { match, answer: (response) => code > 0 && response.writeHead(code, headers).end(body) };
    },
    accept() {
      refusal = undefined;
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}
