import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { startDockerRegistry } from "../../testing/docker-registry.ts";
import { bundleServer } from "./bundle.ts";
import { type SoakDatabase, startDatabase, type StoreName } from "./database.ts";
import { type Away, doFaults } from "./faults.ts";
import { type LoadReport, startLoad } from "./load.ts";
import { type Plan, seeded } from "./plan.ts";
import { type Probed, probe } from "./probe.ts";
import { type CutProxy, startCutProxy } from "./proxy.ts";
import { push, type Pushes } from "./pushes.ts";
import { type Replica, type ReplicaCounts, type ReplicaOptions, startReplica } from "./replica.ts";
import { reasonsIn, settle, verify } from "./settle.ts";
import { expectedDigest, noteChange, pushTypes, type SoakType } from "./types.ts";
import { noWrites, write, type Writes } from "./writes.ts";

/** Everything that was seen. */
export interface Soaked {
  readonly loads: { readonly cached: LoadReport; readonly asking: LoadReport };
  readonly writes: Writes;
  readonly pushes: Pushes;
  readonly types: readonly SoakType[];
  readonly away: readonly Away[];
  readonly probed: readonly Probed[];
  readonly replicas: readonly ReplicaCounts[];
  readonly settled: { readonly ms: number; readonly different: readonly string[] };
  readonly journal: Awaited<ReturnType<typeof reasonsIn>>;
  readonly verified: Awaited<ReturnType<typeof verify>>;
}

const REPLICAS = 3;
/** Of all resolutions, those that ask the service nearly every time. */
const ASKING = 0.1;
const READY_MS = 60_000;

export interface SoakOptions {
  readonly store: StoreName;
  readonly plan: Plan;
  /** Resolutions. */
  readonly perSecond: number;
  readonly say: (text: string) => void;
  /** Ends it before its end. */
  readonly signal: AbortSignal;
}

export async function soak({ store, plan, perSecond, say, signal }: SoakOptions): Promise<Soaked> {
  await using stack = new AsyncDisposableStack();
  const folder = await mkdtemp(join(tmpdir(), "soak-"));
  stack.defer(() => rm(folder, { recursive: true }));
  const program = await bundleServer(folder);
  const registry = stack.use(await startDockerRegistry());
  const database = stack.use(await startDatabase(store));
  signal.throwIfAborted();
  const types = await pushTypes(registry);
  const proxies: CutProxy[] = [];
  for (let nth = 0; nth < REPLICAS; nth++) proxies.push(stack.use(await startCutProxy(database.port)));
  const replicas = await startReplicas(stack, { program, folder, database, proxies, registryHost: registry.host });
  const urls = replicas.map(({ url }) => url);
  const ready = await settle(urls, types, signal);
  if (ready.different.length > 0) throw new Error(`the service did not start: ${ready.different.join("; ")}`);

  noteChange(types[0]!, 0);
  const order = { types: types.map(({ name }) => name) };
  const cached = stack.use(await startLoad({ ...order, urls, perSecond: perSecond * (1 - ASKING), cached: true }));
  const others = [...urls.slice(1), ...urls.slice(0, 1)];
  const asking = stack.use(await startLoad({ ...order, urls: others, perSecond: perSecond * ASKING, cached: false }));
  const phase = (name: string): void => [cached, asking].forEach((load) => load.phase(name));

  const working = new AbortController();
  const probing = new AbortController();
  const both = AbortSignal.any([signal, working.signal]);
  const writes = noWrites();
  const random = seeded(plan.seed + 2);
  const failed: unknown[] = [];
  const writing = types.map((type, index) =>
    write(type, index % 2 === 0, { urls, random, writes, signal: both }).catch((problem: unknown) =>
      failed.push(problem),
    ),
  );
  // Of the first, which is asked of each replica, every change is known.
  const pushing = push(registry, types.slice(1), { urls, random: seeded(plan.seed + 3), signal: both });
  pushing.catch(() => {});
  const probed = probe(urls, types[0]!.name, AbortSignal.any([signal, probing.signal]));
  say(`seed ${plan.seed}; ${plan.calmMs / 1000} s without faults`);
  const faulty = sleep(plan.calmMs, undefined, { signal }).then(() => phase("faults"));
  faulty.catch(() => {});
  const away = await doFaults(plan, { replicas, proxies, database }, say, signal);
  await faulty;
  say("no more faults");
  phase("after");
  working.abort();
  await Promise.all(writing);
  const pushes = await pushing;
  const settled = await settle(urls, types, signal);
  say(`settled after ${Math.round(settled.ms)} ms`);
  probing.abort();
  const expected = Object.fromEntries(types.map((type) => [type.name, expectedDigest(type)]));
  for (const problem of failed) writes.unexpected.push(String(problem));
  return {
    loads: { cached: await cached.stop(expected), asking: await asking.stop(expected) },
    writes,
    pushes,
    types,
    away,
    probed: await probed,
    replicas: replicas.map(({ counts }) => counts),
    settled,
    journal: await reasonsIn(urls[0]!),
    verified: await verify(database.address(database.port)),
  };
}

async function startReplicas(
  stack: AsyncDisposableStack,
  {
    database,
    proxies,
    ...options
  }: Pick<ReplicaOptions, "program" | "folder" | "registryHost"> & {
    readonly database: SoakDatabase;
    readonly proxies: readonly CutProxy[];
  },
): Promise<readonly Replica[]> {
  const replicas: Replica[] = [];
  for (const [nth, { port }] of proxies.entries()) {
    const store = database.address(port);
    const replica = stack.use(await startReplica({ ...options, name: `replica-${nth}`, store }));
    replicas.push(replica);
    await untilReady(replica);
  }
  return replicas;
}

/** One after the other at first: each would look at the registry else. @throws Error with what it said, where it ends by itself */
async function untilReady({ url, counts }: Replica): Promise<void> {
  const signal = AbortSignal.timeout(READY_MS);
  for (;;) {
    const status = await fetch(`${url}/readyz`, { signal }).then(
      (response) => response.status,
      () => undefined,
    );
    if (status === 200) return;
    const [said] = counts.lastWords;
    if (said !== undefined) throw new Error(said);
    await sleep(50, undefined, { signal });
  }
}
