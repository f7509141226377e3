import assert from "node:assert/strict";
import { pinnedName, repositoryNamed } from "@executor-registry/resolver";
import type { CatalogueState } from "../../catalogue/state.ts";
import { verifyChain } from "../../journal/chain.ts";
import type { Entry } from "../../journal/entry.ts";
import type { Change } from "../../model/change.ts";
import type { Operation } from "./operators.ts";
import { contentOf, entriesOf, foldOf } from "./content.ts";
import { PATHS, type SimulatedRegistry } from "./registry.ts";
import type { Replica } from "./replica.ts";
import type { ReplicaSet } from "./replica-set.ts";

const TYPES = ["ml", "nlp"];
/** A write may be under way while others take in what was written. */
const ATTEMPTS = 20;

/** Whether replicas have come, once nothing fails any more, to where the journal and the registry say that they are. */
export async function checkOutcome(replicas: ReplicaSet, operations: readonly Operation[]): Promise<void> {
  const { network, registry } = replicas;
  const { running } = replicas;
  await agree(replicas, running);
  const entries = await entriesOf(network.store);
  verifyChain(entries);
  const fold = foldOf(entries);
  for (const one of running) checkReplica(one, fold, registry);
  checkHistory(entries, network.written, registry);
  checkOperations(entries, operations);
  await checkRestart(replicas, running);
}

/** Goes on until all have the same journal, and that is all that the store has. */
async function agree(replicas: ReplicaSet, all: readonly Replica[]): Promise<void> {
  for (let attempt = 1; ; attempt += 1) {
    await replicas.drive(Promise.all(all.map(({ catalogue }) => catalogue.refresh())));
    const { hash } = await replicas.network.store.head();
    if (all.every(({ catalogue }) => catalogue.head.hash === hash)) return;
    assert.ok(attempt < ATTEMPTS, "the replicas do not come to the end of the journal");
  }
}

function checkReplica(
  { catalogue, choices, scanner }: Replica,
  fold: CatalogueState,
  registry: SimulatedRegistry,
): void {
  assert.deepEqual(contentOf(catalogue.state), contentOf(fold), "a replica's state is not the fold of the journal");
  assert.equal(scanner.health[0]?.state, "ready");
  for (const path of PATHS) checkImages(catalogue.state, path, registry);
  for (const type of TYPES) {
    const known = catalogue.type(type);
    const served = choices.snapshot.document(type);
    const admitted = [...(known?.images ?? [])].filter(({ state }) => state === "admitted");
    const claimed = known?.claims.map(({ repository }) => repository) ?? [];
    assert.deepEqual([...claimed].sort(), [...new Set(admitted.map(({ repository }) => repository.name))].sort());
    if (served === undefined) continue;
    const { digest } = served;
    const held = admitted.filter((image) => image.digest === digest);
    assert.ok(held.length > 0, `${type} is answered with ${served.image}, which is not admitted`);
    assert.ok(PATHS.some((path) => registry.images(path).some((image) => image.digest === digest)));
    const last = known?.revisions.at(-1);
    assert.equal(`${last?.repository}@${last?.digest}`, served.image, "what is served is not in the history");
  }
}

const STATE_OF = { passed: "admitted", failed: "rejected", pending: "pending" } as const;

/** Each image once, as the registry and the check have it. */
function checkImages(state: CatalogueState, path: string, registry: SimulatedRegistry): void {
  const type = path.slice(path.indexOf("-") + 1);
  const name = `registry.test/${path}`;
  const known = [...(state.types.get(type)?.images ?? [])].filter(({ repository }) => repository.name === name);
  assert.equal(new Set(known.map(({ digest }) => digest)).size, known.length, "an image is there twice");
  const there = new Map(registry.images(path).map((image) => [image.digest, image]));
  for (const { digest, tags } of there.values()) {
    if (tags.size === 0) continue;
    const image = known.find((one) => one.digest === digest);
    const is = image && { state: image.state, tags: image.tags, untagged: image.untagged };
    const expected = { state: STATE_OF[registry.verdictOf(digest)], tags: [...tags].sort(), untagged: undefined };
    assert.deepEqual(is, expected, pinnedName(repositoryNamed(name), digest));
  }
  for (const image of known) {
    assert.ok(registry.pushed.has(pinnedName(image.repository, image.digest)));
    if (image.state === "withdrawn" || (there.get(image.digest)?.tags.size ?? 0) > 0) continue;
    assert.ok(there.has(image.digest) && image.untagged, `${image.digest} is gone, and yet ${image.state}`);
  }
}

/**
 * Looks of several replicas never undo each other: what was found is withdrawn only where it was gone after it was found, and what was
 * withdrawn is found again only where it was there after that. Verdicts follow each other in the order in which they were asked for.
 */
function checkHistory(
  entries: readonly Entry<Change>[],
  written: ReadonlyMap<number, number>,
  registry: SimulatedRegistry,
): void {
  const all = new Map<string, Past>();
  for (const { sequence, change } of entries) {
    const { kind } = change;
    if (!("repository" in change && "digest" in change) || (NEXT[kind] === undefined && kind !== "image-judged"))
      continue;
    const { type, repository, digest } = change;
    const key = `${type} ${repository}@${digest}`;
    const what = `entry ${sequence}: ${kind} of ${key}, which was ${JSON.stringify(all.get(key))}`;
    const past = all.get(key) ?? { is: "withdrawn", step: 0, asked: 0 };
    const step = written.get(sequence) ?? 0;
    const named = registry.pushed.get(`${repository}@${digest}`)?.named ?? [];
    const asked = "verdicts" in change ? Number(change.verdicts[0]?.evidence?.["asked"] ?? past.asked) : past.asked;
    assert.ok(asked >= past.asked, `${what} (${asked}): an older verdict takes the place of a newer one`);
    past.asked = asked;
    all.set(key, past);
    const next = NEXT[kind];
    if (next === undefined) continue;
    assert.notEqual(past.is, kind === "image-found" ? "found" : "withdrawn", `${what}: it is so already`);
    if (past.is === "found" && next !== "found") {
      const stayed = named.some(({ from, until }) => from <= past.step && until > step);
      assert.ok(!stayed, `${what}: it was there all the time`);
    }
    if (past.is !== "found" && next === "found") {
      const came = named.some(({ until }) => until >= past.step);
      assert.ok(came, `${what}: it was never there since`);
    }
    if (past.is !== next) Object.assign(past, { is: next, step });
  }
}

/** What looks have said of an image. */
interface Past {
  is: "found" | "untagged" | "withdrawn";
  /** After how many steps that was written down. */
  step: number;
  /** After how many steps the check was asked whose verdict it has. */
  asked: number;
}

const NEXT: Readonly<Record<string, Past["is"]>> = {
  "image-found": "found",
  "image-tagged": "found",
  "image-untagged": "untagged",
  "image-withdrawn": "withdrawn",
};

/** What was acknowledged was written once, what was not at most once. */
function checkOperations(entries: readonly Entry<Change>[], operations: readonly Operation[]): void {
  for (const { reason, answer, attempts } of operations) {
    const kinds = entries.filter((entry) => entry.reason === reason).map(({ change }) => change.kind);
    const what = `${reason}, ${answer ?? "unanswered"} after ${attempts}: ${kinds.join(", ") || "nothing written"}`;
    assert.equal(new Set(kinds).size, kinds.length, what);
    if (answer === "changed") assert.ok(kinds.length > 0, what);
    else if (answer !== undefined && attempts === 1) assert.equal(kinds.length, 0, what);
  }
}

/** One that starts from a snapshot, which another has saved as it ended, is where the others are. */
async function checkRestart(replicas: ReplicaSet, running: readonly Replica[]): Promise<void> {
  const [first] = running;
  assert.ok(first);
  const another = await replicas.another();
  const all = [...running, another];
  await agree(replicas, all);
  const ends = all.map(({ catalogue, choices }) => ({
    state: contentOf(catalogue.state),
    answers: TYPES.map((type) => choices.snapshot.document(type)),
  }));
  for (const end of ends.slice(1)) assert.deepEqual(end, ends[0]);
}
