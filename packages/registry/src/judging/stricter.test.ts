import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { type Check, inMode, type Judgement } from "../checks/check.ts";
import type { ImagePolicies } from "../checks/checks.ts";
import { createNamespaceCheck } from "../checks/namespace.ts";
import type { CheckMode } from "../model/verdict.ts";
import { openScanning } from "../testing/scanning.ts";
import { deferred, listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";

const HOUR_MS = 3_600_000;

const scan = (judge: () => Promise<Judgement>, fingerprint = "first"): Check => ({ name: "scan", fingerprint, judge });
const passing = async (): Promise<Judgement> => ({ state: "passed", reason: "fine" });
const failing = async (): Promise<Judgement> => ({ state: "failed", reason: "CVE-2026-1 is critical" });
const away = (): Promise<Judgement> => Promise.reject(new Error("503"));

const policiesOf = (of: (type: string) => readonly Check[], hash: string): ImagePolicies => ({
  hash,
  summary: [hash],
  of: (type) => ({ name: hash, checks: of(type), onInvalid: "fallback", deadlineMs: 24 * HOUR_MS }),
});

const keptStore = () => ({ ...memoryStore(), close: () => Promise.resolve() });

describe("a stricter policy, while its check cannot answer", () => {
  test("a failure that was only a warning keeps the image out as soon as the check is enforced", async () => {
    const store = keptStore();
    const source = scriptedSource(async (_request, found) => {
      await found(listing("team/executor-ml", listedImage("a", "1.0.0")));
      return { complete: true };
    });
    const open = (judge: () => Promise<Judgement>, mode: CheckMode) =>
      openScanning({ sources: [source], store, policies: policiesOf(() => [inMode(scan(judge), mode)], mode) });
    {
      await using scanning = await open(failing, "warn");
      await scanning.scan();
      assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    }
    await using scanning = await open(away, "enforce");
    await scanning.adopt();
    assert.deepEqual(scanning.versions(), {});
    const [image] = scanning.catalogue.type("ml")?.images ?? [];
    assert.equal(image?.state, "pending");
  });

  test("what the same image passed as another type, by that type's laxer policy, makes it no version of this one", async () => {
    const tags = ["executor-dev-1.0.0"];
    const source = scriptedSource(async (_request, found) => {
      await found(listing("shared/executors", listedImage("a", ...tags)));
      return { complete: true };
    });
    const lax = scan(passing, "lax");
    const strict = scan(away, "strict");
    await using scanning = await openScanning({
      sources: [source],
      naming: { tags: { template: "executor-{type}-{version}", repositories: ["shared/executors"] } },
      policies: policiesOf((type) => [type === "dev" ? lax : strict], "by type"),
    });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { dev: "executor-dev-1.0.0" });
    tags.push("executor-ml-9.9.9");
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { dev: "executor-dev-1.0.0" });
    const [image] = scanning.catalogue.type("ml")?.images ?? [];
    assert.deepEqual([image?.state, image?.verdicts[0]?.fingerprint], ["pending", "strict"]);
  });

  test("a repository that is not approved any more is taken back at once, however long other checks take", async () => {
    const store = keptStore();
    const source = scriptedSource(async (_request, found) => {
      for (const team of Array.from({ length: 20 }, (_, n) => `team-${n}`))
        await found(listing(`${team}/executor-${team}`, listedImage("a", "1.0.0")));
      await found(listing("evil/executor-ml", listedImage("b", "1.0.0")));
      return { complete: true };
    });
    const open = (judge: () => Promise<Judgement>, name: string, allow: string[]) =>
      openScanning({
        sources: [source],
        store,
        policies: policiesOf(() => [scan(judge, name), createNamespaceCheck(allow)], name),
      });
    {
      await using scanning = await open(passing, "before", ["registry.test/**"]);
      await scanning.scan();
      assert.equal(scanning.versions()["ml"], "1.0.0");
    }
    const held = deferred();
    await using scanning = await open(
      async () => {
        await held.promise;
        return passing();
      },
      "after",
      ["registry.test/team-*/*"],
    );
    const adopting = scanning.adopt();
    while (scanning.judging.health.due < 20) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([scanning.versions()["ml"], scanning.versions()["team-1"]], [undefined, "1.0.0"]);
    const [image] = scanning.catalogue.type("ml")?.images ?? [];
    assert.match(image?.verdicts.find(({ state }) => state === "failed")?.reason ?? "", /in none of the approved/);
    held.resolve();
    await adopting;
    assert.deepEqual([scanning.versions()["ml"], scanning.versions()["team-1"]], [undefined, "1.0.0"]);
  });
});
