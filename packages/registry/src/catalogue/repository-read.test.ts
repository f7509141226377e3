import assert from "node:assert/strict";
import { test } from "node:test";
import { ExecutorRegistryError } from "@executor-registry/resolver";
import { RegistryError } from "../oci/errors.ts";
import type { UnreadTag } from "../sources/image-source.ts";
import { openStore } from "../stores/open.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";

const REPOSITORY = "registry.test/team/executor-ml";
const place = { host: "registry.test", repository: "team/executor-ml" };
const damaged = (tag: string, character: string): UnreadTag => {
  const digest = `sha256:${character.repeat(64)}` as const;
  return { tag, digest, problem: new RegistryError("registry-protocol", "is not JSON", place, { digest }) };
};
const throttled = (tag: string, seconds: number): UnreadTag => ({
  tag,
  problem: new RegistryError("throttled", `left alone for another ${seconds} s`, place),
});

/** A source of one repository, whose unread tags the test sets. */
function changing() {
  const now: { unread: readonly UnreadTag[]; images: readonly ReturnType<typeof listedImage>[] } = {
    unread: [],
    images: [listedImage("a", "1.0.0")],
  };
  const source = scriptedSource(async ({ known }, found) => {
    known(REPOSITORY);
    const seen = listing("team/executor-ml", ...now.images);
    await found(seen.state === "listed" ? { ...seen, unread: now.unread } : seen);
    return { complete: true };
  });
  return { now, source };
}

test("the end of the first complete look at a repository is in the journal, and nothing as long as nothing changes", async () => {
  const { now, source } = changing();
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  const [entry] = (await scanning.catalogue.list({ kind: "repository-read", limit: 10 })).entries;
  assert.deepEqual(scanning.catalogue.readsOf(REPOSITORY), {
    source: "scripted",
    firstComplete: entry?.sequence,
    unread: [],
    unreadTotal: 0,
  });
  now.images = [...now.images, listedImage("b", "1.1.0")];
  await scanning.scan();
  assert.equal((await scanning.catalogue.list({ kind: "repository-read", limit: 10 })).entries.length, 1);
});

test("reg-12: a look that was throttled half-way is not complete; which tags are unread is known until they are read", async () => {
  const { now, source } = changing();
  now.unread = [throttled("1.1.0", 30), throttled("1.2.0", 30)];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  const reads = scanning.catalogue.readsOf(REPOSITORY);
  assert.deepEqual([reads?.firstComplete, reads?.unreadTotal], [undefined, 2]);
  assert.deepEqual(
    reads?.unread.map(({ tag, code }) => [tag, code]),
    [
      ["1.1.0", "throttled"],
      ["1.2.0", "throttled"],
    ],
  );
  now.unread = [throttled("1.1.0", 12), throttled("1.2.0", 12)];
  await scanning.scan();
  assert.equal(
    (await scanning.catalogue.list({ kind: "repository-read", limit: 10 })).entries.length,
    1,
    "only the wait differs",
  );
  now.unread = [];
  await scanning.scan();
  const after = scanning.catalogue.readsOf(REPOSITORY);
  assert.deepEqual([after?.firstComplete, after?.unreadTotal], [scanning.catalogue.head.sequence, 0]);
});

test("reg-03: what can never be read does not keep a look from being complete, and is remembered over a restart", async () => {
  const store = await openStore("memory:");
  const kept = { ...store, close: () => Promise.resolve() };
  const { now, source } = changing();
  now.unread = [damaged("0.9.0", "d")];
  let before: unknown;
  {
    await using scanning = await openScanning({ sources: [source], store: kept });
    await scanning.scan();
    before = scanning.catalogue.readsOf(REPOSITORY);
  }
  const known: (string | undefined)[] = [];
  const asking = scriptedSource(async (request) => {
    const repository = request.known(REPOSITORY);
    const digest = repository.digestOf("0.9.0");
    if (request.only === undefined) known.push(digest, digest && repository.unreadable(digest)?.message);
    return { complete: false };
  });
  await using scanning = await openScanning({ sources: [asking], store: kept });
  const reads = scanning.catalogue.readsOf(REPOSITORY);
  assert.deepEqual(reads, before);
  assert.ok(reads?.firstComplete !== undefined);
  await scanning.scan();
  assert.deepEqual(known, [`sha256:${"d".repeat(64)}`, `${REPOSITORY}: is not JSON`]);
});

test("of very many unread tags the journal keeps those that can never be read, and how many there are", async () => {
  const { now, source } = changing();
  const many = Array.from({ length: 500 }, (_, index) => throttled(`1.1.${index}`, 5));
  now.unread = [...many, damaged("9.9.9", "d")];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  const reads = scanning.catalogue.readsOf(REPOSITORY);
  assert.deepEqual([reads?.unreadTotal, reads?.unread.length, reads?.unread[0]?.tag], [501, 100, "9.9.9"]);
});

test("a repository of which only unread tags are known is of no type, and harms none", async () => {
  const { now, source } = changing();
  now.images = [];
  now.unread = [{ tag: "1.0.0", problem: new ExecutorRegistryError("registry-protocol", "odd") }];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  assert.equal(scanning.catalogue.readsOf(REPOSITORY)?.unreadTotal, 1);
  assert.equal(scanning.catalogue.type("ml"), undefined);
});
