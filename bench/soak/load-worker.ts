import { setTimeout as sleep } from "node:timers/promises";
import { createResolver, ExecutorRegistryError, type Resolver } from "@executor-registry/resolver";
import { Latencies } from "./latencies.ts";
import type { LoadOrder, LoadReport, LoadRequest } from "./load.ts";

// Resolves types at a steady rate until it is told to stop, and reports what it saw. A process of its own, as a dispatcher is.

const TICK_MS = 10;
/** Seconds of resolutions that are made up for after a pause of the process; what is more is left out. */
const MOST_BEHIND_S = 1;
const NAMED_FAILURES = 10;
/** An answer counts for 30 s without events. */
const RIGHT_MS = 40_000;

async function load({ urls, types, perSecond, cached }: LoadOrder): Promise<void> {
  const phases: Record<string, Latencies> = {};
  const report: Omit<LoadReport, "phases" | "seen" | "final"> & { -readonly [K in "asked"]: number } = {
    asked: 0,
    leftOut: 0,
    failures: 0,
    named: [],
    stale: 0,
    requests: 0,
    failedRequests: 0,
  };
  const seen = new Map<string, Set<string>>();
  const state = { phase: "calm", waiting: 0, expected: undefined as Readonly<Record<string, string>> | undefined };
  process.on("message", (request: LoadRequest) => {
    if (request.kind === "phase") state.phase = request.name;
    if (request.kind === "stop") state.expected = request.expected;
  });

  const resolver = createResolver({
    environment: "production",
    registry: {
      url: urls,
      // Each answer counts for a millisecond: nearly every resolution asks the service.
      ...(cached ? {} : { ttl: 1, events: false }),
      fetch: async (url, init) => {
        report.requests += 1;
        try {
          return await fetch(url, init);
        } catch (problem) {
          report.failedRequests += 1;
          throw problem;
        }
      },
    },
  });

  const resolveOne = async (type: string): Promise<void> => {
    const latencies = (phases[state.phase] ??= new Latencies());
    const began = performance.now();
    report.asked += 1;
    state.waiting += 1;
    try {
      const { digest = "none", stale } = await resolver.resolve(type);
      if (stale) report.stale += 1;
      const digests = seen.get(type) ?? new Set();
      if (!digests.has(digest)) seen.set(type, digests.add(digest));
    } catch (problem) {
      report.failures += 1;
      const code = problem instanceof ExecutorRegistryError ? problem.code : "none";
      if (report.named.length < NAMED_FAILURES)
        report.named.push(`${new Date().toISOString()} ${type}: ${code}: ${String(problem)}`);
    } finally {
      state.waiting -= 1;
      latencies.add(performance.now() - began);
    }
  };

  await Promise.all(types.map((type) => resolver.resolve(type)));
  process.send?.("begun");
  let due = 0;
  let last = performance.now();
  let next = 0;
  while (state.expected === undefined) {
    await sleep(TICK_MS);
    const at = performance.now();
    due += ((at - last) / 1000) * perSecond;
    last = at;
    const most = perSecond * MOST_BEHIND_S;
    if (due > most) {
      report.leftOut += Math.floor(due - most);
      due = most;
    }
    for (; due >= 1; due--) void resolveOne(types[next++ % types.length]!);
  }
  while (state.waiting > 0) await sleep(TICK_MS);
  const final = await untilRight(resolver, state.expected);
  await resolver.close();
  const all: LoadReport = {
    ...report,
    final,
    phases: Object.fromEntries(Object.entries(phases).map(([name, latencies]) => [name, latencies.toJSON()])),
    seen: Object.fromEntries([...seen].map(([type, digests]) => [type, [...digests]])),
  };
  process.send?.(all, () => process.disconnect());
}

async function untilRight(
  resolver: Resolver,
  expected: Readonly<Record<string, string>>,
): Promise<LoadReport["final"]> {
  const began = performance.now();
  for (;;) {
    const wrong: string[] = [];
    for (const [type, digest] of Object.entries(expected)) {
      const resolution = await resolver.resolve(type);
      if (resolution.digest !== digest)
        wrong.push(`${type}: ${resolution.version}${resolution.stale ? ", stale" : ""}; expected ${digest}`);
    }
    const ms = performance.now() - began;
    if (wrong.length === 0 || ms > RIGHT_MS) return { ms, wrong };
    await sleep(TICK_MS);
  }
}

process.once("message", (order: LoadOrder) => void load(order));
// It must not outlive whoever started it.
process.on("disconnect", () => process.exit());
