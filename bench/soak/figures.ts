import { Latencies } from "./latencies.ts";
import type { LoadReport } from "./load.ts";
import { type Probed, stretches } from "./probe.ts";
import type { Soaked } from "./run.ts";
import { ageOf } from "./types.ts";

/** A line of the table; missed where it has an aim, and is not what was aimed at. */
export interface Figure {
  readonly name: string;
  readonly value: string;
  readonly aim?: string;
  readonly missed?: boolean;
  /** What it is made of, where it was missed. */
  readonly details?: readonly string[];
}

const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
const many = (count: number): string => count.toLocaleString("en");

const none = (name: string, count: number, details: readonly string[] = []): Figure => ({
  name,
  value: many(count),
  aim: "0",
  missed: count > 0,
  details,
});

export function figuresOf(soaked: Soaked): readonly Figure[] {
  const { loads, writes, pushes, replicas, settled, journal, verified } = soaked;
  const both = [loads.cached, loads.asking];
  const sum = (of: (load: LoadReport) => number): number => both.reduce((all, load) => all + of(load), 0);
  const wrong = wrongAnswers(soaked);
  const lost = writes.acknowledged.filter((reason) => !journal.reasons.has(reason));
  const twice = [...journal.reasons].filter(([reason, count]) => reason.startsWith("soak ") && count > 1);
  const outdated = outdatedAnswers(soaked);
  const alarms = replicas.flatMap(({ alarms }) => alarms);
  const total = (of: (counts: Soaked["replicas"][number]) => number): string =>
    many(replicas.reduce((all, counts) => all + of(counts), 0));
  return [
    { name: "resolutions", value: many(sum(({ asked }) => asked)) },
    none(
      "failed resolutions",
      sum(({ failures }) => failures),
      both.flatMap(({ named }) => named),
    ),
    none("wrong answers", wrong.length, wrong),
    { name: "stale answers", value: many(sum(({ stale }) => stale)) },
    { name: "left out, since the load did not get to them", value: many(sum(({ leftOut }) => leftOut)) },
    {
      name: "requests over HTTP; without any answer",
      value: `${many(sum(({ requests }) => requests))}; ${many(sum(({ failedRequests }) => failedRequests))}`,
    },
    ...(["calm", "faults"] as const).flatMap((phase) => [
      latencyFigure(`resolve() from memory, ${phase}: p50, p99, max`, loads.cached, phase),
      latencyFigure(`resolve() over HTTP, ${phase}: p50, p99, max`, loads.asking, phase),
    ]),
    { name: "acknowledged writes", value: many(writes.acknowledged.length) },
    none("of them lost", lost.length, lost),
    none(
      "written twice",
      twice.length,
      twice.map(([reason, count]) => `${reason}: ${count} times`),
    ),
    none("answers to writes that are no answer", writes.unexpected.length, writes.unexpected),
    {
      name: "writes sent again",
      value: Object.entries(writes.repeated)
        .map(([why, count]) => `${why}: ${many(count)}`)
        .join(", "),
    },
    { name: "until a write was acknowledged: p50, p99, max", value: quantiles(writes.latencies) },
    {
      name: "images pushed; of them not to be admitted",
      value: `${many(pushes.pushed)}; ${many(pushes.bad)}`,
    },
    { name: "scans asked for; finished in time", value: `${many(pushes.asked)}; ${many(pushes.finished)}` },
    {
      name: "kills; starts; gave up starting",
      value: [total(({ kills }) => kills), total(({ starts }) => starts), total(({ ownEnds }) => ownEnds)].join("; "),
    },
    { name: "from a start until it listened: p50, p99, max", value: quantiles(started(replicas)) },
    none("alarms in the logs", alarms.length, alarms),
    ...unavailability(soaked),
    none("answers that were older than 6 s and did not say so", outdated.length, outdated),
    ...both.map(({ final }, index): Figure => ({
      name: `${index === 0 ? "the resolver with events" : "the resolver without"} is right about all, after`,
      value: seconds(final.ms),
      aim: "40 s",
      missed: final.wrong.length > 0,
      details: final.wrong,
    })),
    {
      name: "replicas agree, with the right answers, after",
      value: seconds(settled.ms),
      aim: "60 s",
      missed: settled.different.length > 0,
      details: settled.different,
    },
    { name: "entries in the journal", value: many(journal.entries) },
    {
      name: "hash chain",
      value: verified.holds ? "intact" : "broken",
      aim: "intact",
      missed: !verified.holds,
      details: [verified.said],
    },
  ];
}

function started(replicas: Soaked["replicas"]): Latencies {
  const all = new Latencies();
  for (const { listening } of replicas) all.addAll(listening);
  return all;
}

function wrongAnswers({ loads, types }: Soaked): readonly string[] {
  const good = new Map(types.map(({ name, versions }) => [name, new Set(versions.values())]));
  return [loads.cached, loads.asking].flatMap(({ seen }) =>
    Object.entries(seen).flatMap(([type, digests]) =>
      digests.flatMap((digest) => (good.get(type)?.has(digest) ? [] : [`${type}: ${digest}`])),
    ),
  );
}

/** The service says how old its answers are after 5 s. */
const UNSAID_MS = 6000;

function outdatedAnswers({ probed, types: [type] }: Soaked): readonly string[] {
  return probed.flatMap(({ replicas }) =>
    replicas.flatMap((one, index) => {
      if (one.is !== "current" || !type) return [];
      const age = ageOf(type, one);
      return age > UNSAID_MS ? [`replica ${index} at ${Math.round(one.asked)} ms: ${Math.round(age)} ms old`] : [];
    }),
  );
}

function unavailability({ away, probed, writes }: Soaked): readonly Figure[] {
  const [first] = probed;
  const last = probed.at(-1);
  const all = first && last ? last.at - first.at : 0;
  const up = (index: number): number => probed.filter(({ replicas }) => replicas[index]?.is !== "none").length;
  const ups = (first?.replicas ?? []).map((_, index) => `${((100 * up(index)) / probed.length).toFixed(0)} %`);
  const noneUp = stretches(probed, ({ replicas }) => replicas.every(({ is }) => is === "none"));
  const aged = stretches(probed, ({ replicas }) => replicas.some(({ is }) => is === "aged"));
  const longest = ([ms = 0]: readonly number[]): string => seconds(ms);
  return [
    { name: "time; each replica answered", value: `${seconds(all)}; ${ups.join(", ")}` },
    { name: "no replica answered: stretches, longest", value: `${noneUp.length}, ${longest(noneUp)}` },
    { name: "a replica said that its answers are old: longest", value: longest(aged) },
    {
      name: "the database was away",
      value: away.map(({ from, to }) => seconds(to - from)).join(", "),
    },
    {
      name: "from its return to the first acknowledged write",
      value: away.map(({ to }) => after(writes.times, to)).join(", "),
    },
    {
      name: "from its return until each replica has been current",
      value: away.map(({ to }) => currentAfter(probed, to)).join(", "),
    },
    {
      name: "longest time without an acknowledged write, database there",
      value: seconds(longestGap(writes.times, away)),
    },
  ];
}

function after(times: readonly number[], moment: number): string {
  const first = times.find((time) => time >= moment);
  return first === undefined ? "never" : seconds(first - moment);
}

function currentAfter(probed: readonly Probed[], moment: number): string {
  const missing = new Set(probed[0]?.replicas.keys());
  for (const { at, replicas } of probed) {
    if (at < moment) continue;
    for (const [index, one] of replicas.entries()) if (one.is === "current") missing.delete(index);
    if (missing.size === 0) return seconds(at - moment);
  }
  return "never";
}

/** Gaps in which the database was away do not count. */
function longestGap(times: readonly number[], away: Soaked["away"]): number {
  let longest = 0;
  for (const [index, time] of times.entries()) {
    const before = times[index - 1];
    if (before === undefined || away.some(({ from, to }) => from < time && to > before)) continue;
    longest = Math.max(longest, time - before);
  }
  return longest;
}

const milliseconds = (ms: number): string => `${ms < 1 ? ms.toFixed(3) : ms.toFixed(1)} ms`;

const quantiles = (latencies: Latencies): string =>
  [latencies.quantile(0.5), latencies.quantile(0.99), latencies.max].map(milliseconds).join(", ");

const latencyFigure = (name: string, { phases }: LoadReport, phase: string): Figure => ({
  name,
  value: quantiles(new Latencies(phases[phase])),
});
