import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { Agent, request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { createHash } from "node:crypto";
import {
  type Clock,
  createResolver,
  type RegistryOptions,
  type Resolver,
  systemClock,
} from "@executor-registry/resolver";
import { serving } from "../../testing/serving.ts";
import { type TcpProxy, tcpProxy } from "../../testing/tcp-proxy.ts";
import { fillStore, found } from "../start-store.ts";
import type { Bytes, Inputs } from "./inputs.ts";

const TYPES = 300;
const TOKEN = "0123456789abcdef0123456789abcdef";
/** The client's own, through the proxy, is the first: it is refused when these have all the streams that they may have. */
const ADDRESSES = [1, 2, 3, 4, 5].map((nth) => `127.0.0.${nth}`);
const PER_ADDRESS = 200;
const READS = 20_000;
const LISTS = 200;
const CONNECTIONS = 2000;
const PINS = 20;
const AT_ONCE = 32;
/** Connections that are made at the same time: Node lets 511 wait. */
const BACKLOG = 500;
/** Milliseconds without a byte after which nothing more is expected. */
const QUIET_MS = 300;
const HEARTBEAT_MS = 15_000;

interface Rig {
  readonly url: string;
  readonly proxy: TcpProxy;
  /** Pins one of two versions in turns, so that the answer changes. */
  change(type: string): Promise<void>;
  cpu(): Promise<number>;
  rss(): Promise<number>;
}

/** What was seen, and whether clients that find no room for a stream go on by asking. */
export interface Measured {
  readonly inputs: Inputs;
  readonly streams: number;
  readonly refusedGoOn: boolean;
}

/** Measures a service of 300 types on SQLite and the library's client. Streams first: a service that was busy has memory to spare. */
export async function measure(): Promise<Measured> {
  const folder = await mkdtemp(join(tmpdir(), "bench-fleet-"));
  try {
    await fillStore(join(folder, "catalogue.db"), TYPES);
    const streams = await measured(folder, streamCosts);
    const { asked, listened, reads } = await measured(folder, async (rig) => ({
      asked: await askedBytes(rig),
      listened: await listenedBytes(rig),
      reads: await readCosts(rig),
    }));
    const { changed, unchanged, list, connection } = reads;
    return {
      inputs: {
        bytes: { ...asked, ...listened, refused: streams.refused },
        cost: { changed, unchanged, list, connection, listen: streams.listen - connection, event: streams.event },
        memory: { base: streams.base, connection: reads.memory, stream: streams.memory },
      },
      streams: streams.count,
      refusedGoOn: streams.refusedGoOn,
    };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Starts the service, a process of its own, for `work`. */
async function measured<T>(folder: string, work: (rig: Rig) => Promise<T>): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const file = join(folder, "config.yaml");
  const sha256 = createHash("sha256").update(TOKEN).digest("hex");
  // Nothing listens on port 1: what was found stays as it is.
  await writeFile(
    file,
    `listen: {host: 127.0.0.1, port: 0}
store: "sqlite:${folder}/catalogue.db"
checks: none
auth: {tokens: [{name: bench, role: operator, sha256: ${sha256}}]}
limits: {writesPerMinute: 100000}
sources: [{name: builds, kind: oci, host: "127.0.0.1:1", insecure: true, interval: 1d, repositories: ["team/**"]}]
`,
  );
  const { url } = stack.use(await serving(file));
  const proxy = stack.use(await tcpProxy(Number(new URL(url).port)));
  const metric = async (name: string): Promise<number> => {
    const text = await (await fetch(`${url}/metrics`)).text();
    const value = Number(new RegExp(`^${name} (\\S+)`, "m").exec(text)?.[1]);
    if (!Number.isFinite(value)) throw new Error(`/metrics has no ${name}`);
    return value;
  };
  const pinned = new Map<string, number>();
  const rig: Rig = {
    url,
    proxy,
    async change(type) {
      const version = pinned.get(type) === 10 ? 11 : 10;
      pinned.set(type, version);
      const { change } = found(Number(type.slice("type-".length)), version, 0);
      if (change.kind !== "image-found") throw new TypeError("an image is found by an entry of this kind");
      const response = await fetch(`${url}/executors/${type}/pin`, {
        method: "PUT",
        headers: { authorization: `Bearer ${TOKEN}`, "content-type": "application/json" },
        body: JSON.stringify({ to: change.digest, reason: "bench" }),
      });
      if (!response.ok) throw new Error(await response.text());
      await response.arrayBuffer();
    },
    cpu: () => metric("process_cpu_seconds_total"),
    rss: () => metric("process_resident_memory_bytes"),
  };
  return await work(rig);
}

/** A resolver as dispatchers have it, whose time can be moved on. */
function client(url: string, options: RegistryOptions = {}): Resolver & { later(ms: number): void } {
  let set = 0;
  const clock: Clock = { now: () => Date.now() + set, sleep: systemClock.sleep };
  const resolver = createResolver({ environment: "production", registry: { url, events: false, ...options }, clock });
  return Object.assign(resolver, { later: (ms: number) => void (set += ms) });
}

const through = ({ port }: TcpProxy): string => `http://127.0.0.1:${port}`;

/** Bytes that `work` sends and gets, with all that follows from it. */
async function carried(proxy: TcpProxy, work: () => Promise<unknown>): Promise<Bytes> {
  const before = proxy.carried;
  await work();
  await quiet(proxy);
  const { up, down } = proxy.carried;
  return { up: up - before.up, down: down - before.down };
}

async function quiet(proxy: TcpProxy): Promise<void> {
  for (let last = -1; last !== proxy.carried.down;) {
    last = proxy.carried.down;
    await pause(QUIET_MS);
  }
}

async function askedBytes({ proxy }: Rig): Promise<Pick<Inputs["bytes"], "changed" | "unchanged" | "list">> {
  const resolver = client(through(proxy));
  try {
    const changed = await carried(proxy, () => resolver.resolve("type-1"));
    resolver.later(61_000);
    const unchanged = await carried(proxy, () => resolver.resolve("type-1"));
    const list = await carried(proxy, () => resolver.list());
    return { changed, unchanged, list };
  } finally {
    await resolver.close();
  }
}

async function listenedBytes(rig: Rig): Promise<Pick<Inputs["bytes"], "listen" | "event" | "heartbeat">> {
  const { proxy } = rig;
  let resolver: Resolver | undefined;
  try {
    const listen = await carried(proxy, async () => {
      resolver = client(through(proxy), { events: true });
      while (proxy.open === 0) await pause(1);
    });
    // A type that this client does not ask about.
    const event = await carried(proxy, () => rig.change("type-2"));
    return { listen, event, heartbeat: { up: 0, down: await heartbeat(proxy, event.down) } };
  } finally {
    await resolver?.close();
  }
}

/** The next bytes that are fewer than an event's. */
async function heartbeat(proxy: TcpProxy, event: number): Promise<number> {
  const late = performance.now() + 2 * HEARTBEAT_MS;
  for (let last = proxy.carried.down; performance.now() < late; await pause(5)) {
    const more = proxy.carried.down - last;
    if (more > 0 && more < event) return more;
    last += more;
  }
  throw new Error("no heartbeat came");
}

interface Get {
  readonly agent: Agent;
  readonly etag?: string;
  readonly localAddress?: string;
}

function get(url: string, { agent, etag, localAddress }: Get): Promise<string | undefined> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "application/json, application/problem+json", ...(etag && { "if-none-match": etag }) };
    request(url, { agent, headers, ...(localAddress && { localAddress }) }, (response) => {
      response.resume().on("end", () => resolve(response.headers.etag));
      response.on("error", reject);
    })
      .on("error", reject)
      .end();
  });
}

async function times(count: number, work: () => Promise<unknown>): Promise<void> {
  let left = count;
  const worker = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

async function readCosts({ url, cpu, rss }: Rig) {
  const one = `${url}/executors/type-1`;
  const agent = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  const single = new Agent({ keepAlive: false });
  const held = new Agent({ keepAlive: true, maxFreeSockets: CONNECTIONS });
  const etag = (await get(one, { agent })) ?? "";
  /** Microseconds of the service's processor for each. */
  const cost = async (count: number, work: () => Promise<unknown>): Promise<number> => {
    const before = await cpu();
    await times(count, work);
    return ((await cpu()) - before) * (1e6 / count);
  };
  try {
    await times(READS, () => get(one, { agent, etag }));
    const unchanged = await cost(READS, () => get(one, { agent, etag }));
    const changed = await cost(READS, () => get(one, { agent }));
    const list = await cost(LISTS, () => get(`${url}/executors`, { agent }));
    const fresh = await cost(CONNECTIONS, () => get(one, { agent: single, etag }));
    const base = await rss();
    for (let open = BACKLOG; open <= CONNECTIONS; open += BACKLOG)
      await Promise.all(Array.from({ length: open }, () => get(one, { agent: held, etag })));
    const memory = ((await rss()) - base) / CONNECTIONS;
    return { unchanged, changed, list, connection: fresh - unchanged, base, memory };
  } finally {
    for (const each of [agent, single, held]) each.destroy();
  }
}

/** Opens a stream, and returns its status once its head is there; it stays open. */
function listen(url: string, agent: Agent, localAddress: string, heard: (events: number) => void): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { accept: "text/event-stream" };
    request(`${url}/events`, { agent, headers, localAddress }, (response) => {
      const count = (chunk: Buffer): void => heard(chunk.toString().split("event: executor").length - 1);
      response.on("data", count).on("error", () => {});
      resolve(response.statusCode ?? 0);
    })
      .on("error", reject)
      .end();
  });
}

async function streamCosts({ url, proxy, change, cpu, rss }: Rig) {
  const agent = new Agent({ keepAlive: false });
  const keep = new Agent({ keepAlive: true, maxSockets: AT_ONCE });
  let [count, heard] = [0, 0];
  const pins = async (): Promise<number> => {
    await change("type-2");
    const before = await cpu();
    for (let nth = 0; nth < PINS; nth += 1) await change("type-2");
    return (await cpu()) - before;
  };
  try {
    await times(CONNECTIONS, () => get(`${url}/executors/type-1`, { agent: keep }));
    const alone = await pins();
    const [began, base] = [await cpu(), await rss()];
    for (const address of ADDRESSES) {
      for (let nth = 0; nth < PER_ADDRESS; nth += 1) {
        if ((await listen(url, agent, address, (events) => (heard += events))) === 200) count += 1;
      }
    }
    const opened = (await cpu()) - began;
    const memory = ((await rss()) - base) / count;
    heard = 0;
    const together = await pins();
    const event = ((together - alone) / heard) * 1e6;
    return { count, listen: (opened / count) * 1e6, base, memory, event, ...(await refusal(proxy)) };
  } finally {
    for (const each of [agent, keep]) each.destroy();
  }
}

async function refusal(proxy: TcpProxy): Promise<{ readonly refused: Bytes; readonly refusedGoOn: boolean }> {
  let resolver: ReturnType<typeof client> | undefined;
  try {
    const before = proxy.carried;
    resolver = client(through(proxy), { events: true });
    while (proxy.carried.down === before.down) await pause(1);
    const { up, down } = proxy.carried;
    await resolver.resolve("type-3");
    resolver.later(61_000);
    const asked = await carried(proxy, () => resolver?.resolve("type-3") ?? Promise.resolve());
    return { refused: { up: up - before.up, down: down - before.down }, refusedGoOn: asked.down > 0 };
  } finally {
    await resolver?.close();
  }
}
