import { printTable } from "./figures.ts";
import type { Bytes, Inputs } from "./fleet/inputs.ts";
import { measure } from "./fleet/measure.ts";
import { RECORDED } from "./fleet/recorded.ts";
import { type Fleet, INCIDENTS, type Mode, rehearse, type Row, simulate } from "./fleet/scenarios.ts";

// Thousands of dispatchers before a few replicas, which no machine of ours can run: a simulation. Its inputs (bytes, processor time, memory
// for each thing that happens) are measured at the real service by the library's client; `measure` does that again beside what is recorded.
// The dispatchers are a model of the library's client; a small fleet of the library itself goes through the same scenarios first, on the
// same time, to show what the model is worth. Nothing sleeps, and the same comes out each time.
// Usage: npm run bench:fleet -- [DISPATCHERS] [REPLICAS] [measure]

const [dispatchers = 10_000, replicas = 3] = process.argv.slice(2, 4).map(Number);
const REHEARSED = 40;
const ROOM = 8000;
const DEFAULT_ROOM = 1000;
const RETRY_AFTER_MS = 60_000;

const polling = (name: string, ttl: number): Mode => ({ name: `polling, ${name}`, ttl, events: false, maxStreams: 0 });
const listening = (name: string, maxStreams: number): Mode => {
  return { name: `events, ${name}`, ttl: 30_000, events: true, maxStreams, retryAfter: RETRY_AFTER_MS };
};
const MODES: readonly Mode[] = [
  polling("30 s", 30_000),
  polling("60 s", 60_000),
  polling("5 min", 300_000),
  listening(`${DEFAULT_ROOM} streams`, DEFAULT_ROOM),
  listening(`${ROOM} streams`, ROOM),
];

const seconds = (ms: number): string => (Number.isFinite(ms) ? `${(ms / 1000).toFixed(1)} s` : "later");
const kilobytes = (bytes: number): string => `${(bytes / 1000).toFixed(0)} kB`;

function cells({ mode }: Pick<Fleet, "mode">, { name, figures, spread }: Row): readonly string[] {
  const { base, connection, stream } = RECORDED.memory;
  // A stream's connection is in the stream's bytes.
  const memory = base + (figures.connections - figures.streams) * connection + figures.streams * stream;
  return [
    mode.name,
    name,
    figures.requests.toFixed(0),
    String(figures.peak),
    figures.refused.toFixed(0),
    kilobytes(figures.bytes),
    kilobytes(figures.wireBytes),
    String(figures.connections),
    String(figures.streams),
    `${(memory / 1e6).toFixed(0)} MB`,
    figures.busy.toFixed(2),
    figures.busiest.toFixed(2),
    `${figures.slowest.toFixed(0)} ms`,
    String(figures.failed),
    ...(spread ? [spread.half, spread.most, spread.all].map(seconds) : []),
  ];
}

const HEADERS = [
  "how",
  "what",
  "requests/s",
  "peak of one",
  "refused/s",
  "HTTP/s",
  "with TLS, TCP/s",
  "connections of one",
  "streams of one",
  "memory of one",
  "cores, all",
  "busiest second of one",
  "slowest answer",
  "failed",
  "50 % have it",
  "99 %",
  "all",
];

/** What the model and the library come to, side by side. */
async function rehearsal(): Promise<void> {
  const table: string[][] = [];
  for (const mode of [polling("30 s", 30_000), listening("a third", REHEARSED / 9), listening("room for all", ROOM)]) {
    for (const incident of ["changes", "replica ends"] as const) {
      const fleet = { mode, incident, dispatchers: REHEARSED, replicas, inputs: RECORDED };
      const library = await rehearse(fleet);
      for (const [index, row] of simulate(fleet).entries()) {
        const other = library[index] ?? row;
        const both = (of: (row: Row) => string): string => `${of(row)} / ${of(other)}`;
        table.push([
          mode.name,
          row.name,
          both(({ figures }) => figures.requests.toFixed(2)),
          both(({ figures }) => String(figures.peak)),
          both(({ figures }) => kilobytes(figures.bytes)),
          both(({ figures }) => String(figures.connections)),
          both(({ spread }) => (spread ? seconds(spread.most) : "")),
        ]);
      }
    }
  }
  console.log(`${REHEARSED} dispatchers, the model / the library:`);
  printTable(["how", "what", "requests/s", "peak of one", "HTTP/s", "connections of one", "99 % have it"], table);
}

function simulation(): void {
  const table: (readonly string[])[] = [];
  for (const mode of MODES)
    for (const incident of INCIDENTS) {
      const fleet = { mode, incident, dispatchers, replicas, inputs: RECORDED };
      for (const row of simulate(fleet)) table.push(cells(fleet, row));
    }
  console.log(`\n${dispatchers} dispatchers, ${replicas} replicas, computed:`);
  printTable(HEADERS, table);
}

const upDown = ({ up, down }: Bytes): string => `${up} up, ${down} down`;

/** Each input by its name. */
function named({ bytes, cost, memory }: Inputs): Readonly<Record<string, string>> {
  const texts = (of: object, unit: (value: never) => string) =>
    Object.entries(of).map(([name, value]) => [name, unit(value as never)]);
  return Object.fromEntries([
    ...texts(bytes, upDown).map(([name, text]) => [`bytes: ${name}`, text]),
    ...texts(cost, (micros: number) => `${micros.toFixed(1)} µs`).map(([name, text]) => [`processor: ${name}`, text]),
    ...texts(memory, kilobytes).map(([name, text]) => [`memory: ${name}`, text]),
  ]);
}

async function measurement(): Promise<void> {
  const { inputs, streams, refusedGoOn } = await measure();
  const now = named(inputs);
  console.log("\nmeasured, 300 types on SQLite:");
  printTable(
    ["input", "now", "recorded"],
    Object.entries(named(RECORDED)).map(([name, recorded]) => [name, now[name] ?? "", recorded]),
  );
  console.log(
    `${streams} streams were open; a client that found no room ${refusedGoOn ? "went on by asking" : "DID NOT ASK"}`,
  );
}

await rehearsal();
simulation();
if (process.argv.includes("measure")) await measurement();
