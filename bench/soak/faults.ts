import { setTimeout as sleep } from "node:timers/promises";
import type { SoakDatabase } from "./database.ts";
import { type Plan, seeded } from "./plan.ts";
import type { CutProxy } from "./proxy.ts";
import type { Replica } from "./replica.ts";

/** Milliseconds before a fault from which on a replica is not killed that has to run meanwhile. */
const SPARED_MS = 2000;

/** When the database was away: `performance.now()`. */
export interface Away {
  readonly from: number;
  /** When it took connections again. */
  readonly to: number;
}

const sayings = {
  restart: () => "the database is restarted",
  outage: (_: number, seconds: number) => `the database is away for ${seconds} s`,
  refused: (nth: number, seconds: number) => `replica ${nth}: the database refuses it for ${seconds} s`,
  silent: (nth: number, seconds: number) => `replica ${nth}: nothing comes from the database for ${seconds} s`,
} as const satisfies Record<Plan["faults"][number]["kind"], (replica: number, seconds: number) => string>;

interface Victims {
  readonly replicas: readonly Replica[];
  readonly proxies: readonly CutProxy[];
  readonly database: SoakDatabase;
}

/**
 * Does what is planned, and kills a random replica from time to time besides, while at least one of them serves. At the end everything is whole again.
 * @returns when the database was away
 */
export async function doFaults(
  plan: Plan,
  { replicas, proxies, database }: Victims,
  say: (text: string) => void,
  signal: AbortSignal,
): Promise<readonly Away[]> {
  const began = performance.now();
  const until = (ms: number): Promise<void> =>
    sleep(Math.max(0, began + ms - performance.now()), undefined, { signal });
  const away: Away[] = [];
  let spared: Replica | undefined;

  const kills = async (): Promise<void> => {
    const random = seeded(plan.seed + 1);
    for (let at = plan.calmMs; at < plan.totalMs; at += plan.killMs) {
      await until(at);
      const victims = replicas.filter((replica) => replica !== spared);
      const victim = victims[Math.floor(random() * victims.length)];
      // Where the machine is slow, or the database away, each would be killed while it starts, and none would ever serve.
      if (replicas.some(({ listening }) => listening)) victim?.kill();
    }
  };
  const others = async (): Promise<void> => {
    for (const { kind, at, ms, replica, spared: spares } of plan.faults) {
      await until(at - SPARED_MS);
      if (spares) spared = replicas[replica];
      await until(at);
      say(`${sayings[kind](replica, ms / 1000)}${spares ? `; replica ${replica} is not killed meanwhile` : ""}`);
      if (kind === "restart" || kind === "outage") {
        const from = performance.now();
        await database.stop();
        await until(at + ms);
        await database.start();
        away.push({ from, to: performance.now() });
      } else {
        proxies[replica]?.set(kind);
        await until(at + ms);
        proxies[replica]?.set("open");
      }
      spared = undefined;
    }
  };
  await Promise.all([kills(), others()]);
  await until(plan.totalMs);
  return away;
}
