import { Dispatcher, type DispatcherOptions } from "./dispatcher.ts";
import type { Inputs } from "./inputs.ts";
import { libraryDispatcher, settle } from "./library.ts";
import type { Figures, Spread } from "./recorder.ts";
import { Replicas } from "./replicas.ts";
import { seeded, Timeline } from "./timeline.ts";

const TYPES = 50;
const TYPES_EACH = 5;
/** Milliseconds between two uses of a type by one dispatcher: busy ones, which ask as soon as answers lapse. */
const USE_EVERY_MS = 1000;
const LIFE_WITH_EVENTS_MS = 300_000;
const LAG_MS = 100;
const MINUTE_MS = 60_000;
/** After an incident. */
const PUSH_AFTER_MS = 25_000;
const BURST = 50;
const DOWN_MS = 20_000;
const UNLISTED_AFTER_MS = 40_000;
const UPGRADE_STEP_MS = 30_000;
const DRAIN_MS = 5000;

/** How a fleet keeps its answers current. */
export interface Mode {
  readonly name: string;
  readonly ttl: number;
  readonly events: boolean;
  readonly maxStreams: number;
  readonly retryAfter?: number;
}

export const INCIDENTS = ["changes", "replica ends", "node is lost", "all restart", "rolling upgrade"] as const;
type Incident = (typeof INCIDENTS)[number];

export interface Row {
  readonly name: string;
  readonly figures: Figures;
  readonly spread?: Spread;
}

export interface Fleet {
  readonly mode: Mode;
  readonly incident: Incident;
  readonly dispatchers: number;
  readonly replicas: number;
  readonly inputs: Inputs;
}

interface Window {
  readonly name: string;
  readonly from: number;
  readonly to: number;
  /** Something is pushed in it. */
  readonly pushed: boolean;
}

/** The model, at any size. */
export function simulate(fleet: Fleet): readonly Row[] {
  const { world, timeline, end, rows } = stage(fleet);
  for (const options of world) timeline.at(options.starts, () => new Dispatcher(options));
  timeline.run(end);
  return rows();
}

/** The library's own client, for small fleets. */
export async function rehearse(fleet: Fleet): Promise<readonly Row[]> {
  const { world, timeline, end, rows } = stage(fleet);
  const resolvers: ReturnType<typeof libraryDispatcher>[] = [];
  for (const options of world) timeline.at(options.starts, () => resolvers.push(libraryDispatcher(options)));
  await timeline.runSettled(end, settle);
  const found = rows();
  await Promise.all(resolvers.map((resolver) => resolver.close()));
  return found;
}

function stage({ mode, incident, dispatchers, replicas: count, inputs }: Fleet) {
  const timeline = new Timeline();
  const { ttl, events, maxStreams, retryAfter } = mode;
  const random = seeded(7);
  const replicas = new Replicas({ timeline, random, inputs, types: TYPES, maxStreams, retryAfter, lag: LAG_MS });
  for (let nth = 0; nth < count; nth += 1) replicas.start();
  // They start spread over the life of an answer, so that answers lapse at different times.
  const all = events && count * maxStreams >= dispatchers;
  const spread = Math.max(all ? LIFE_WITH_EVENTS_MS : ttl, MINUTE_MS);
  const began = spread + MINUTE_MS;
  const world = Array.from({ length: dispatchers }, (_, nth): DispatcherOptions & { readonly starts: number } => {
    const own = seeded(nth + 1000);
    const types = new Set<number>();
    while (types.size < TYPES_EACH) types.add(Math.floor(own() * TYPES));
    const starts = own() * spread;
    return { timeline, random: own, replicas, types: [...types], useEvery: USE_EVERY_MS, ttl, events, starts };
  });
  const windows = plan(incident, { timeline, replicas, began });
  const counts = windows.map(() => [] as { connections: number; streams: number }[]);
  for (const [index, { from }] of windows.entries())
    timeline.at(from, () => {
      counts[index] = replicas.all.map(({ connections, streams }) => ({
        connections: connections.size,
        streams: streams.size,
      }));
    });
  const last = windows.at(-1)?.to ?? began;
  const { recorder } = replicas;
  const rows = (): readonly Row[] =>
    windows.map(({ name, from, to, pushed }, index) => ({
      name,
      figures: recorder.figures(from, to, counts[index] ?? []),
      ...(pushed && { spread: recorder.spread(from, to) }),
    }));
  return { world, timeline, end: last + (events ? MINUTE_MS : ttl + 10_000), rows };
}

/** Plans what happens, and returns which times are looked at. */
function plan(
  incident: Incident,
  { timeline, replicas, began }: { timeline: Timeline; replicas: Replicas; began: number },
): readonly Window[] {
  const at = (ms: number, work: () => void): void => timeline.at(began + ms, work);
  const window = (name: string, from: number, to: number, pushed = true): Window => {
    return { name, from: began + from, to: began + to, pushed };
  };
  if (incident === "changes") {
    const [steady, pushes] = [MINUTE_MS, 2 * MINUTE_MS];
    for (let nth = 0; nth < pushes / MINUTE_MS; nth += 1) at(steady + nth * MINUTE_MS, () => replicas.push(nth));
    const burst = steady + pushes;
    at(burst, () => {
      for (let type = 0; type < BURST; type += 1) replicas.push(type);
    });
    return [
      window("nothing changes", 0, steady, false),
      window("a push each minute", steady, burst),
      window("50 pushes at once", burst, burst + MINUTE_MS),
    ];
  }
  const old = [...replicas.all];
  const [first] = old;
  if (!first) throw new Error("there is no replica");
  at(PUSH_AFTER_MS, () => replicas.push(0));
  switch (incident) {
    case "replica ends":
      at(0, () => replicas.end(first));
      return [window(incident, 0, 2 * MINUTE_MS)];
    case "node is lost":
      at(0, () => replicas.silence(first));
      at(UNLISTED_AFTER_MS, () => replicas.unlist(first));
      return [window(incident, 0, 2 * MINUTE_MS)];
    case "all restart":
      at(0, () => old.forEach((replica) => replicas.end(replica)));
      at(DOWN_MS, () => old.forEach(() => replicas.start()));
      return [window(incident, 0, 2 * MINUTE_MS)];
    case "rolling upgrade":
      for (const [step, replica] of old.entries()) {
        at(step * UPGRADE_STEP_MS, () => replicas.start());
        at(step * UPGRADE_STEP_MS + DRAIN_MS, () => replicas.end(replica));
      }
      return [window(incident, 0, old.length * UPGRADE_STEP_MS + MINUTE_MS)];
  }
}
