import { EventEmitter, once } from "node:events";
import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { Clock } from "@executor-registry/resolver";
import type { Credentials } from "@executor-registry/resolver/internal";
import type { KubernetesApi } from "@executor-registry/resolver/kubernetes";
import { httpsApi } from "@executor-registry/resolver/internal";

/** A request as it came. */
interface SeenRequest {
  readonly path: string;
  readonly query: URLSearchParams;
}

/**
 * Speaks enough list and watch for faults that a real API server cannot be made to produce. Serves one collection at every
 * path, but for what is put into one by its name, and for documents.
 */
export interface KubernetesServer extends AsyncDisposable {
  readonly url: URL;
  /** A client of it. */
  api(clock?: Clock): KubernetesApi;
  readonly requests: readonly SeenRequest[];
  /** Resolves when the `n`-th request (from 1) has come. */
  seen(n: number): Promise<SeenRequest>;
  /**
   * Creates or changes an object, and sends it to the watches. Returns the object's new resourceVersion.
   * @param collection the last part of the paths it is served at, such as `cronjobs`; every path without it
   */
  put(name: string, fields?: object, collection?: string): string;
  remove(name: string, collection?: string): void;
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

/**
 * Starts the double on a free loopback port.
 * @param documents what it answers at single paths that are no collections, such as `/version`
 */
export async function kubernetesServer(documents: Readonly<Record<string, object>> = {}): Promise<KubernetesServer> {
  const objects = new Map<string, { readonly collection: string | undefined; readonly object: object }>();
  const history: { readonly version: number; readonly line: string; readonly collection: string | undefined }[] = [];
  const watches = new Map<ServerResponse, string>();
  const isAt = (collection: string | undefined, path: string): boolean =>
    collection === undefined || path.endsWith(`/${collection}`);
  const requests: SeenRequest[] = [];
  const arrivals = new EventEmitter();
  let version = 100;
  let oldest = 0;
  let refusal: { match(request: SeenRequest): boolean; answer(response: ServerResponse): void } | undefined;

  const status = (code: number, reason: string): object => ({ kind: "Status", code, reason, message: "made up" });
  const send = (type: string, object: object, collection?: string): void => {
    const line = `${JSON.stringify({ type, object })}\n`;
    history.push({ version, line, collection });
    for (const [watch, path] of watches) if (isAt(collection, path)) watch.write(line);
  };
  const json = (response: ServerResponse, code: number, body: object): void => {
    response.writeHead(code, { "content-type": "application/json" }).end(JSON.stringify(body));
  };

  const list = ({ path, query }: SeenRequest, response: ServerResponse): void => {
    const [at = version, from = 0] = (query.get("continue")?.split(":") ?? []).map(Number);
    if (at < oldest) return json(response, 410, status(410, "Expired"));
    const own = [...objects.values()].filter(({ collection }) => isAt(collection, path)).map(({ object }) => object);
    const limit = Number(query.get("limit") ?? own.length);
    const items = own.slice(from, from + limit);
    const more = from + limit < own.length ? { continue: `${at}:${from + limit}` } : {};
    json(response, 200, { kind: "List", metadata: { resourceVersion: String(at), ...more }, items });
  };
  const watch = ({ path, query }: SeenRequest, response: ServerResponse): void => {
    const from = Number(query.get("resourceVersion"));
    if (from < oldest) return json(response, 410, status(410, "Expired"));
    response.writeHead(200, { "content-type": "application/json" });
    response.flushHeaders();
    for (const event of history) if (event.version > from && isAt(event.collection, path)) response.write(event.line);
    watches.set(response, path);
    response.once("close", () => watches.delete(response));
  };

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://double");
    const seen: SeenRequest = { path: url.pathname, query: url.searchParams };
    requests.push(seen);
    const document = documents[seen.path];
    if (refusal?.match(seen)) refusal.answer(response);
    else if (document) json(response, 200, document);
    else if (url.searchParams.get("watch") === "true") watch(seen, response);
    else list(seen, response);
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
    put(name, fields = {}, collection) {
      version += 1;
      const object = { kind: "Thing", metadata: { name, resourceVersion: String(version) }, ...fields };
      const key = `${collection ?? ""}/${name}`;
      send(objects.has(key) ? "MODIFIED" : "ADDED", object, collection);
      objects.set(key, { collection, object });
      return String(version);
    },
    remove(name, collection) {
      version += 1;
      objects.delete(`${collection ?? ""}/${name}`);
      send("DELETED", { kind: "Thing", metadata: { name, resourceVersion: String(version) } }, collection);
    },
    bookmark() {
      version += 1;
      send("BOOKMARK", { kind: "Thing", metadata: { resourceVersion: String(version) } });
      return String(version);
    },
    raw: (bytes) => watches.forEach((_path, watch) => watch.write(bytes)),
    end: () => watches.forEach((_path, watch) => watch.end()),
    drop: () => server.closeAllConnections(),
    expire() {
      oldest = version += 1;
      for (const watch of watches.keys())
        watch.end(`${JSON.stringify({ type: "ERROR", object: status(410, "Expired") })}\n`);
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
