import assert from "node:assert/strict";
import { test } from "node:test";
import { SERVICE_ERRORS } from "./errors/service-errors.ts";
import { ExecutorRegistryError, repositoryNamed } from "@executor-registry/resolver";
import { RegistryError } from "./oci/wire/errors.ts";
import type { UnreadTag } from "./sources/image-source.ts";
import { openStore } from "./stores/open.ts";
import { openScanning, type Scanning } from "./testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "./testing/scripted-source.ts";

const REPOSITORY = "registry.test/team/executor-ml";
const place = { host: "registry.test", repository: "team/executor-ml" };
const damaged = (tag: string, character: string): UnreadTag => {
  const digest = `sha256:${character.repeat(64)}` as const;
  return { tag, digest, problem: new RegistryError("registry-protocol", "is not JSON", place, { digest }) };
};
const throttled = (tag: string, seconds: number): UnreadTag => ({
  tag,
  problem: new RegistryError("throttled", `not asked for another ${seconds} s`, place),
});

/** A source of one repository, whose unread tags the test sets. */
function changing() {
  const now: { unread: readonly UnreadTag[]; images: readonly ReturnType<typeof listedImage>[] } = {
    unread: [],
    images: [listedImage("a", "1.0.0")],
  };
  const source = scriptedSource(async ({ known }, found) => {
    known(repositoryNamed(REPOSITORY));
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
    repository: repositoryNamed(REPOSITORY),
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
  now.unread = [];
  await scanning.scan();
  const after = scanning.catalogue.readsOf(REPOSITORY);
  assert.deepEqual([after?.firstComplete, after?.unreadTotal], [scanning.catalogue.head.sequence, 0]);
});

const entries = async ({ catalogue }: Scanning): Promise<number> =>
  (await catalogue.list({ kind: "repository-read", limit: 100 })).entries.length;
const refused = (tag: string, code: "unauthorized" | "forbidden"): UnreadTag => ({
  tag,
  problem: new RegistryError(code, "may not be read", place),
});

for (const [what, unread] of [
  ["401", refused("0.9.0", "unauthorized")],
  ["403", refused("0.9.0", "forbidden")],
  [
    "a 404 that is none of the specification",
    { tag: "0.9.0", problem: new RegistryError("registry-protocol", "404", place) },
  ],
] as const) {
  test(`reg-03, reg-04: one tag that is always ${what} does not keep what is pushed later from being newer`, async () => {
    const { now, source } = changing();
    now.unread = [unread];
    now.images = [listedImage("a", "2.0.0"), listedImage("b", "1.0.0")];
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    assert.ok(scanning.catalogue.readsOf(REPOSITORY)?.firstComplete !== undefined);
    assert.deepEqual(scanning.versions(), { ml: "2.0.0" });
    now.images = [...now.images, listedImage("c", "1.0.1")];
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.1" });
    now.unread = [];
    now.images = [...now.images, listedImage("d", "0.9.0")];
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.1" }, "what was there all the time is not the newest");
  });
}

test("reg-04, reg-12: a tag that is always throttled keeps only the first look from being complete", async () => {
  const { now, source } = changing();
  now.unread = [throttled("0.9.0", 5)];
  now.images = [listedImage("a", "2.0.0"), listedImage("b", "1.0.0")];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  now.unread = [throttled("0.9.0", 12)];
  await scanning.scan();
  assert.equal(scanning.catalogue.readsOf(REPOSITORY)?.firstComplete, scanning.catalogue.head.sequence);
  assert.deepEqual(scanning.versions(), { ml: "2.0.0" });
  now.images = [...now.images, listedImage("c", "1.0.1")];
  await scanning.scan();
  await scanning.scan();
  assert.deepEqual(scanning.versions(), { ml: "1.0.1" });
  assert.equal(await entries(scanning), 2, "only the wait differs");
  now.unread = [];
  now.images = [...now.images, listedImage("d", "0.9.0")];
  await scanning.scan();
  assert.deepEqual(scanning.versions(), { ml: "1.0.1" });
});

test("reg-04: of more unread tags than are written down none is newer for being read, or written down, later", async () => {
  const { now, source } = changing();
  const tags = Array.from({ length: 150 }, (_, index) => `1.1.${100 + index}`);
  now.unread = tags.map((tag) => throttled(tag, 5));
  now.images = [listedImage("a", "2.0.0")];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  await scanning.scan();
  // The last fifty were not written down until now.
  now.unread = tags.slice(90).map((tag) => throttled(tag, 5));
  await scanning.scan();
  now.unread = [];
  now.images = [...now.images, listedImage("b", "1.1.249"), listedImage("c", "1.1.195")];
  await scanning.scan();
  assert.deepEqual(scanning.versions(), { ml: "2.0.0" });
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
    const repository = request.known(repositoryNamed(REPOSITORY));
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
  now.unread = [{ tag: "1.0.0", problem: new ExecutorRegistryError(SERVICE_ERRORS["registry-protocol"], "odd") }];
  await using scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  assert.equal(scanning.catalogue.readsOf(REPOSITORY)?.unreadTotal, 1);
  assert.equal(scanning.catalogue.type("ml"), undefined);
});
