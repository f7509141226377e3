/** What is done to the service and its database, and when. */
interface Fault {
  /**
   * - `restart`: the database is killed, and started at once
   * - `outage`: it is killed, and started after a while
   * - `refused`: one replica's connections to it are cut, and new ones refused
   * - `silent`: one replica's connections to it stay open, and nothing comes through
   */
  readonly kind: "restart" | "outage" | "refused" | "silent";
  /** Milliseconds since the load began. */
  readonly at: number;
  /** Milliseconds until it is over. */
  readonly ms: number;
  /** Which replica is cut off, or spared. */
  readonly replica: number;
  /** Whether that replica is not killed meanwhile: one that runs all the time has to bear it too. */
  readonly spared: boolean;
}

export interface Plan {
  readonly seed: number;
  /** Milliseconds of load without faults, at first. */
  readonly calmMs: number;
  readonly totalMs: number;
  /** Milliseconds between two kills of a replica. */
  readonly killMs: number;
  readonly faults: readonly Fault[];
}

/** A number from 0 to 1. */
export type Random = () => number;

/** Numbers that are the same for the same seed. @see https://en.wikipedia.org/wiki/Linear_congruential_generator */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  const next = (): number => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state;
  };
  // The low bits of such a generator repeat soon.
  return () => ((next() >>> 8) * 2 ** 24 + (next() >>> 8)) / 2 ** 48;
}

interface Times {
  readonly calm: number;
  readonly pause: number;
  readonly refused: number;
  readonly silent: number;
  readonly outage: number;
}

const LONG: Times = { calm: 10_000, pause: 6000, refused: 6000, silent: 15_000, outage: 30_000 };
const SHORT: Times = { calm: 2000, pause: 2000, refused: 2500, silent: 4000, outage: 5000 };

/** Rounds of a restart, two cuts and an outage, as many as there is time for, and one at least. */
export function makePlan(
  { seconds, short, killSeconds }: { readonly seconds: number; readonly short: boolean; readonly killSeconds: number },
  seed: number,
): Plan {
  const times = short ? SHORT : LONG;
  const random = seeded(seed);
  const faults: Fault[] = [];
  let at = times.calm;
  do {
    for (const kind of ["restart", "refused", "silent", "outage"] as const) {
      at += times.pause;
      const ms = kind === "restart" ? 0 : times[kind];
      faults.push({ kind, at, ms, replica: Math.floor(random() * 3), spared: random() < 0.6 });
      at += ms;
    }
    at += times.pause;
  } while (at + (at - times.calm) <= seconds * 1000 && faults.length < 100);
  return { seed, calmMs: times.calm, totalMs: Math.max(seconds * 1000, at), killMs: killSeconds * 1000, faults };
}
