import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Readable } from "node:stream";
import { createResolver, systemClock } from "@executor-registry/resolver";
import { connectService, parseEvent, SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import { type DockerRegistry, startDockerRegistry } from "../testing/docker-registry.ts";
import { serving } from "../testing/serving.ts";
import { freePort } from "../scripts/free-port.ts";
import { fill } from "./registry-fill.ts";

/** A registry that reports pushes to a service, and who asks the service. */
export interface PushRig extends AsyncDisposable {
  readonly registry: DockerRegistry;
  /** When an image (by digest) was first the answer: `performance.now()`. Ask before it is pushed. */
  seen(digest: string): Seen;
}

interface Seen {
  /** Of `GET /executors/{type}`. */
  readonly http: Promise<number>;
  /** Of a resolver in another process than the service. */
  readonly resolver: Promise<number>;
}

export interface RigOptions {
  readonly store: "memory" | "sqlite";
  /** Further images in the repository. */
  readonly versions: number;
  readonly repository: string;
}

const SECRET = "Bearer 0123456789abcdef";

/**
 * The service is a process of its own, as it ships; it learns of pushes only from the registry's notifications, of which it takes
 * more than the 600 a minute that it takes by default.
 */
export async function startRig({ store, versions, repository }: RigOptions): Promise<PushRig> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "bench-push-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const port = await freePort();
  const endpoint = {
    name: "service",
    url: `http://127.0.0.1:${port}/webhooks/local`,
    headers: { Authorization: [SECRET] },
    // Our own reading would come back as pulls, one behind the other, and pushes behind them.
    ignore: { mediatypes: ["application/octet-stream"], actions: ["pull"] },
  };
  const registry = stack.use(await startDockerRegistry({ notifications: [endpoint] }));
  await fill(registry, [repository], versions);

  process.env["BENCH_WEBHOOK_SECRET"] = SECRET;
  const file = join(folder, "config.yaml");
  await writeFile(
    file,
    `
listen: {host: 127.0.0.1, port: ${port}}
store: "${store === "memory" ? "memory:" : `sqlite:${folder}/catalogue.db`}"
checks: none
sources:
- {name: local, kind: oci, host: "${registry.host}", insecure: true, repositories: ["team/*"], interval: 1d, requests: {concurrent: 8, perSecond: unlimited}}
webhooks:
- {name: local, kind: distribution, source: local, headers: {Authorization: {env: BENCH_WEBHOOK_SECRET}}}
`,
  );
  const { url } = stack.use(await serving(file));
  const client = connectService({ urls: [new URL(url)], userAgent: "bench", clock: systemClock });
  stack.defer(() => client.close());
  const ending = new AbortController();
  stack.defer(() => ending.abort());
  const unlessEnding = (error: unknown): void => {
    if (!ending.signal.aborted) throw error;
  };
  const http = waiting();
  const watched = waiting();

  const events = await fetch(`${url}/events`, { signal: ending.signal });
  const listen = async (): Promise<void> => {
    if (!events.body) throw new Error(`no events: ${events.status}`);
    for await (const line of createInterface({ input: Readable.fromWeb(events.body as never) })) {
      const event = line.startsWith("data: ") ? parseEvent(line.slice(6)) : undefined;
      if (!event) continue;
      // The event says when to ask; what counts is the answer.
      void client
        .ask(SERVICE_OPERATIONS.getExecutor, event, { signal: ending.signal })
        .then(({ digest = "" }) => http.resolve(digest))
        .catch(unlessEnding);
    }
  };
  listen().catch(unlessEnding);
  const resolver = createResolver({ environment: "production", registry: { url } });
  stack.defer(() => resolver.close());
  const watch = async (): Promise<void> => {
    for await (const { resolution } of resolver.watch()) watched.resolve(resolution?.digest ?? "");
  };
  watch().catch(unlessEnding);
  const held = stack.move();
  return {
    registry,
    seen: (digest) => ({ http: http.of(digest), resolver: watched.of(digest) }),
    [Symbol.asyncDispose]: () => held.disposeAsync(),
  };
}

/** Promises of moments, by name. */
function waiting() {
  const moments = new Map<string, (at: number) => void>();
  return {
    of: (name: string) => new Promise<number>((resolve) => moments.set(name, resolve)),
    resolve: (name: string) => moments.get(name)?.(performance.now()),
  };
}
