import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { type Clock, silentLogger, systemClock } from "@executor-registry/resolver";
import { memoryStore } from "@executor-registry/registry/internal";
import { Catalogue } from "../catalogue/catalogue.ts";
import type { Reasoned } from "../catalogue/reconcile.ts";
import type { OnInvalid } from "../model/verdict.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { makeVersionPolicies } from "../policies/policies.ts";
import { Choices } from "./choices.ts";

const pushed = (character: string, day: number, ...tags: readonly string[]) => {
  return { ...listedImage(character, ...tags), pushed: `2026-01-0${day}T00:00:00.000Z` };
};
const REPOSITORY = "registry.test/team/executor-ml";
/** One moment, so that answers have no times of their own. */
const clock: Clock = { now: () => Date.parse("2026-06-01T00:00:00Z"), sleep: systemClock.sleep };

describe("an answer that is kept in the store", () => {
  let store: ReturnType<typeof memoryStore>;

  beforeEach(async () => {
    store = { ...memoryStore(), close: async () => {} };
    const source = scriptedSource(async (_request, found) => {
      await found(listing("team/executor-ml", pushed("a", 1, "1.0.0"), pushed("b", 2, "1.1.0")));
      return { complete: true };
    });
    await using scanning = await openScanning({ sources: [source], store, clock });
    await scanning.scan();
  });

  const open = () => Catalogue.open({ store, rank: () => 0, clock, log: silentLogger });
  const choicesOf = (catalogue: Catalogue, onInvalid: OnInvalid = "fallback") =>
    new Choices(
      catalogue,
      () => 0,
      () => () => ({ onInvalid, versions: makeVersionPolicies({ policies: [] }).of("ml") }),
      clock,
    );

  /** What a service that starts with the store answers. */
  async function answered(onInvalid?: OnInvalid) {
    const catalogue = await open();
    const document = choicesOf(catalogue, onInvalid).snapshot.document("ml");
    await catalogue.close();
    return document;
  }

  /** Marks the kept answer, so that it shows when it is given. */
  async function mark(): Promise<void> {
    const catalogue = await open();
    const type = catalogue.type("ml");
    assert.ok(type?.answer?.document);
    catalogue.keepAnswer(type, { ...type.answer, document: { ...type.answer.document, reason: "kept" } });
    await catalogue.close();
  }

  /** What somebody writes who answers nothing: the kept answer is of the state before. */
  async function write(change: Reasoned["change"]): Promise<void> {
    const catalogue = await open();
    await catalogue.record("test", () => [{ reason: "test", change }]);
    await catalogue.close();
  }

  test("is given at the next start, as it was", async () => {
    const before = await answered();
    assert.equal(before?.version, "1.1.0");
    assert.deepEqual(await answered(), before);
    await mark();
    assert.equal((await answered())?.reason, "kept");
  });

  test("is chosen again where another policy says what becomes of a version that fails", async () => {
    await mark();
    assert.match((await answered("refuse"))?.reason ?? "", /last that was pushed/);
  });

  test("is chosen again where an image of the type has changed", async () => {
    await mark();
    const image = { type: "ml", repository: REPOSITORY, digest: pushed("b", 2).digest };
    await write({ kind: "image-withdrawn", ...image, reason: "it is gone" });
    assert.equal((await answered())?.version, "1.0.0");
  });

  test("is chosen again where other tags than before cannot be read", async () => {
    await mark();
    const unread = [{ tag: "1.2.0", code: "too-large", reason: "its manifest is too large" }];
    const read = { source: "scripted", repository: REPOSITORY, complete: true, unread, unreadTotal: 1 };
    await write({ kind: "repository-read", ...read });
    const warning = "tag 1.2.0 could not be read: its manifest is too large; it may be a newer image";
    assert.deepEqual((await answered())?.warnings, [warning]);
  });

  test("has the form that its format stands for: where this fails, raise ANSWER_FORMAT", async () => {
    const digest = `sha256:${"b".repeat(64)}`;
    assert.deepEqual(await answered(), {
      type: "ml",
      image: `${REPOSITORY}@${digest}`,
      digest,
      version: "1.1.0",
      tags: ["1.1.0"],
      capabilities: [],
      capabilityDetails: [],
      capabilitiesIncomplete: "the image was not looked at yet: only what is declared is known",
      pushed: "2026-01-02T00:00:00.000Z",
      platforms: [],
      source: "scripted",
      added: "2026-06-01T00:00:00.000Z",
      validated: true,
      validatedAt: "2026-06-01T00:00:00.000Z",
      decidedBy: "policy",
      reason: "of 2 admitted versions it is the last that was pushed (2026-01-02T00:00:00.000Z)",
      ambiguous: false,
      versions: 2,
      warnings: [],
    });
  });
});
