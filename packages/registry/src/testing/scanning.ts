import type { z } from "zod";
import { type Clock, type Logger, silentLogger, systemClock } from "@executor-registry/resolver";
import { Catalogue } from "../catalogue/catalogue.ts";
import { Choices } from "../choice/choices.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { createNaming, type NamingOptions } from "../model/naming.ts";
import type { Check } from "../checks/check.ts";
import { type ImagePolicies, makePolicies, OPEN_POLICIES } from "../checks/checks.ts";
import { judgedRecording } from "../judging/judged-recording.ts";
import { Judging } from "../judging/judging.ts";
import { createRegistryClient } from "../oci/read/client.ts";
import { createHostPacer } from "../oci/wire/pacing.ts";
import { rankOf, Scanner } from "../scan/scanner.ts";
import type { ImageSource } from "../sources/image-source.ts";
import { makeVersionPolicies } from "../policies/policies.ts";
import { VersionSettings } from "../policies/settings.ts";
import { createOciSource } from "../sources/oci/oci.ts";
import { openStore } from "../stores/open.ts";
import type { Store } from "../journal/store.ts";

/** One registry to scan. */
interface ScannedRegistry {
  readonly host: string;
  /** @default everything: `**` */
  readonly repositories?: readonly string[];
}

export interface ScanningOptions {
  /** @default none */
  readonly tracer?: Tracer;
  readonly registries?: readonly ScannedRegistry[];
  /** Instead of registries. */
  readonly sources?: readonly ImageSource[];
  readonly naming?: Partial<NamingOptions>;
  readonly approved?: readonly string[];
  /** Instead of those that a configuration makes. */
  readonly checks?: readonly Check[];
  /** Instead of `checks`. */
  readonly policies?: ImagePolicies;
  /** The version policies, as in a configuration. @default none: the newest */
  readonly versions?: z.input<typeof VersionSettings>["policies"];
  /** @default one in memory */
  readonly store?: Store;
  readonly clock?: Clock;
  readonly interval?: number;
  /** Of the catalogue. */
  readonly snapshotEvery?: number;
  /** @default nothing is logged */
  readonly log?: Logger;
}

/** A catalogue and what keeps it current, without HTTP. */
export interface Scanning extends AsyncDisposable {
  readonly catalogue: Catalogue;
  readonly choices: Choices;
  readonly scanner: Scanner;
  readonly judging: Judging;
  readonly sources: readonly ImageSource[];
  /** Applies the configuration to what is known. */
  adopt(): Promise<void>;
  /** Scans everything once. @returns the requests it took */
  scan(): Promise<number>;
  /** Sets the clock ahead, where no other was given. @param ms @default the interval */
  later(ms?: number): void;
  /** The current version of each type. */
  versions(): Record<string, string | undefined>;
}

/** The same checks for every type. */
function policiesOf(checks: readonly Check[]): ImagePolicies {
  const policy = { name: "test", checks, onInvalid: "fallback", deadlineMs: 86_400_000 } as const;
  return { hash: OPEN_POLICIES.hash, summary: ["as the test says"], of: () => policy };
}

export async function openScanning(options: ScanningOptions): Promise<Scanning> {
  let ahead = 0;
  const shifted: Clock = { now: () => systemClock.now() + ahead, sleep: systemClock.sleep };
  const { approved = [], clock = shifted, interval = 3_600_000, log = silentLogger } = options;
  const naming = createNaming({ template: "executor-{type}", ...options.naming });
  const sources =
    options.sources ??
    (options.registries ?? []).map(({ host, repositories = ["**"] }, index) => {
      const pacer = createHostPacer(host, { concurrency: 16, rate: Infinity, clock });
      const client = createRegistryClient({ host, insecure: true, pacer, clock });
      return createOciSource({ name: `registry-${index + 1}`, client, repositories, naming, log });
    });
  const store = options.store ?? (await openStore("memory:"));
  const { checks, snapshotEvery } = options;
  const every = snapshotEvery === undefined ? {} : { snapshotEvery };
  const catalogue = await Catalogue.open({ store, rank: rankOf(sources), clock, log, ...every });
  const named = approved.length === 0 ? "none" : { approvedNamespaces: [...approved], policies: [] };
  const policies = options.policies ?? (checks ? policiesOf(checks) : makePolicies(named));
  const versions = makeVersionPolicies(VersionSettings.parse({ policies: options.versions ?? [] }));
  const choices = new Choices(
    catalogue,
    () => 0,
    (set) => {
      const inForce = set === undefined ? versions : makeVersionPolicies(VersionSettings.parse(set.settings));
      return (type) => ({ onInvalid: policies.of(type).onInvalid, versions: inForce.of(type) });
    },
    clock,
  );
  const judged = { policies, sources, catalogue, clock, random: () => 0.5, log };
  const judging = new Judging(judged);
  const scanner = new Scanner({
    sources: sources.map((source) => ({ source, polling: { interval, jitter: 0 } })),
    catalogue,
    choices,
    naming,
    record: judgedRecording(judged, judging),
    clock,
    random: () => 0.5,
    log,
    ...(options.tracer && { tracer: options.tracer }),
  });
  return {
    catalogue,
    choices,
    scanner,
    judging,
    sources,
    async adopt() {
      await scanner.adopt();
      await judging.adopt();
    },
    async scan() {
      const reports = await scanner.poll({ actor: "test", why: "test" });
      return reports.reduce((sum, { requests }) => sum + requests, 0);
    },
    later: (ms = interval) => void (ahead += ms),
    versions: () =>
      Object.fromEntries(choices.snapshot.types().map((type) => [type, choices.snapshot.document(type)?.version])),
    async [Symbol.asyncDispose]() {
      await judging.close();
      await scanner.close();
      await catalogue.close();
    },
  };
}
