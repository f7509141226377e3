import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { type Digest, repositoryNamed } from "@executor-registry/resolver";
import { EMPTY_HEAD, seal } from "../journal/chain.ts";
import type { Entry, Head } from "../journal/entry.ts";
import type { ListedImage } from "../sources/image-source.ts";
import { openScanning } from "../testing/scanning.ts";
import { listing, scriptedSource } from "../testing/scripted-source.ts";
import type { Change } from "../model/change.ts";

const AT = "2026-11-20T12:00:00.000Z";
const digestOf = (name: string): Digest => `sha256:${Buffer.from(name).toString("hex").padEnd(64, "0")}`;
const repositoryOf = (type: string): string => `registry.test/team/executor-${type}`;

/** As the versions wrote it that knew neither looks nor what an image is started from. */
function found(type: string, tag: string, created?: string): Change {
  const about = { repository: repositoryOf(type), digest: digestOf(type + tag) };
  const details = {
    mediaType: "application/vnd.oci.image.manifest.v1+json",
    // A build cache's configuration names none.
    platforms: type === "cache" ? [] : ["linux/amd64"],
    sizeBytes: 256,
    ...(created !== undefined && { created }),
    labels: { "executor-registry.dev/owner": "ml-team" },
  };
  const reason = "no namespaces are configured: every repository is approved";
  const verdicts = [{ check: "approved-namespace", state: "passed" as const, reason }];
  return {
    kind: "image-found",
    type,
    ...about,
    source: "scripted",
    image: { ...about, tags: [tag], details },
    verdicts,
  };
}
const claimed = (type: string): Change => ({
  kind: "type-claimed",
  type,
  claims: [{ source: "scripted", repository: repositoryOf(type) }],
});

const IMAGES = [
  found("ml", "1.0.0", "2026-11-01T00:00:00.000Z"),
  found("ml", "1.1.0", "2026-11-03T00:00:00.000Z"),
  found("ml", "1.0.1", "2026-11-02T00:00:00.000Z"),
  found("jib", "1.0.0"),
  found("jib", "1.0.10"),
  found("jib", "1.0.9"),
  found("cache", "1.0.0"),
] as const;

async function olderStore(snapshot: boolean) {
  const store = memoryStore();
  const entries: Entry[] = [];
  let head: Head = EMPTY_HEAD;
  for (const change of [...IMAGES, claimed("ml"), claimed("jib"), claimed("cache")]) {
    const entry = seal(head, { actor: "source:scripted", reason: "polled: was found", change }, AT);
    entries.push(entry);
    head = entry;
  }
  const end = { sequence: head.sequence, hash: head.hash };
  await store.append(EMPTY_HEAD, entries);
  // Its parts have another form: they are made anew from the journal.
  if (snapshot) await store.saveSnapshot({ head: end, format: 1, parts: 1 }, [{ key: "ml", text: "{}" }], true);
  return store;
}

/** What is there now: as before, and what was built of a cache. */
function source(more: readonly ListedImage[] = []) {
  return scriptedSource(
    async ({ known }, hand) => {
      for (const type of ["ml", "jib", "cache"]) {
        known(repositoryNamed(repositoryOf(type)));
        const images = IMAGES.flatMap((change): readonly ListedImage[] =>
          change.kind === "image-found" && change.type === type
            ? [{ digest: change.digest, tags: change.image.tags }]
            : [],
        );
        await hand(listing(`team/executor-${type}`, ...images, ...(type === "jib" ? more : [])));
      }
      return { complete: true };
    },
    async ({ path }) => ({
      mediaType: "application/vnd.oci.image.manifest.v1+json",
      configType: path.endsWith("cache")
        ? "application/vnd.buildkit.cacheconfig.v0"
        : "application/vnd.oci.image.config.v1+json",
      platforms: [],
      labels: {},
    }),
  );
}

for (const snapshot of [false, true]) {
  test(`a journal of an older version ${snapshot ? "with" : "without"} a snapshot is opened, holds, and answers; the next look mends what it did not know`, async () => {
    const more: ListedImage[] = [];
    await using scanning = await openScanning({ sources: [source(more)], store: await olderStore(snapshot) });
    await scanning.catalogue.verify(AbortSignal.timeout(10_000));
    assert.deepEqual(scanning.versions(), { cache: "1.0.0", jib: "1.0.10", ml: "1.1.0" });
    assert.equal(scanning.choices.snapshot.document("ml")?.owner, "ml-team");

    await scanning.adopt();
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { jib: "1.0.10", ml: "1.1.0" });
    const [cache] = scanning.catalogue.type("cache")?.images ?? [];
    assert.equal(cache?.state, "rejected");
    assert.deepEqual(scanning.choices.snapshot.document("jib")?.warnings, []);

    more.push({ digest: digestOf("jib1.0.2"), tags: ["1.0.2"] });
    await scanning.scan();
    assert.equal(scanning.versions()["jib"], "1.0.2", "what is pushed later is newer");
    await scanning.catalogue.verify(AbortSignal.timeout(10_000));
  });
}
