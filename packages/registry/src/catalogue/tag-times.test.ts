import assert from "node:assert/strict";
import { test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import type { Change } from "../model/change.ts";
import { applyEntry, emptyCatalogue } from "./fold.ts";
import { CATALOGUE_FOLD } from "./stored.ts";

const digest: Digest = `sha256:${"a".repeat(64)}`;
const about = { type: "ml", repository: "registry.test/executor-ml", digest } as const;
const found = (...tags: readonly string[]): Change => {
  return { kind: "image-found", ...about, source: "s", image: { ...about, tags }, verdicts: [] };
};
const tagged = (...tags: readonly string[]): Change => ({ kind: "image-tagged", ...about, tags });
const time = (sequence: number): string => new Date(Date.UTC(2026, 10, 20) + sequence * 1000).toISOString();

/** When tags came, after changes one second apart, as it is kept and as it is read back. */
function tagTimes(...changes: readonly Change[]): Readonly<Record<string, string>> | undefined {
  const state = emptyCatalogue();
  for (const [index, change] of changes.entries()) {
    const sequence = index + 1;
    applyEntry(state, { sequence, at: time(sequence), actor: "test", reason: "", change, previous: "", hash: "" });
  }
  const restored = CATALOGUE_FOLD.restore(emptyCatalogue(), "ml", CATALOGUE_FOLD.serialize(state, "ml"));
  const [one, other] = [state, restored].map(({ types }) => types.get("ml")?.images.get(about.repository, digest));
  assert.ok(one);
  assert.deepEqual(other, one);
  return one.tagTimes;
}

test("an image has the times at which tags came to it, but of those that it was found with", () => {
  assert.equal(tagTimes(found("1.0.0", "latest")), undefined);
  assert.deepEqual(tagTimes(found("1.0.0"), tagged("1.0.0", "stable"), tagged("1", "1.0.0", "stable")), {
    stable: time(2),
    "1": time(3),
  });
});

test("a tag that leaves has no time, and another when it comes back", () => {
  assert.equal(tagTimes(found("1.0.0"), tagged("1.0.0", "stable"), tagged("1.0.0")), undefined);
  assert.deepEqual(tagTimes(found("1.0.0", "stable"), tagged("1.0.0"), tagged("1.0.0", "stable")), { stable: time(3) });
});

test("what comes back after it was gone, or after no tag named it, has tags that came then", () => {
  const gone: Change = { kind: "image-withdrawn", ...about, reason: "gone" };
  assert.deepEqual(tagTimes(found("stable"), gone, found("stable")), { stable: time(3) });
  const untagged: Change = { kind: "image-untagged", ...about, reason: "tag stable names another image now" };
  assert.deepEqual(tagTimes(found("stable"), untagged, tagged("stable")), { stable: time(3) });
});

test("another source of the same image moves no tag, nor does a number as a tag count as an earlier one", () => {
  assert.equal(tagTimes(found("1.0.0"), found("1.0.0")), undefined);
  const builds = Array.from({ length: 60 }, (_, n) => String(100 - n));
  const changes = builds.map((_, n) => tagged("main", ...builds.slice(0, n + 1)));
  const times = tagTimes(found("main"), ...changes);
  assert.deepEqual(Object.keys(times ?? {}).sort(), builds.slice(-50).sort());
});
