import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { memoryStore } from "@executor-registry/registry/internal";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { pino } from "pino";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { Selection } from "./selection.ts";
import { ServedVersions } from "./served.ts";

const REPOSITORY = "team/executor-ml";
const VERSIONS = ["1.0.0", "1.1.0", "1.2.0", "1.3.0"];
const images = VERSIONS.map((tag, index) => listedImage("abcd"[index] ?? "", tag));

/** What one of two replicas does. */
const step = fc.record({
  replica: fc.nat(1),
  does: fc.constantFrom("scan", "pin", "unpin", "rollback", "deny", "allow"),
  version: fc.constantFrom(...VERSIONS),
  listed: fc.subarray(images, { minLength: 1 }),
});

/** One that answers from a store that others write too. */
async function replica(store: ReturnType<typeof memoryStore>) {
  const state = { listed: images };
  const source = scriptedSource(async (_request, found) => {
    await found(listing(REPOSITORY, ...state.listed));
    return { complete: true };
  });
  const scanning = await openScanning({ sources: [source], store });
  const served = new ServedVersions(scanning.choices, pino({ level: "silent" }));
  const clock = { now: () => Date.now(), sleep: () => Promise.resolve() };
  const selection = new Selection({ choices: scanning.choices, served, clock, configured: () => [] });
  return { state, scanning, served, selection };
}

test("what a replica does not know yet of what another has written counts in what it is asked to change", async () => {
  const store = { ...memoryStore(), close: async () => {} };
  const [one, other] = [await replica(store), await replica(store)];
  const how = { actor: "token:alice", dryRun: false };
  const because = { reason: "r" };
  await one.scanning.scan();
  await other.selection.pin("ml", { to: "1.0.0", ...because }, how);
  assert.equal((await one.selection.unpin("ml", because, how)).outcome, "changed");
  assert.equal((await other.selection.pin("ml", { to: "1.0.0", ...because }, how)).outcome, "changed");

  const denied = (await one.selection.deny("ml", { version: "1.3.0", ...because }, how)).denial;
  assert.equal((await other.selection.allow("ml", denied?.id ?? 0, because, how)).outcome, "changed");
  assert.equal((await one.selection.deny("ml", { version: "1.3.0", ...because }, how)).outcome, "changed");

  await one.selection.unpin("ml", because, { ...how, ifMatch: other.selection.etag("ml") }).then(
    () => assert.fail("it was read before the denial"),
    (problem: ExecutorRegistryError) => assert.equal(problem.code, "precondition-failed"),
  );
  const ifMatch = one.selection.etag("ml");
  assert.equal((await other.selection.unpin("ml", because, { ...how, ifMatch })).outcome, "changed");

  const policies = [{ name: "all", kind: "semver", range: "*" }];
  assert.equal((await one.selection.setPolicies(policies, because, how)).outcome, "changed");
  assert.equal((await other.selection.setPolicies(undefined, because, how)).outcome, "changed");
  for (const { scanning } of [one, other]) await scanning[Symbol.asyncDispose]();
});

test("two replicas that write one journal in any order come to the same state, and the same answer", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 12 }), async (steps) => {
      const store = { ...memoryStore(), close: async () => {} };
      const replicas = [await replica(store), await replica(store)] as const;
      const how = { actor: "token:alice", dryRun: false };
      for (const { replica: index, does, version, listed } of steps) {
        const { state, scanning, served, selection } = replicas[index] ?? replicas[0];
        try {
          if (does === "scan") {
            state.listed = listed;
            await scanning.scan();
          } else if (does === "pin") await selection.pin("ml", { to: version, reason: "r" }, how);
          else if (does === "unpin") await selection.unpin("ml", { reason: "r" }, how);
          else if (does === "rollback") await selection.rollback("ml", { reason: "r" }, how);
          else if (does === "deny") await selection.deny("ml", { version, reason: "r" }, how);
          else await selection.allow("ml", selection.denials("ml")[0]?.id ?? 0, { reason: "r" }, how);
        } catch (error) {
          // What cannot be done is refused, and changes nothing.
          if (!(error instanceof ExecutorRegistryError)) throw error;
        }
        await served.settle();
      }
      const all = [...replicas, await replica(store)];
      for (const { scanning, served } of [...all, ...all]) {
        // A write learns what the others wrote.
        await scanning.catalogue.record("test", () => [{ reason: "end", change: { kind: "checkpoint", note: "end" } }]);
        await served.settle();
      }
      const ends = all.map(({ scanning }) => {
        const { images, answer: _, ...type } = scanning.catalogue.type("ml") ?? { images: [] };
        return { type, images: [...images], answer: scanning.choices.snapshot.document("ml") };
      });
      for (const end of ends.slice(1)) assert.deepEqual(end, ends[0]);
      for (const { scanning } of all) await scanning[Symbol.asyncDispose]();
    }),
    { numRuns: 40 },
  );
});
