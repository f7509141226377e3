import type { Clock, Digest, ExecutorDocument, ImageReference, Random } from "@executor-registry/resolver";
import { whenAborted } from "@executor-registry/resolver/internal";
import type { Logger } from "pino";
import { createAccess, type Access } from "../auth/access.ts";
import { createCheckpoints } from "../audit/checkpoints.ts";
import type { FollowerHealth } from "../audit/follower.ts";
import { makeFollowers } from "../audit/followers.ts";
import { Discovering } from "../capabilities/discovering.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Choices } from "../choice/choices.ts";
import { describedLive } from "../choice/document.ts";
import { createNaming, type Naming } from "../model/naming.ts";
import { type ImagePolicies, makePolicies } from "../checks/checks.ts";
import { makeAuthenticators } from "../config/make-authenticators.ts";
import { makeSources } from "../config/source-kinds.ts";
import type { Variables } from "../config/read-secrets.ts";
import type { Config } from "../config/schema.ts";
import { keepRunning } from "./keep-running.ts";
import { type Examination, examine } from "../judging/examine.ts";
import { judgedRecording } from "../judging/judged-recording.ts";
import { Judging } from "../judging/judging.ts";
import type { JudgingHealth } from "../judging/judging-options.ts";
import { type PostedScan, receiveReport, type ReceivedReport } from "../judging/receive-report.ts";
import { leaderHealthOf } from "./leader-health.ts";
import type { Leadership } from "./leadership.ts";
import { Lifetimes } from "./lifetimes.ts";
import { makeQueues } from "../queues/kinds.ts";
import type { EventQueue } from "../queues/queue.ts";
import { Scanner, type TakeHints } from "../scan/scanner.ts";
import type { ImageSource, SourceHealth } from "../sources/image-source.ts";
import type { LiveAnswers } from "../sources/live-source.ts";
import { makeWebhooks } from "../webhooks/kinds.ts";
import type { Webhook } from "../webhooks/webhook.ts";
import type { Hint } from "../model/hint.ts";
import type { Measures } from "../model/measures.ts";
import type { Tracer } from "../tracing/tracer.ts";

/** What a configuration decides, made from it: replaced as a whole by the next. */
export interface Parts {
  readonly sources: readonly ImageSource[];
  readonly scanner: Scanner;
  /** Has scanner and judging look at what an event names. */
  readonly hint: TakeHints;
  /** What waits to be judged. */
  judging(): JudgingHealth;
  /** Takes a report of a scan that was posted. */
  receiveReport(posted: PostedScan, signal: AbortSignal): Promise<ReceivedReport>;
  /** Has all checks of an image answer again. */
  revalidate(
    type: string,
    digest: Digest,
    reason: { readonly actor: string; readonly why: string },
  ): { readonly images: number; wait(signal: AbortSignal): Promise<unknown> };
  /** Asks every check about an image, and writes nothing down. */
  examine(reference: ImageReference, type: string | undefined, signal: AbortSignal): Promise<Examination>;
  /** The state of all sources, in the configuration's order. */
  health(): readonly SourceHealth[];
  /** Of which types an image is. */
  readonly typesOf: Naming["typesOf"];
  /** What images must pass. */
  readonly policies: ImagePolicies;
  readonly access: Access;
  readonly webhooks: ReadonlyMap<string, Webhook>;
  readonly queues: readonly EventQueue[];
  /** How those fare who follow the journal. */
  followers(): readonly FollowerHealth[];
  /** The public key of checkpoints, in PEM. */
  readonly checkpointKey?: string;
  /** Takes back what the configuration does not admit, as far as that is known without reading anything. */
  takeBack(): Promise<void>;
  /** Applies the configuration to what is known already; that other parts are in force meanwhile harms nothing. */
  adopt(): Promise<void>;
  /** Begins to watch, to scan, and to ask the queues; each goes on until the parts are closed, also after failures. */
  start(): void;
  /** What another configuration wrote is put right, and everything is looked at again. */
  again(): void;
  /** Ends all of it, within a time. */
  close(): Promise<void>;
}

/** Milliseconds for what a configuration had running to end. */
export const PARTS_END_MS = 1500;

/** What stays the same under every configuration. */
export interface PartsContext {
  readonly catalogue: Catalogue;
  readonly choices: Choices;
  /** Whether this replica is the one that scans, judges what falls due and delivers the journal. */
  readonly leadership: Leadership;
  readonly measures: Measures;
  readonly tracer: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** The environment: where a kubeconfig may be named. */
  readonly variables: Variables;
  /** Reads what webhooks' senders are proven by. */
  readonly fetch?: typeof globalThis.fetch;
}

/** How images' names say of which types they are. */
export function namingOf({ executors: { template, tags, aliases } }: Config): Naming {
  return createNaming({ template, aliases, ...(tags && { tags }) });
}

/** Makes the parts; nothing runs yet. @throws ConfigurationError */
export async function makeParts(config: Config, context: PartsContext): Promise<Parts> {
  const { catalogue, choices, leadership, measures, tracer, clock, random, log, variables, fetch } = context;
  const naming = namingOf(config);
  const { template } = config.executors;
  const { scanned, watched } = makeSources(config.sources, { naming, template, clock, random, log });
  const sources = scanned.map(({ source }) => source);
  const policies = makePolicies(config.checks ?? "none", {
    clock,
    random,
    log,
    postedReports: (repository, digest) => catalogue.postedReports(repository, digest),
  });
  const leading = (): boolean => leadership.leading;
  const asked = { policies, sources, catalogue, leading, tracer, clock, random, log };
  const judging = new Judging(asked);
  const record = judgedRecording(asked, judging);
  const scanning = { catalogue, choices, record, naming, measures, tracer, clock, random, log };
  const scanner = new Scanner({ sources: scanned, ...scanning });
  const discovering = new Discovering({ choices, sources, leading, clock, random, log });
  const hint: TakeHints = (hints, reason, to) => {
    judging.hint(hints, reason, to);
    discovering.hint(hints, to);
    return scanner.hint(hints, reason, to);
  };
  const adopt = async (): Promise<void> => {
    await scanner.adopt();
    await judging.adopt();
  };
  const { origin, checkpoints: signing } = config.audit;
  const checkpoints = signing && createCheckpoints(signing, { origin, catalogue, clock, log });
  const followers = makeFollowers(config, { journal: catalogue, clock, random, log, ...(fetch && { fetch }) });
  const queues = makeQueues(config.queues, { clock, random, log });
  const webhooks = makeWebhooks(config.webhooks, { clock, ...(fetch && { fetch }) });
  // The last that can fail: nothing would end their connections.
  const authenticators = await makeAuthenticators(config.auth, log, clock, variables);
  const { reads, writes, health, metrics } = config.auth;
  const access = createAccess({ reads, writes, health, metrics, authenticators, clock });
  const ending = new AbortController();
  const running: { readonly what: string; readonly task: Promise<void> }[] = [];
  const run = (what: string, task: () => Promise<unknown>): void => {
    running.push({ what, task: keepRunning(what, task, { clock, random, log, signal: ending.signal }) });
  };
  return {
    sources,
    scanner,
    hint,
    judging: () => (leading() ? judging.health : (leaderHealthOf(leadership)?.judging ?? judging.health)),
    receiveReport: (posted, signal) => receiveReport(posted, { catalogue, sources, judging, clock }, signal),
    revalidate: (type, digest, reason) => judging.revalidate(type, digest, reason),
    examine: (reference, type, signal) =>
      examine(
        reference,
        type,
        { ...asked, naming, known: (name, digest) => catalogue.imagesOf(name).get(digest) },
        signal,
      ),
    health() {
      // Whoever leads knows how the sources fare that it scans.
      const known = leading() ? [] : (leaderHealthOf(leadership)?.sources ?? []);
      const scannedHere = scanner.health.map(
        (own) => known.find(({ name, kind }) => name === own.name && kind === own.kind) ?? own,
      );
      const all = [...scannedHere, ...watched.map((source) => source.health)];
      return config.sources.flatMap(({ name }) => all.find((one) => one.name === name) ?? []);
    },
    typesOf: (path, tag) => naming.typesOf(path, tag),
    policies,
    access,
    webhooks,
    queues: queues.map(({ queue }) => queue),
    ...(checkpoints && { checkpointKey: checkpoints.publicKey }),
    followers: () =>
      leading() ? followers.map(({ health }) => health) : (leaderHealthOf(leadership)?.followers ?? []),
    takeBack: () => judging.takeBack(),
    adopt,
    start() {
      const { answers } = choices;
      const live = (document: ExecutorDocument): ExecutorDocument =>
        describedLive(document, choices.groundsOf(document.type).rules.profile);
      answers.keep(new Set(watched.map(({ name }) => name)));
      for (const source of watched) {
        const layer: LiveAnswers = {
          reset: (documents) =>
            answers.reset(source.name, new Map([...documents].map(([type, one]) => [type, live(one)]))),
          set: (type, document) => answers.set(source.name, type, document && live(document)),
        };
        run(`watching ${source.name}`, () => source.run(layer, ending.signal));
      }
      // What the former parts wrote while these adopted is theirs.
      run("applying the configuration to the catalogue", adopt);
      const whileLeading = (what: string, task: (signal: AbortSignal) => Promise<void>): void =>
        run(what, () => leadership.whileLeading(task, ending.signal));
      whileLeading("scanning", (signal) => scanner.run(signal));
      run("judging", () => judging.run());
      whileLeading("judging what falls due", (signal) => judging.lead(signal));
      run("finding capabilities", () => discovering.run());
      whileLeading("finding all capabilities", async (signal) => {
        discovering.lead();
        await whenAborted(signal);
      });
      for (const follower of followers) {
        whileLeading(`delivering the journal to ${follower.health.name}`, (signal) => follower.run(signal));
      }
      if (checkpoints) whileLeading("signing checkpoints", (signal) => checkpoints.run(signal));
      for (const { queue, source } of queues) {
        const reason = { actor: `queue:${queue.name}`, why: "event" };
        const take = async (hints: readonly Hint[]): Promise<void> => {
          const attributes = { queue: queue.name, hints: hints.length, "messaging.operation.type": "process" };
          const span = tracer.begin(`process ${queue.name}`, { kind: "consumer", attributes });
          const { repositories } = hint(hints, { ...reason, span }, source);
          span.set({ outcome: repositories > 0 ? "taken" : "nothing", repositories });
          span.end();
        };
        run(`asking the queue ${queue.name}`, () => queue.run(take, ending.signal));
      }
    },
    again() {
      run("applying the configuration to the catalogue", async () => {
        await adopt();
        await scanner.poll({ actor: "system", why: "another configuration was not taken over" });
      });
    },
    async close() {
      ending.abort(new Error("the service ends"));
      const endings = new Lifetimes(clock, log);
      const tasks = [
        ...running,
        { what: "judging", task: judging.close() },
        { what: "finding capabilities", task: discovering.close() },
        { what: "the scanner", task: scanner.close() },
      ];
      await Promise.all(tasks.map(({ what, task }) => endings.within({ what, end: () => task, ms: PARTS_END_MS })));
      for (const authenticator of authenticators) authenticator.close?.();
    },
  };
}
