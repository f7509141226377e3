import { Operators } from "./operators.ts";
import { checkOutcome } from "./outcome.ts";
import { PATHS, VERSIONS } from "./registry.ts";
import { INTERVAL_MS } from "./replica.ts";
import { type ReplicaCounts, ReplicaSet } from "./replica-set.ts";

/** Steps in which anything may happen. */
const STEPS = 700;
/** Longer than anything is put off: the next try of what could not be judged. */
const SETTLE_MS = 1_000_000;

/** What happened in a run. */
export interface RunCounts extends ReplicaCounts {
  readonly steps: number;
  /** The hash of the journal's last entry. */
  readonly hash: string;
  readonly entries: number;
  readonly operations: number;
  readonly unanswered: number;
}

/** Replicas that run, are killed and started while the network fails, and operators and the registry change what there is; then it ends well. */
export async function randomRun(seed: number): Promise<RunCounts> {
  const replicas = new ReplicaSet(seed, 3 + (seed % 3));
  const { scheduler, network, registry } = replicas;
  const operators = new Operators(replicas);
  const actions = actionsOn(replicas, operators);
  while (scheduler.steps < STEPS) {
    replicas.check();
    if (scheduler.chance(0.1)) scheduler.pick(actions)();
    registry.settled ||= scheduler.steps > STEPS / 2;
    if (!(await scheduler.step())) replicas.start();
  }
  network.faulty = false;
  while (scheduler.chance(0.5)) replicas.start();
  const end = scheduler.now + SETTLE_MS;
  await replicas.until(() => {
    // The last may be ending.
    if (replicas.running.length === 0) replicas.start();
    return scheduler.now >= end && replicas.running.length > 0;
  });
  await checkOutcome(replicas, operators.operations);
  const unanswered = operators.operations.filter(({ answer }) => answer === undefined).length;
  const { sequence: entries, hash } = await network.store.head();
  return {
    ...replicas.counts,
    steps: scheduler.steps,
    entries,
    hash,
    operations: operators.operations.length,
    unanswered,
  };
}

/** What may happen at any time; what is likelier is there more often. */
function actionsOn(replicas: ReplicaSet, operators: Operators): readonly (() => void)[] {
  const { scheduler, registry } = replicas;
  const path = (): string => scheduler.pick(PATHS);
  const tag = (): string => scheduler.pick(VERSIONS);
  const push = (): void => void registry.push(path(), tag());
  const retag = (): void => {
    const pushed = [...registry.pushed.values()];
    if (pushed.length > 0) registry.push(path(), tag(), scheduler.pick(pushed).digest);
  };
  const untag = (): void => registry.untag(path(), tag());
  const remove = (): void => {
    const at = path();
    const images = registry.images(at);
    if (images.length > 0) registry.delete(at, scheduler.pick(images).digest);
  };
  const operate = (): void => void operators.ask();
  const refresh = (): void => {
    for (const { scanner } of replicas.running.slice(0, 1 + scheduler.below(2)))
      scanner.refresh({ actor: "token:alice", why: "asked" }).catch(() => {});
  };
  const hint = (): void => {
    if (replicas.running.length === 0) return;
    const { scanner, judging } = scheduler.pick(replicas.running);
    const action = scheduler.pick(["pushed", "signed"] as const);
    const reason = { actor: "webhook:simulated", why: "event" };
    const hints = [{ action, repository: path() }];
    scanner.hint(hints, reason);
    judging.hint(hints, reason);
  };
  const pass = (): void => scheduler.pass(scheduler.below(INTERVAL_MS / 2));
  const [kill, stop, start] = [() => replicas.kill(), () => replicas.stop(), () => replicas.start()];
  const changes = [push, push, push, retag, retag, untag, remove];
  const requests = [operate, operate, operate, operate, refresh, refresh, hint, hint, pass, pass];
  return [...changes, ...requests, kill, kill, stop, start, start, start];
}
