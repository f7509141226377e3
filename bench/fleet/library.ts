import { setImmediate } from "node:timers/promises";
import { type Clock, createResolver, type Resolver } from "@executor-registry/resolver";
import type { DispatcherOptions } from "./dispatcher.ts";
import { Caller, type Replicas, type StreamEvent } from "./replicas.ts";
import type { Timeline } from "./timeline.ts";

const EPOCH = Date.UTC(2026, 10, 27);
const NAME = "type-";

/** What the library's promises need to settle. */
export const settle = (): Promise<void> => setImmediate();

/** A dispatcher with the library itself, before the same replicas and on the same time as the model. */
export function libraryDispatcher(options: DispatcherOptions): Resolver {
  const { timeline, random, replicas, types, useEvery, ttl, events } = options;
  const resolver = createResolver({
    environment: "production",
    registry: { url: "http://registry", token: "t", ttl, events, fetch: transport(replicas) },
    clock: clockOf(timeline),
    random,
  });
  const use = (type: number): void =>
    timeline.after(-Math.log(1 - random()) * useEvery, () => {
      // What is not answered is asked for at the next use.
      resolver.resolve(`${NAME}${type}`).catch(() => {});
      use(type);
    });
  for (const type of types) use(type);
  return resolver;
}

function clockOf(timeline: Timeline): Clock {
  return {
    now: () => EPOCH + timeline.now,
    sleep: (ms, signal) =>
      new Promise((resolve, reject) => {
        if (signal?.aborted) return reject(signal.reason);
        const stop = (): void => reject(signal?.reason);
        signal?.addEventListener("abort", stop, { once: true });
        timeline.after(ms, () => (signal?.removeEventListener("abort", stop), resolve()));
      }),
  };
}

function transport(replicas: Replicas): typeof fetch {
  const caller = new Caller();
  return ((url: URL, { headers, signal }: { headers: Record<string, string>; signal: AbortSignal }) =>
    url.pathname === "/events"
      ? listen(headers["last-event-id"], signal)
      : ask(url, headers["if-none-match"])) as never;

  function ask(url: URL, etag: string | undefined): Promise<unknown> {
    const type = Number(url.pathname.slice(`/executors/${NAME}`.length));
    return new Promise((resolve, reject) => {
      replicas.ask(caller, type, etag === undefined ? undefined : Number(etag), (outcome) => {
        if (outcome.is === "unreachable") reject(new Error("connect ECONNREFUSED"));
        // The library's own limit ends at this moment too.
        else if (outcome.is === "answer") {
          const { version } = outcome;
          const same = String(version) === etag;
          resolve(response(same ? 304 : 200, { etag: String(version) }, same ? [] : [document(type, version)]));
        }
      });
    });
  }

  function listen(lastId: string | undefined, signal: AbortSignal): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const stream = textStream(signal);
      let open = false;
      const text = ({ type, version, id }: StreamEvent): string =>
        `id: ${id}\nevent: executor\ndata: ${JSON.stringify({ type: `${NAME}${type}`, image: imageOf(type, version) })}\n\n`;
      replicas.listen(caller, lastId === undefined ? undefined : Number(lastId), {
        connected(id, events) {
          open = true;
          const reset = id === undefined ? "" : `id: ${id}\nevent: reset\ndata: {}\n\n`;
          stream.push(`retry: 3000\n\n${reset}${events.map(text).join("")}`);
          resolve(response(200, { "content-type": "text/event-stream" }, stream.chunks));
        },
        event: (event) => stream.push(text(event)),
        heartbeat: () => stream.push(": heartbeat\n\n"),
        ended({ refused, retryAfter, timeout }) {
          const after = retryAfter === undefined ? {} : { "retry-after": String(retryAfter / 1000) };
          if (open) stream.end();
          else if (refused) resolve(response(429, after, []));
          else if (!timeout) reject(new Error("connect ECONNREFUSED"));
        },
      });
    });
  }
}

function response(status: number, headers: Record<string, string>, body: Iterable<Buffer> | AsyncIterable<Buffer>) {
  const all: Record<string, string> = { "x-executor-subject": "ignored", ...headers };
  return { status, headers: { get: (name: string) => all[name] ?? null }, body };
}

const imageOf = (type: number, version: number): string =>
  `registry.example/team/executor-${type}@sha256:${(type * 1e6 + version).toString(16).padStart(64, "0")}`;

function document(type: number, version: number): Buffer {
  const image = imageOf(type, version);
  const text = { type: `${NAME}${type}`, image, digest: image.split("@")[1], version: `1.${version}` };
  const more = {
    tags: [`1.${version}`],
    capabilities: [],
    added: "2026-11-27T00:00:00.000Z",
    validated: false,
    platforms: [],
  };
  return Buffer.from(
    JSON.stringify({
      ...text,
      ...more,
      source: "own",
      decidedBy: "policy",
      reason: "newest",
      ambiguous: false,
      warnings: [],
    }),
  );
}

/** Chunks as they come, until the end or the signal. */
function textStream(signal: AbortSignal) {
  const waiting: Buffer[] = [];
  let [ended, wake] = [false, (): void => {}];
  const change = (): void => wake();
  signal.addEventListener("abort", () => ((ended = true), change()), { once: true });
  return {
    push: (text: string) => (waiting.push(Buffer.from(text)), change()),
    end: () => ((ended = true), change()),
    chunks: (async function* () {
      for (;;) {
        const next = waiting.shift();
        if (next) yield next;
        else if (ended) return;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    })(),
  };
}
