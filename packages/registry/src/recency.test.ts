import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SERVICE_ERRORS } from "./errors/service-errors.ts";
import { type Clock, ExecutorRegistryError, systemClock, repositoryNamed } from "@executor-registry/resolver";
import { listVersions } from "./http/list-versions.ts";
import type { ListedImage, RepositoryListing, UnreadTag } from "./sources/image-source.ts";
import { openStore } from "./stores/open.ts";
import { openScanning } from "./testing/scanning.ts";
import { listedImage, scriptedSource } from "./testing/scripted-source.ts";

const HEX = (n: number): string => n.toString(16).padStart(64, "0");
/** As jib builds them: without a time that is one. */
const built = (n: number, ...tags: readonly string[]): ListedImage => ({
  ...listedImage("0", ...tags),
  digest: `sha256:${HEX(n)}`,
});
const listed = (images: readonly ListedImage[], unread: readonly UnreadTag[] = []): RepositoryListing => ({
  state: "listed",
  repository: repositoryNamed("registry.test/team/executor-jib"),
  images,
  unread,
});
const throttled = new ExecutorRegistryError("throttled", "the registry answers 429");

/** Each look hands over its listings, one after the other. */
function looks() {
  const held: { portions: readonly RepositoryListing[] } = { portions: [] };
  const source = scriptedSource(async (_request, found) => {
    for (const portion of held.portions) await found(portion);
    return { complete: true };
  });
  return { held, source };
}

const TAGS = Array.from({ length: 260 }, (_, n) => `1.0.${n}`).sort();
const ALL = TAGS.map((tag, n) => built(n, tag));

describe("images without a believable time of their own", () => {
  test("reg-04: of 260 that a first look found in portions, the highest version is current, and nothing else is claimed", async () => {
    const { held, source } = looks();
    await using scanning = await openScanning({ sources: [source] });
    held.portions = [
      listed(
        ALL.slice(0, 200),
        TAGS.slice(200).map((tag) => ({ tag })),
      ),
      listed(ALL),
    ];
    await scanning.scan();
    const document = scanning.choices.snapshot.document("jib");
    assert.equal(document?.version, "1.0.259");
    assert.equal(document?.reason, "of 260 admitted versions it has the highest version of those that no time orders");
    assert.deepEqual([document?.ambiguous, document?.warnings], [false, []]);
  });

  test("reg-04: nor does it matter that some were read only by the next look", async () => {
    const { held, source } = looks();
    await using scanning = await openScanning({ sources: [source] });
    const late = ["1.0.1", "1.0.2"];
    const read = ALL.filter(({ tags }) => !late.includes(tags[0] ?? ""));
    held.portions = [
      listed(
        read,
        late.map((tag) => ({ tag, problem: throttled })),
      ),
    ];
    await scanning.scan();
    const first = scanning.choices.snapshot.document("jib");
    assert.deepEqual(first?.warnings, [
      "2 tags of team/executor-jib could not be read yet (too many requests); a newer image may be among them",
    ]);
    held.portions = [listed(ALL)];
    await scanning.scan();
    const document = scanning.choices.snapshot.document("jib");
    assert.deepEqual([document?.version, document?.warnings], ["1.0.259", []]);
  });

  test("reg-04: a tag that the first complete look could not read is no newer for being read later", async () => {
    const { held, source } = looks();
    await using scanning = await openScanning({ sources: [source] });
    const odd = new ExecutorRegistryError(SERVICE_ERRORS["registry-protocol"], "a proxy answered instead");
    held.portions = [listed([built(2, "1.0.2"), built(3, "1.0.3")], [{ tag: "1.0.1", problem: odd }])];
    await scanning.scan();
    held.portions = [listed([built(1, "1.0.1"), built(2, "1.0.2"), built(3, "1.0.3")])];
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { jib: "1.0.3" });
  });

  test("what is pushed later is newer, whatever its version; also when it could not be read at first, and after a restart", async () => {
    const store = await openStore("memory:");
    const kept = { ...store, close: () => Promise.resolve() };
    const { held, source } = looks();
    {
      await using scanning = await openScanning({ sources: [source], store: kept });
      held.portions = [listed([built(1, "2.0.0"), built(2, "1.0.0")])];
      await scanning.scan();
      assert.deepEqual(scanning.versions(), { jib: "2.0.0" });
      held.portions = [listed([built(1, "2.0.0"), built(2, "1.0.0")], [{ tag: "1.0.1", problem: throttled }])];
      await scanning.scan();
      held.portions = [listed([built(1, "2.0.0"), built(2, "1.0.0"), built(3, "1.0.1")])];
      await scanning.scan();
      assert.deepEqual(scanning.versions(), { jib: "1.0.1" });
    }
    await using scanning = await openScanning({ sources: [source], store: kept });
    assert.deepEqual(scanning.versions(), { jib: "1.0.1" });
    held.portions = [listed([built(1, "2.0.0"), built(2, "1.0.0"), built(3, "1.0.1"), built(4, "1.0.2")])];
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { jib: "1.0.2" });
    assert.match(
      scanning.choices.snapshot.document("jib")?.reason ?? "",
      /^of 4 admitted versions it is the last that was found/,
    );
  });

  test("red-15: a start with its clock a century ahead decides nothing about what is pushed after it", async () => {
    const store = await openStore("memory:");
    const kept = { ...store, close: () => Promise.resolve() };
    const { held, source } = looks();
    const ahead: Clock = { ...systemClock, now: () => systemClock.now() + 100 * 365 * 86_400_000 };
    {
      await using scanning = await openScanning({ sources: [source], store: kept, clock: ahead });
      held.portions = [listed([built(9, "abc0001")])];
      await scanning.scan();
    }
    await using scanning = await openScanning({ sources: [source], store: kept });
    for (const [n, tag] of [
      [8, "abc0002"],
      [1, "abc0003"],
      [5, "abc0004"],
    ] as const) {
      const [before] = held.portions;
      assert.ok(before?.state === "listed");
      held.portions = [listed([...before.images, built(n, tag)])];
      await scanning.scan();
      assert.deepEqual(scanning.versions(), { jib: tag });
    }
  });
});

test("reg-12: versions lists the tags that could not be read, each with its reason", async () => {
  const { held, source } = looks();
  await using scanning = await openScanning({ sources: [source] });
  const digest = built(7).digest;
  const odd = new ExecutorRegistryError(SERVICE_ERRORS["registry-protocol"], "its configuration is not JSON");
  held.portions = [
    listed(
      [built(1, "1.0.0")],
      [
        { tag: "1.0.1", digest, problem: odd },
        { tag: "1.0.2", problem: throttled },
      ],
    ),
  ];
  await scanning.scan();
  const answer = listVersions("jib", scanning.choices.view("jib"), undefined, { limit: 10, offset: 0 });
  assert.ok(answer.kind === "json");
  const { unread, unreadTotal } = answer.body as { unread: unknown; unreadTotal: unknown };
  const repository = "registry.test/team/executor-jib";
  assert.deepEqual(unread, [
    { repository, tag: "1.0.1", digest, code: "registry-protocol", reason: "its configuration is not JSON" },
    { repository, tag: "1.0.2", code: "throttled", reason: "the registry answers 429" },
  ]);
  assert.equal(unreadTotal, 2);
});
