import { setImmediate } from "node:timers/promises";
import { parseConfig, type Service, startService } from "@executor-registry/registry";
import { pino } from "pino";
import { type ManualClock, manualClock } from "./manual-clock.ts";

/** What a service says of itself; the members that tests read. */
interface Health {
  readonly status: "ok" | "degraded" | "starting" | "draining";
  readonly executors: number;
  readonly sources: readonly {
    readonly state: string;
    readonly completed?: string;
    readonly unread: number;
    readonly requests: number;
    readonly problem?: { readonly code: string; readonly message: string };
  }[];
}

/** A service of one source whose time passes as a test lets it, asked over HTTP. */
export interface TimedService extends AsyncDisposable {
  readonly url: string;
  readonly clock: ManualClock;
  health(): Promise<Health>;
  /** The version that a type resolves to. @returns the status where it does not */
  version(type: string): Promise<string | number | undefined>;
  /** The state of each of a type's images, by its first tag. */
  states(type: string): Promise<Readonly<Record<string, string>>>;
  /** Scans now. @returns the status of the refresh, once it has ended */
  refresh(): Promise<number>;
  /** Lets milliseconds pass at whose end a scan is due, and waits for its end. */
  poll(ms: number): Promise<void>;
  /** Lets time pass bit by bit until the service reports this state. */
  until(status: Health["status"]): Promise<void>;
  /** Lets time pass bit by bit until it holds. @param step milliseconds. @default 500 */
  passUntil(holds: () => boolean | Promise<boolean>, step?: number): Promise<void>;
  /** Whether nothing answers the service, so that waits of any length pass. @default false */
  away: boolean;
}

/** Milliseconds. Shorter waits are pauses between requests, which pass; longer ones are the time limits of one. */
const PAUSE = 2000;

/**
 * Starts it and waits for its first scan.
 * @param source a source's members, as YAML
 * @param more the configuration's other members
 * @param env the environment that it names
 * @param start when it is started
 */
export async function timedService(
  source: string,
  more = "",
  env: Readonly<Record<string, string>> = {},
  start?: number,
): Promise<TimedService> {
  const clock = manualClock(start);
  let scans = 0;
  const log = pino({ level: "debug" }, { write: (line: string) => void (line.includes('"msg":"scanned"') && scans++) });
  const text = `listen: {host: 127.0.0.1, port: 0}\nauth: {writes: open}\nsources: [{name: main, ${source}}]\n${more}`;
  const config = parseConfig(text, "test.yaml", env);

  /** Lets waits pass until it holds: short ones, unless nothing answers. */
  const settle = async (holds: () => boolean, longest = () => (timed.away ? Infinity : PAUSE)): Promise<void> => {
    while (!holds()) {
      const next = await Promise.race([clock.nextSleep(), setImmediate(Infinity)]);
      if (next <= longest() && next < Infinity) await clock.advance(next);
      else await setImmediate();
    }
  };
  let started: Service | undefined;
  const starting = startService({ config, log, clock, random: () => 0.5 }).then((running) => (started = running));
  // What is known already may be judged first, by somebody who does not answer.
  await Promise.race([
    starting,
    settle(
      () => started !== undefined,
      () => Infinity,
    ),
  ]);
  const service = await starting;
  const json = async (path: string): Promise<unknown> => (await fetch(service.url + path)).json();
  const timed: TimedService = {
    url: service.url,
    clock,
    health: () => json("/health") as Promise<Health>,
    async version(type) {
      const answer = (await json(`/executors/${type}`)) as { readonly version?: string; readonly status?: number };
      return answer.version ?? answer.status;
    },
    async states(type) {
      const list = (await json(`/executors/${type}/versions?limit=1000`)) as {
        readonly versions: readonly { readonly tags: readonly string[]; readonly state: string }[];
      };
      return Object.fromEntries(list.versions.map(({ tags, state }) => [tags[0], state]));
    },
    async refresh() {
      let status = 0;
      const ask = async (): Promise<void> => {
        const response = await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
        await response.arrayBuffer();
        ({ status } = response);
      };
      await Promise.all([ask(), settle(() => status !== 0)]);
      return status;
    },
    async poll(ms) {
      const before = scans;
      await clock.advance(ms);
      await settle(() => scans > before);
    },
    until: (status) => timed.passUntil(async () => (await timed.health()).status === status),
    async passUntil(holds, step = 500) {
      while (!(await holds())) await clock.advance(step);
    },
    away: false,
    async [Symbol.asyncDispose]() {
      await service.close();
    },
  };
  await settle(() => scans > 0);
  return timed;
}
