import assert from "node:assert/strict";
import { test } from "node:test";
import { Operators } from "./testing/simulation/operators.ts";
import { checkOutcome } from "./testing/simulation/outcome.ts";
import { INTERVAL_MS } from "./testing/simulation/replica.ts";
import { ReplicaSet } from "./testing/simulation/replica-set.ts";

const [ML, NLP] = ["team/executor-ml", "team/executor-nlp"] as const;
/** Enough for the other to look twice. */
const SETTLE_MS = 3 * INTERVAL_MS;

/**
 * Two replicas, of which one finds two images, one of them the first of its type, and is asked for a pin and a rollback, until it is killed.
 * @param after so many await points; not at all where it has done all of it by then
 * @returns whether it was killed
 */
async function killedRun(after: number, afterDeath: "arrives" | "is lost"): Promise<boolean> {
  const replicas = new ReplicaSet(1, 2);
  const { scheduler, network, registry } = replicas;
  network.faulty = false;
  network.afterDeath = afterDeath;
  registry.push(ML, "1.0.0", undefined, "passes");
  registry.push(ML, "1.1.0", undefined, "passes");
  await replicas.until(() => replicas.running.length === 2);
  const [one, other] = replicas.running;
  assert.ok(one && other);
  const asked = { actor: "token:alice", why: "asked" };
  await replicas.drive(one.scanner.refresh(asked));
  await replicas.drive(other.catalogue.refresh());
  const operators = new Operators(replicas, one);
  registry.push(ML, "1.2.0", undefined, "passes");
  registry.push(NLP, "1.0.0", undefined, "passes");
  const script = async (): Promise<void> => {
    await one.scanner.refresh(asked);
    await operators.ask((selection, reason, how) => selection.pin("ml", { to: "1.0.0", reason }, how));
    await operators.ask((selection, reason, how) => selection.rollback("ml", { reason, deny: true }, how));
  };
  let done = false;
  void script().then(() => (done = true));
  const began = scheduler.steps;
  await replicas.until(() => done || scheduler.steps === began + after);
  if (!done) replicas.kill(one);
  const end = scheduler.now + SETTLE_MS;
  await replicas.until(() => scheduler.now >= end);
  assert.deepEqual(other.choices.snapshot.types(), ["ml", "nlp"]);
  await checkOutcome(replicas, operators.operations);
  return !done;
}

for (const afterDeath of ["arrives", "is lost"] as const) {
  test(`one of two replicas is killed at any await point, and what it has sent ${afterDeath}`, async (t) => {
    let points = 0;
    while (await killedRun(points, afterDeath)) points += 1;
    assert.ok(points > 30);
    t.diagnostic(`killed at each of ${points} await points`);
  });
}
