import { once } from "node:events";
import { readFileSync } from "node:fs";
import type { IncomingMessage } from "node:http";
import { get } from "node:https";
import { json } from "node:stream/consumers";
import type { KubeConfigLike } from "@executor-registry/resolver/kubernetes";

// One side of bench/nodes.ts, alone in its process: holds all nodes, answers which images a type has, and prints what it cost.

/** How to reach the API server, as the parent found it. */
export interface Access {
  readonly server: string;
  readonly ca: string;
  readonly cert: string;
  readonly key: string;
}

/** What a side prints when all nodes are held. */
export interface Held {
  readonly firstAnswerMs: number;
  readonly images: number;
  readonly heap: number;
  readonly rss: number;
  readonly heapBefore: number;
  readonly rssBefore: number;
}

/** Processor time used since the last question, in milliseconds. */
export interface Used {
  readonly cpuMs: number;
}

const TYPE = "bench-7";

function memory(): { readonly heap: number; readonly rss: number } {
  for (let times = 0; times < 3; times += 1) globalThis.gc?.();
  const { heapUsed, rss } = process.memoryUsage();
  return { heap: heapUsed, rss };
}

async function ours({ server, ca, cert, key }: Access): Promise<() => Promise<number>> {
  const { createResolver } = await import("@executor-registry/resolver");
  const material = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
  const kubeConfig: KubeConfigLike = {
    contexts: [{ name: "bench" }],
    getCurrentContext: () => "bench",
    getContextObject: () => null,
    getCurrentCluster: () => ({ server }),
    applyToHTTPSOptions: async (options) => void Object.assign(options, material),
  };
  return async () => {
    const resolver = createResolver({
      environment: "development",
      kubernetes: { kubeConfig },
      sources: ["nodes"],
      ledger: "off",
    });
    return (await resolver.resolve(TYPE)).candidates.length;
  };
}

async function informer({ server, ca, cert, key }: Access): Promise<() => Promise<number>> {
  const { CoreV1Api, KubeConfig, makeInformer } = await import("@kubernetes/client-node");
  const config = new KubeConfig();
  config.loadFromOptions({
    clusters: [{ name: "bench", server, caFile: ca }],
    users: [{ name: "bench", certFile: cert, keyFile: key }],
    contexts: [{ name: "bench", cluster: "bench", user: "bench" }],
    currentContext: "bench",
  });
  const api = config.makeApiClient(CoreV1Api);
  return async () => {
    const nodes = makeInformer(config, "/api/v1/nodes", () => api.listNode());
    await nodes.start();
    const found = new Set<string>();
    for (const node of nodes.list()) {
      for (const { names } of node.status?.images ?? []) {
        for (const name of names ?? []) if (name.includes(`/executor-${TYPE}:`)) found.add(name);
      }
    }
    Object.assign(globalThis, { nodes });
    return found.size;
  };
}

/** The least that following nodes can cost: reading the watch, and throwing it away. */
async function drain({ server, ca, cert, key }: Access): Promise<() => Promise<number>> {
  const options = { ca: readFileSync(ca), cert: readFileSync(cert), key: readFileSync(key) };
  const ask = async (query: string): Promise<IncomingMessage> => {
    const asked = get(`${server}/api/v1/nodes?${query}`, options);
    const [response] = (await once(asked, "response")) as [IncomingMessage];
    if (response.statusCode !== 200) throw new Error(`the server answers ${response.statusCode} to ${query}`);
    return response;
  };
  // From where the list is, and from there anew when it ends: the server ends a watch whose reader falls behind, which one that
  // begins at version 0, with all nodes, does at once.
  const follow = async (): Promise<void> => {
    const list = (await json(await ask("limit=1"))) as { readonly metadata: { readonly resourceVersion: string } };
    const watch = await ask(`watch=true&resourceVersion=${list.metadata.resourceVersion}`);
    watch.resume();
    watch.once("close", () => void follow());
  };
  return async () => {
    await follow();
    return 0;
  };
}

const SIDES = { ours, informer, drain };

/** What can be measured. */
export type Side = keyof typeof SIDES;

const [side = "", access = ""] = process.argv.slice(-2);
const begin = await SIDES[side as Side](JSON.parse(access) as Access);
const before = memory();
const started = performance.now();
const images = await begin();
const firstAnswerMs = performance.now() - started;
const after = memory();
const held: Held = { firstAnswerMs, images, ...after, heapBefore: before.heap, rssBefore: before.rss };
process.send?.(held);
let usage = process.cpuUsage();
process.on("message", () => {
  const { user, system } = process.cpuUsage(usage);
  usage = process.cpuUsage();
  const used: Used = { cpuMs: (user + system) / 1000 };
  process.send?.(used);
});
