import { type Clock, type Logger, type Random, type Repository, repositoryNamed } from "@executor-registry/resolver";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Choices } from "../choice/choices.ts";
import type { Naming } from "../model/naming.ts";
import type { Rank } from "../catalogue/claims.ts";
import { reconcile, type Recording } from "../catalogue/reconcile.ts";
import { forgetUnread } from "../catalogue/repository-read.ts";
import type { ImageSource, SourceHealth } from "../sources/image-source.ts";
import type { Hint } from "../model/hint.ts";
import { type Measures, UNMEASURED } from "../model/measures.ts";
import type { Tracer } from "../tracing/tracer.ts";
import { type Polling, SourceLoop } from "./source-loop.ts";
import type { Reason } from "./ingest.ts";
import type { ScanReport } from "./source-scan.ts";
import { problemFields } from "../logs/problem-fields.ts";

/** A source and how often to look at it. In the order of the configuration. */
interface PolledSource {
  readonly source: ImageSource;
  readonly polling: Polling;
}

/** What a scanner needs. */
export interface ScannerOptions {
  readonly sources: readonly PolledSource[];
  readonly catalogue: Catalogue;
  readonly choices: Choices;
  /** Writes down what was seen. */
  readonly record: Recording;
  readonly naming: Naming;
  /** @default none */
  readonly measures?: Measures;
  /** @default none */
  readonly tracer?: Tracer;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
}

/** The order in which repositories are preferred: by source, then as each source's configuration has them. */
export function rankOf(sources: readonly ImageSource[]): Rank {
  return ({ source: name, repository }) => {
    const place = sources.findIndex((source) => source.name === name);
    const within = sources[place]?.rank(repositoryNamed(repository));
    return within === undefined ? undefined : place * 1_000_000 + within;
  };
}

/** What became of hints. */
export interface HintResult {
  /** How many repositories will be looked at. */
  readonly repositories: number;
  /** Hosts that were named with a repository which a source covers, and that no source has. */
  readonly unknownHosts: number;
}

/** A repository that is looked at, and the tags of it that are looked up, though they should not move. */
interface Wanted {
  readonly repository: Repository;
  readonly tags: readonly string[] | "all";
}

const HOST_WARNING_MS = 3_600_000;

/** Takes hints of a sender of events. */
export type TakeHints = Scanner["hint"];

/** Keeps the catalogue current with all sources. */
export class Scanner {
  readonly #options: ScannerOptions;
  readonly #loops: readonly SourceLoop[];
  readonly #ending = new AbortController();
  #running: Promise<unknown> = Promise.resolve();
  #warnedOfHosts = -Infinity;

  constructor(options: ScannerOptions) {
    this.#options = options;
    this.#loops = options.sources.map(
      ({ source, polling }) => new SourceLoop(source, { ...options, polling }, this.#ending.signal),
    );
  }

  /** Applies the configuration to what is known already. Doing so again changes nothing. */
  async adopt(): Promise<void> {
    await this.#withdrawOrphans();
    await this.#options.catalogue.reclaim([...this.#options.catalogue.types()].map(({ type }) => type));
  }

  /** Polls until it is closed, or the signal aborts: what is looked at then is looked at to its end. */
  async run(signal?: AbortSignal): Promise<void> {
    const running = Promise.all(this.#loops.map((loop) => loop.run(signal)));
    this.#running = running;
    await running;
  }

  get health(): readonly SourceHealth[] {
    return this.#loops.map(({ health }) => health);
  }

  /** Looks at everything now, also at tags that should not have moved. */
  refresh(reason: Reason): Promise<readonly ScanReport[]> {
    return Promise.all(this.#loops.map((loop) => loop.scanAll({ ...reason, recheck: "all" })));
  }

  /** Looks at everything as at each interval. */
  poll(reason: Reason): Promise<readonly ScanReport[]> {
    return Promise.all(this.#loops.map((loop) => loop.scanAll(reason)));
  }

  /** Looks at every tag of a type's repositories now: those that hold images of it, in each source that would scan them. */
  refreshType(type: string, reason: Reason): Promise<readonly ScanReport[]> {
    const names = this.#options.catalogue.type(type)?.images.repositories() ?? [];
    if (names.length === 0) return this.refresh(reason);
    return this.#look(
      names.map((name) => ({ repository: repositoryNamed(name), tags: "all" })),
      reason,
    );
  }

  /**
   * Looks at what events name. Repositories that no source covers are passed over.
   * @param to the name of the only source that is meant, where the event was sent to one, and the host in the event does not
   * count: products write the address into events that people reach them by
   */
  hint(hints: readonly Hint[], reason: Reason, to?: string): HintResult {
    const looks = new Map<string, { readonly repository: Repository; readonly tags: Set<string> }>();
    const unknownHosts = new Set<string>();
    for (const { registry, repository: path, tag } of hints) {
      let [byPath, byHost] = [false, false];
      for (const { source } of this.#loops) {
        if (to !== undefined && source.name !== to) continue;
        const exact = source.named(path, registry);
        const anywhere = exact.length > 0 || registry === undefined ? exact : source.named(path);
        byHost ||= exact.length > 0;
        byPath ||= anywhere.length > 0;
        for (const repository of to === undefined ? exact : anywhere) {
          const { tags } = looks.get(repository.name) ?? { tags: new Set<string>() };
          if (tag !== undefined) tags.add(tag);
          looks.set(repository.name, { repository, tags });
        }
      }
      if (to === undefined && registry !== undefined && byPath && !byHost) unknownHosts.add(registry);
    }
    if (looks.size > 0) {
      const wanted = [...looks.values()].map(({ repository, tags }) => ({ repository, tags: [...tags] }));
      void this.#follow(wanted, reason);
    }
    if (unknownHosts.size > 0) this.#warnOfHosts([...unknownHosts], reason);
    return { repositories: looks.size, unknownHosts: unknownHosts.size };
  }

  /** Looks at what an event names, and measures how long it was until that is answered. Never rejects. */
  async #follow(wanted: readonly Wanted[], reason: Reason): Promise<void> {
    const { clock, log, measures = UNMEASURED } = this.#options;
    const taken = clock.now();
    try {
      const reports = await this.#look(wanted, reason);
      // What could not be read is found by another scan, some time.
      if (reports.every(({ complete }) => complete)) measures.followed((clock.now() - taken) / 1000);
    } catch (error) {
      if (!this.#ending.signal.aborted)
        log.error({ ...problemFields(error), ...reason.span?.ids }, "what an event's scan found could not be recorded");
    }
  }

  /** Once an hour, since a sender that is set up wrongly sends on and on. */
  #warnOfHosts(hosts: readonly string[], { actor, span }: Reason): void {
    const { clock, log } = this.#options;
    if (Math.abs(clock.now() - this.#warnedOfHosts) < HOST_WARNING_MS) return;
    this.#warnedOfHosts = clock.now();
    log.warn(
      { actor, hosts: hosts.slice(0, 5), ...span?.ids },
      "an event names a repository that a source covers, on a host that no source has: set `source` where the event comes in, " +
        "or have the sender name the host that the source is configured with",
    );
  }

  /** Ends all scanning; resolves once nothing is under way. */
  async close(): Promise<void> {
    this.#ending.abort(new Error("the service ends"));
    await Promise.allSettled([this.#running]);
    await Promise.all(this.#options.sources.map(({ source }) => source.close()));
  }

  async #look(wanted: readonly Wanted[], reason: Reason): Promise<readonly ScanReport[]> {
    const loops = this.#loops.flatMap((loop) => {
      const ours = wanted.filter(({ repository }) => loop.source.rank(repository) !== undefined);
      const only = ours.map(({ repository }) => repository);
      const recheck = new Map(ours.map(({ repository, tags }) => [repository.name, tags]));
      return only.length > 0 ? [loop.scanSome({ ...reason, only, recheck })] : [];
    });
    return Promise.all(loops);
  }

  /** Images of repositories that the configuration does not name any more will never be looked at again. */
  async #withdrawOrphans(): Promise<void> {
    const { catalogue, record, naming, sources } = this.#options;
    const unread = [...catalogue.reads()].filter(({ unreadTotal }) => unreadTotal > 0);
    const known = new Map([...unread, ...catalogue.holders()].map((one) => [one.repository.name, one]));
    for (const [name, { repository, source }] of known) {
      if (sources.some((polled) => polled.source.rank(repository) !== undefined)) continue;
      const gone = `no source of the configuration covers ${name} any more`;
      const nothing = { images: [], unread: new Set<string>(), presence: new Map(), details: new Map() };
      const seen = { source, since: 0, repository, gone, ...nothing };
      await record({ actor: "system" }, (state) => [
        ...reconcile(state, seen, naming),
        ...forgetUnread(state, name, gone),
      ]);
    }
  }
}
