import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import type { SourceHealth } from "../sources/image-source.ts";
import type { RepositoryListing } from "../sources/image-source.ts";
import { openScanning, type Scanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import { why } from "./why.ts";

/** A source that has at each scan what was put into it. */
function changing(...first: readonly RepositoryListing[]) {
  const state = { listings: first };
  const source = scriptedSource(async (_request, found) => {
    for (const one of state.listings) await found(one);
    return { complete: true };
  });
  return { state, source };
}

const health: SourceHealth = { name: "scripted", kind: "oci", state: "ready", attempted: "2026-11-22T00:00:00.000Z" };

function ask({ choices }: Scanning, type: string, image?: string, ...sources: readonly SourceHealth[]) {
  return why({ type, image }, choices, {
    health: () => (sources.length > 0 ? sources : [health]),
    typesOf: (path) => [/executor-(\w+)$/.exec(path)?.[1] ?? ""],
    policies: { of: () => ({ name: "test" }) },
  });
}

const pushedAt = (character: string, tag: string, pushed: string) => ({ ...listedImage(character, tag), pushed });

describe("why an image is not the current version", () => {
  test("names the version that beats it, and by which rule", async () => {
    const { source } = changing(
      listing(
        "team/executor-ml",
        pushedAt("a", "1.0", "2026-11-01T00:00:00.000Z"),
        pushedAt("b", "0.9", "2026-11-02T00:00:00.000Z"),
      ),
      listing("team/executor-nlp", listedImage("c", "1.0"), listedImage("d", "1.1")),
    );
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    assert.deepEqual(
      [ask(scanning, "ml", "1.0").answer, ask(scanning, "ml", "1.0").reason],
      ["admitted", "0.9 was pushed later (2026-11-02T00:00:00.000Z; this one 2026-11-01T00:00:00.000Z)"],
    );
    assert.equal(
      ask(scanning, "nlp", "1.0").reason,
      "1.1 is the higher version than 1.0, and no time tells the two apart",
    );
  });

  test("finds the current version also among images that are kept packed", async () => {
    const { source } = changing(listing("team/executor-ml", listedImage("a", "1.0"), listedImage("b", "1.1")));
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    scanning.catalogue.type("ml")?.images.pack();
    const { answer, images } = ask(scanning, "ml", "1.1");
    assert.deepEqual([answer, images.map(({ current }) => current)], ["current", [true]]);
    assert.equal(ask(scanning, "ml", "1.0").answer, "admitted");
  });

  test("names the repository that comes before its own", async () => {
    const { source } = changing(
      listing("a/executor-ml", listedImage("a", "1.0")),
      listing("b/executor-ml", listedImage("b", "2.0")),
    );
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    assert.equal(
      ask(scanning, "ml", "2.0").reason,
      "the version is taken from registry.test/a/executor-ml, which was there first",
    );
  });

  test("says that a tag could not be read, that an image is gone, and where what was never seen is looked for", async () => {
    const problem = new ExecutorRegistryError("too-large", "its manifest is too large");
    const { state, source } = changing({
      ...listing("team/executor-ml", listedImage("a", "1.0"), listedImage("b", "1.1")),
      unread: [{ tag: "1.2", problem }],
    } as RepositoryListing);
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    const unread = ask(scanning, "ml", "1.2");
    assert.deepEqual(
      [unread.answer, unread.reason],
      ["unread", "tag 1.2 could not be read: its manifest is too large"],
    );

    state.listings = [listing("team/executor-ml", listedImage("a", "1.0"))];
    await scanning.scan();
    const gone = ask(scanning, "ml", "1.1");
    assert.equal(gone.answer, "withdrawn");
    assert.match(gone.reason, /^it was withdrawn at .*Z: no tag names it any more/);

    const never = ask(scanning, "ml", "3.0", health, { name: "late", kind: "oci", state: "starting" });
    assert.deepEqual(
      [
        never.answer,
        never.reason,
        never.sources.map(({ name, attempted, repositories }) => [name, attempted, repositories]),
      ],
      [
        "unknown",
        '3.0 of executor type "ml" was never seen; not looked at yet: late',
        [
          ["scripted", health.attempted, ["registry.test/team/executor-ml"]],
          ["late", undefined, []],
        ],
      ],
    );
  });
});
