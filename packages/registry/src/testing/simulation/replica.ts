import { ExecutorRegistryError, type Logger } from "@executor-registry/resolver";
import { whenAborted } from "@executor-registry/resolver/internal";
import { pino } from "pino";
import { followOthers } from "../../journal/others.ts";
import { endWhatIsOver } from "../../selection/expiry.ts";
import { Selection } from "../../selection/selection.ts";
import { ServedVersions } from "../../selection/served.ts";
import { keepRunning } from "../../supervisor/keep-running.ts";
import { openScanning, type Scanning } from "../scanning.ts";
import type { Network } from "./network.ts";
import type { SimulatedRegistry } from "./registry.ts";
import type { Owner } from "./scheduler.ts";

/** Milliseconds between two looks at the registry. */
export const INTERVAL_MS = 120_000;
/** Few enough for several snapshots in each run. */
const SNAPSHOT_EVERY = 5;

/** A service without HTTP, as its supervisor has it running; each believes that it leads. */
export interface Replica extends Pick<Scanning, "catalogue" | "choices" | "scanner" | "judging"> {
  readonly owner: Owner;
  readonly selection: Selection;
  /** Ends it as an operator does: what is being written is, and a snapshot is saved. */
  close(): Promise<void>;
}

/** What replicas have in common. */
export interface Surroundings {
  readonly network: Network;
  readonly registry: SimulatedRegistry;
  /** Called with what must not happen, whatever fails. */
  readonly wrong: (problem: unknown) => void;
}

const silent = pino({ level: "silent" });

/** @throws StoreError, as a service that cannot start */
export async function startReplica(owner: Owner, { network, registry, wrong }: Surroundings): Promise<Replica> {
  const { scheduler } = network;
  const store = network.connect(owner);
  const clock = scheduler.clockOf(owner);
  const random = (): number => scheduler.random();
  const log = expecting("store", wrong);
  const scanning = await openScanning({
    sources: [registry.source(owner)],
    checks: [registry.check(owner)],
    store,
    clock,
    interval: INTERVAL_MS,
    snapshotEvery: SNAPSHOT_EVERY,
    log,
  });
  const { catalogue, choices, scanner, judging } = scanning;
  const served = new ServedVersions(choices, silent);
  const selection = new Selection({ choices, served, clock, configured: () => [] });
  await judging.takeBack();
  await scanning.adopt();
  const ending = new AbortController();
  const { signal } = ending;
  const tasks = { clock, random, log, signal };
  const run = (what: string, task: () => Promise<unknown>): Promise<void> => keepRunning(what, task, tasks);
  const { sharing } = store;
  if (sharing === undefined) throw new TypeError("the store is for one alone");
  const running = [
    run("following", () => followOthers(catalogue, { sharing, clock, random, log }, signal)),
    run("ending", () => endWhatIsOver(catalogue, clock, signal)),
    run("scanning", () => scanner.run(signal)),
    run("judging", () => judging.run()),
    run("judging what falls due", () => judging.lead(signal)),
    run("choosing again", () => choices.run(signal)),
    run("writing down what is served", async () => {
      await served.settle();
      await whenAborted(signal);
    }),
  ];
  return {
    owner,
    catalogue,
    choices,
    scanner,
    judging,
    selection,
    async close() {
      ending.abort(new ExecutorRegistryError("closed", "the service ends"));
      await judging.close();
      await scanner.close();
      await Promise.all(running);
      await catalogue.close();
    },
  };
}

/** A log in which only errors of one code may be. */
function expecting(code: string, wrong: (problem: unknown) => void): Logger {
  const quiet = (): void => {};
  const error: Logger["error"] = (
    fields: { readonly code?: unknown; readonly err?: { readonly code?: unknown } },
    message,
  ) => {
    if ((fields.code ?? fields.err?.code) !== code) wrong(new Error(message, { cause: fields.err ?? fields }));
  };
  return { debug: quiet, info: quiet, warn: quiet, error };
}
