import { createHash } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import type { ExecutorDocument, ProblemDocument } from "@executor-registry/resolver";
import { nearMisses } from "@executor-registry/resolver";

/** A request as the double received it. */
interface Received {
  readonly path: string;
  readonly headers: IncomingMessage["headers"];
  /** The status it was answered with; absent while it is not. */
  status?: number;
}

/** Answers in the service's place. Returns whether it did. */
type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => boolean;

/** A loopback HTTP server that speaks the registry service's reading part: documents with ETags, problems and events. */
export interface RegistryDouble extends AsyncDisposable {
  /** Its base URL, with a path. */
  readonly url: string;
  readonly received: readonly Received[];
  /** Replaces what is known, and sends it to the listeners of events. */
  know(images: Readonly<Record<string, string>>): void;
  /** Sets a type's document, or removes it, without an event. */
  set(type: string, document: ExecutorDocument | undefined): void;
  /** How far in a journal that it shares with others it says that its answers and events are, from now on. */
  at(journal: string): void;
  /** Takes the next answers' place, until `undefined` is given. */
  misbehave(how: Misbehaviour | undefined): void;
  /** Sends all listeners of events what is given, raw. */
  send(raw: string): void;
  /** How many listen to events. */
  readonly listeners: number;
  /** Resolves once `count` requests other than for events have been answered. */
  answered(count: number): Promise<void>;
  /** Resolves once `count` have connected for events, all in all. */
  connected(count: number): Promise<void>;
  /** Cuts all connections and refuses new ones, unless it does. */
  stop(): Promise<void>;
  /** Listens again, at the same address, unless it does. */
  start(): Promise<void>;
}

export interface RegistryDoubleOptions {
  /** Whether there is an event stream. @default true */
  readonly events?: boolean;
  /** Whether answers say that they are every subject's. @default true */
  readonly shared?: boolean;
}

export async function registryDouble({
  events = true,
  shared = true,
}: RegistryDoubleOptions = {}): Promise<RegistryDouble> {
  const documents = new Map<string, ExecutorDocument>();
  const received: Received[] = [];
  const streams = new Set<ServerResponse>();
  const history: { readonly id: number; readonly text: string }[] = [];
  const checks = new Set<() => void>();
  let misbehaviour: Misbehaviour | undefined;
  let journal: string | undefined;
  let connections = 0;
  let port = 0;

  const told = (): void => {
    for (const check of checks) check();
  };
  const until = (holds: () => boolean): Promise<void> =>
    new Promise((resolve) => {
      const check = (): void => {
        if (!holds()) return;
        checks.delete(check);
        resolve();
      };
      checks.add(check);
      check();
    });
  const announce = (type: string): void => {
    const document = documents.get(type);
    const data = { type, ...(document && { image: document.image, version: document.version }), journal };
    const id = history.length + 1;
    history.push({ id, text: `event: executor\nid: ${id}\ndata: ${JSON.stringify(data)}\n\n` });
    for (const stream of streams) stream.write(history.at(-1)?.text);
  };
  const listen = (request: IncomingMessage, response: ServerResponse): void => {
    response.writeHead(200, { "content-type": "text/event-stream" });
    const last = request.headers["last-event-id"];
    const events =
      last === undefined
        ? [`id: ${history.length}\nevent: reset\ndata: {}\n\n`]
        : history.filter(({ id }) => id > Number(last)).map(({ text }) => text);
    response.write("retry: 3000\n\n");
    for (const event of events) response.write(event);
    streams.add(response);
    response.on("close", () => streams.delete(response));
    connections += 1;
    told();
  };

  const server = createServer((request, response) => {
    const { pathname } = new URL(request.url ?? "", "http://double");
    const entry: Received = { path: request.url ?? "", headers: request.headers };
    received.push(entry);
    if (pathname !== "/registry/events") {
      response.on("close", () => ((entry.status = response.statusCode), told()));
    }
    if (misbehaviour?.(request, response)) return;
    if (pathname === "/registry/events" && events) return listen(request, response);
    if (pathname === "/registry/executors") return send(request, response, Object.fromEntries(documents));
    const [, type] = /^\/registry\/executors\/([^/]+)$/.exec(pathname) ?? [];
    const document = documents.get(type ?? "");
    if (document) return send(request, response, document);
    problem(response, {
      type: `https://executor-registry.dev/problems/${type ? "unknown-type" : "not-found"}`,
      title: "Unknown executor type",
      status: 404,
      detail: `no image of executor type "${type}" is known`,
      code: type ? "unknown-type" : "not-found",
      nearMisses: nearMisses(type ?? "", documents.keys()),
      knownTypes: [...documents.keys()].sort(),
    });
  });

  function send(request: IncomingMessage, response: ServerResponse, body: object): void {
    const text = JSON.stringify(body);
    const etag = `"${createHash("sha256").update(text).digest("hex")}"`;
    const headers = {
      etag,
      "cache-control": "no-cache",
      ...(shared && { "x-executor-subject": "ignored" }),
      ...(journal !== undefined && { "x-executor-journal": journal }),
    };
    if (request.headers["if-none-match"] === etag) response.writeHead(304, headers).end();
    else response.writeHead(200, { ...headers, "content-type": "application/json" }).end(text);
  }

  async function start(): Promise<void> {
    if (server.listening) return;
    server.listen(port, "127.0.0.1");
    await once(server, "listening");
    ({ port } = server.address() as AddressInfo);
  }
  async function stop(): Promise<void> {
    if (!server.listening) return;
    const closed = once(server, "close");
    server.close();
    server.closeAllConnections();
    streams.clear();
    await closed;
  }
  await start();

  return {
    url: `http://127.0.0.1:${port}/registry`,
    received,
    know(images) {
      const before = new Map(documents);
      documents.clear();
      for (const [type, image] of Object.entries(images)) documents.set(type, documentOf(type, image));
      for (const type of new Set([...before.keys(), ...documents.keys()])) {
        if (before.get(type)?.image !== documents.get(type)?.image) announce(type);
      }
    },
    set(type, document) {
      if (document) documents.set(type, document);
      else documents.delete(type);
    },
    at: (place) => void (journal = place),
    misbehave: (how) => (misbehaviour = how),
    send(raw) {
      for (const stream of streams) stream.write(raw);
    },
    get listeners() {
      return streams.size;
    },
    answered: (count) => until(() => received.filter(({ status }) => status !== undefined).length >= count),
    connected: (count) => until(() => connections >= count),
    stop,
    start,
    [Symbol.asyncDispose]: stop,
  };
}

/** @param image a name and tag, `team/executor-ml:1.2.0`, whose digest is made up from it */
export function documentOf(type: string, image: string): ExecutorDocument {
  const digest = `sha256:${createHash("sha256").update(image).digest("hex")}`;
  const [name = "", version = "latest"] = image.split(":");
  return {
    type,
    image: `registry.example/${name}@${digest}`,
    digest,
    version,
    tags: [version],
    capabilities: ["cuda"],
    owner: "ml-team",
    added: "2026-11-22T10:00:00.000Z",
    validated: true,
    validatedAt: "2026-11-22T10:00:01.000Z",
    created: "2026-11-22T09:00:00.000Z",
    sizeBytes: 1000,
    platforms: ["linux/amd64"],
    source: "main",
    decidedBy: "policy",
    reason: "the newest of 3",
    ambiguous: false,
    versions: 3,
    warnings: [],
  };
}

/** Answers with a problem, as the service does. */
function problem(response: ServerResponse, body: ProblemDocument): void {
  response.writeHead(body.status, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
}
