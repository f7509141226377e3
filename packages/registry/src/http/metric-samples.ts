import { VERSION } from "@executor-registry/resolver";
import type { FollowerHealth } from "../audit/follower.ts";
import type { Catalogue } from "../catalogue/catalogue.ts";
import type { Choices } from "../choice/choices.ts";
import { imageGone } from "../selection/image-gone.ts";
import { isEnforced } from "../model/verdict.ts";
import type { EventQueue } from "../queues/queue.ts";
import type { ImageSource, SourceHealth } from "../sources/image-source.ts";
import type { EventStream } from "./events.ts";
import type { Freshness } from "./freshness.ts";
import type { Sample } from "./metric-definitions.ts";
import type { ReadCounts } from "./read-path.ts";

/** Where the values are read. */
export interface MetricSources {
  readonly choices: Pick<Choices, "catalogue" | "snapshot" | "conditions">;
  inForce(): {
    health(): readonly SourceHealth[];
    readonly sources: readonly Pick<ImageSource, "name" | "requests" | "throttled" | "clockOffset">[];
    readonly policies: { of(type: string): { readonly checks: readonly { readonly name: string }[] } };
    readonly queues: readonly EventQueue[];
    followers(): readonly FollowerHealth[];
    judging(): { readonly due: number; readonly late: number };
  };
  /** The sources of the configuration. @param interval milliseconds, of those that are scanned */
  configured(): readonly { readonly name: string; readonly interval?: number }[];
  /** Whether the configuration file was refused when it was last read. */
  refused(): boolean;
  readonly leadership: { readonly leading: boolean };
  /** How old answers are, where several services share a store. */
  readonly freshness: Freshness | undefined;
  readonly reads: ReadCounts;
  readonly events: Pick<EventStream, "size">;
  /** Whether `/readyz` answers 200. */
  ready(): boolean;
}

const bit = (holds: boolean): number => (holds ? 1 : 0);

/** What is known anyway. @returns what reads it */
export function createSampler(from: MetricSources): () => Generator<Sample> {
  const { choices, leadership, freshness, reads, events } = from;
  const { catalogue } = choices;
  let counted: { readonly head: string; readonly counts: Counts } | undefined;
  /** A pass over many images takes a tenth of a second: it is made again only after an entry was written. */
  const counts = (): Counts => {
    const { hash } = catalogue.head;
    if (counted?.head !== hash) counted = { head: hash, counts: countsOf(catalogue) };
    return counted.counts;
  };
  return function* () {
    yield ["executor_registry_build_info", 1, { version: VERSION }];
    yield ["executor_registry_ready", bit(from.ready())];
    yield ["executor_registry_config_last_reload_successful", bit(!from.refused())];
    yield ["executor_registry_leader", bit(leadership.leading)];
    yield ["executor_registry_executors", choices.snapshot.size];
    yield ["executor_registry_event_streams", events.size];
    yield ["executor_registry_answers_age_seconds", freshness?.age ?? 0];
    yield ["executor_registry_resolutions_total", reads.ok, { status: "200" }];
    yield ["executor_registry_resolutions_total", reads.notModified, { status: "304" }];
    yield* catalogueSamples(from, counts());
    yield* journalSamples(catalogue);
    yield* sourceSamples(from);
    yield* deliverySamples(from);
  };
}

/** What the catalogue holds. */
interface Counts {
  readonly states: Readonly<Record<string, number>>;
  readonly rejected: ReadonlyMap<string, number>;
  readonly pins: Readonly<Record<string, number>>;
  readonly denials: number;
  /** Types whose current image was withdrawn. */
  readonly gone: number;
}

function countsOf(catalogue: Pick<Catalogue, "types">): Counts {
  const states = { admitted: 0, rejected: 0, pending: 0, withdrawn: 0 };
  const pins = { pin: 0, rollback: 0 };
  const rejected = new Map<string, number>();
  let [denials, gone] = [0, 0];
  for (const type of catalogue.types()) {
    if (type.pin) pins[type.pin.mode] += 1;
    denials += type.denials.length;
    if (imageGone(type)) gone += 1;
    for (const { state, verdicts } of type.images) {
      states[state] += 1;
      if (state !== "rejected") continue;
      for (const verdict of verdicts)
        if (verdict.state === "failed" && isEnforced(verdict))
          rejected.set(verdict.check, (rejected.get(verdict.check) ?? 0) + 1);
    }
  }
  return { states, rejected, pins, denials, gone };
}

function* catalogueSamples({ choices, inForce }: MetricSources, counts: Counts): Generator<Sample> {
  const { policies } = inForce();
  // An alert compares with what was before: so a check has a number before it rejects the first.
  const checks = new Set(counts.rejected.keys());
  for (const { type } of choices.catalogue.types()) for (const { name } of policies.of(type).checks) checks.add(name);
  const conditions: Record<string, number> = { NoMatch: 0, TagGone: 0, PinInvalid: 0, ImageGone: counts.gone };
  for (const found of choices.conditions.values())
    for (const condition of found) conditions[condition] = (conditions[condition] ?? 0) + 1;
  for (const [state, count] of Object.entries(counts.states)) yield ["executor_registry_images", count, { state }];
  for (const check of checks) yield ["executor_registry_rejected_images", counts.rejected.get(check) ?? 0, { check }];
  for (const [mode, count] of Object.entries(counts.pins)) yield ["executor_registry_pins", count, { mode }];
  yield ["executor_registry_denials", counts.denials];
  for (const [condition, types] of Object.entries(conditions))
    yield ["executor_registry_conditions", types, { condition }];
}

function* journalSamples({ head, seal, contact }: Pick<Catalogue, "head" | "seal" | "contact">): Generator<Sample> {
  yield ["executor_registry_journal_sequence", head.sequence];
  yield ["executor_registry_journal_broken", bit(seal.broken !== undefined)];
  yield ["executor_registry_journal_verified_sequence", seal.verified?.sequence ?? 0];
  for (const [operation, { failing, failures }] of Object.entries(contact)) {
    yield ["executor_registry_store_up", bit(!failing), { operation }];
    yield ["executor_registry_store_failures_total", failures, { operation }];
  }
}

function* sourceSamples({ inForce, configured }: MetricSources): Generator<Sample> {
  for (const { name: source, interval } of configured())
    if (interval !== undefined) yield ["executor_registry_source_interval_seconds", interval / 1000, { source }];
  const { health, sources } = inForce();
  for (const { name: source, state, completed, problem, requests, unread } of health()) {
    yield ["executor_registry_source_up", bit(state === "ready"), { source }];
    if (problem) yield ["executor_registry_source_problem", 1, { source, code: problem.code }];
    if (completed)
      yield ["executor_registry_source_completed_timestamp_seconds", Date.parse(completed) / 1000, { source }];
    if (requests !== undefined) yield ["executor_registry_source_scan_requests", requests, { source }];
    if (unread !== undefined) yield ["executor_registry_source_unread_tags", unread, { source }];
  }
  for (const { name: source, requests, throttled, clockOffset } of sources) {
    yield ["executor_registry_source_requests_total", requests, { source }];
    yield ["executor_registry_source_throttled_total", throttled, { source }];
    if (clockOffset !== undefined)
      yield ["executor_registry_source_clock_offset_seconds", clockOffset / 1000, { source }];
  }
}

function* deliverySamples({ inForce }: MetricSources): Generator<Sample> {
  const { judging, queues, followers } = inForce();
  const { due, late } = judging();
  yield ["executor_registry_judgements_due", due];
  yield ["executor_registry_judgements_late", late];
  for (const { name: queue, failing, lag, poisoned } of queues) {
    yield ["executor_registry_queue_up", bit(!failing), { queue }];
    if (lag !== undefined) yield ["executor_registry_queue_lag_seconds", lag / 1000, { queue }];
    yield ["executor_registry_queue_poisoned_messages", poisoned, { queue }];
  }
  for (const { name: follower, failing, behind } of followers()) {
    yield ["executor_registry_follower_up", bit(!failing), { follower }];
    yield ["executor_registry_follower_lag_entries", behind, { follower }];
  }
}
