import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { UnknownTypeError } from "@executor-registry/resolver";
import { unknownType } from "./choice/unknown-type.ts";
import { listVersions } from "./http/list-versions.ts";
import type { ListedImage, RepositoryListing } from "./sources/image-source.ts";
import { openScanning } from "./testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "./testing/scripted-source.ts";

/** As much as a client of the service takes of one document. */
const DOCUMENT_BYTES = 256 * 1024;

async function scanned(...listings: readonly RepositoryListing[]) {
  const source = scriptedSource(async (_request, found) => {
    for (const one of listings) await found(one);
    return { complete: true };
  });
  const scanning = await openScanning({ sources: [source] });
  await scanning.scan();
  return scanning;
}

const labelled = (
  labels: Readonly<Record<string, string>>,
  more: Partial<ListedImage["details"]> = {},
): ListedImage => {
  const image = listedImage("a", "1.0.0");
  return { ...image, details: { ...image.details!, ...more, labels } };
};

describe("what images say is bounded in what is kept and served", () => {
  test("red-06a: an image with thousands of tags is answered with the most informative ones, and how many there are more", async () => {
    const tags = Array.from({ length: 5600 }, (_, n) => `build-${n}-with-a-long-name-as-a-commit-has-it`);
    await using scanning = await scanned(listing("team/executor-ml", listedImage("a", ...tags, "1.2.0", "latest")));
    const { snapshot } = scanning.choices;
    const document = snapshot.document("ml");
    assert.deepEqual([document?.tags.length, document?.tags[0], document?.tagsOmitted], [50, "1.2.0", 5552]);
    assert.ok(snapshot.executor("ml")!.body.length < DOCUMENT_BYTES);
    const answer = listVersions("ml", scanning.choices.view("ml"), undefined, { limit: 10, offset: 0 });
    assert.ok(JSON.stringify(answer).length < 10_000);
    const {
      entries: [entry],
    } = await scanning.catalogue.list({ kind: "image-found", limit: 1 });
    assert.match(entry?.reason ?? "", /^test: was found, as 1\.2\.0, .* and 5592 more$/);
  });

  test("red-06b: an owner of 262 KB and 15,000 platforms are cut to what people read", async () => {
    const platforms = Array.from({ length: 15_000 }, (_, n) => `linux/arch${n}`);
    const image = labelled({ "executor-registry.dev/owner": "x".repeat(1000) }, { platforms });
    await using scanning = await scanned(listing("team/executor-ml", image));
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual([document?.owner?.length, document?.platforms.length], [200, 64]);
    await using huge = await scanned(
      listing("team/executor-ml", labelled({ "executor-registry.dev/owner": "x".repeat(262_000) })),
    );
    assert.equal(huge.choices.snapshot.document("ml")?.owner, undefined);
  });

  test("red-06c: a repository whose name with its host is no reference is reported, and never served", async () => {
    const path = `${"very-long-folder/".repeat(15)}executor-ml`;
    await using scanning = await scanned(
      listing(path, listedImage("a", "1.0.0")),
      listing("team/executor-nlp", listedImage("b", "1.0.0")),
    );
    assert.deepEqual(scanning.versions(), { nlp: "1.0.0" });
    const [report] = await scanning.scanner.refresh({ actor: "test", why: "test" });
    assert.deepEqual([report?.unread, report?.problem?.code], [1, "invalid-reference"]);
  });

  test("red-06d: an unknown type's answer names a hundred of 14,500 known ones", async () => {
    await using scanning = await scanned();
    for (let n = 0; n < 14_500; n += 1) {
      const type = `type-${String(n).padStart(11, "0")}`;
      scanning.choices.answers.set("layer", type, { type, capabilities: [] } as never);
    }
    const error = unknownType("typo-00000000007", scanning.choices, {
      health: () => [],
      typesOf: () => [],
    }) as UnknownTypeError;
    assert.equal(error.knownTypes.length, 100);
    assert.ok(error.nearMisses.includes("type-00000000007"));
    assert.ok(error.message.length < 2000);
  });

  test("red-11: of an image's labels only those that may be used are kept and written down, up to 12 KB", async () => {
    const labels = {
      "executor-registry.dev/capabilities": "cuda",
      "org.opencontainers.image.revision": "abc",
      "org.opencontainers.image.description": "x".repeat(2000),
      "com.example.buildpacks": "x".repeat(250_000),
      ...Object.fromEntries(Array.from({ length: 500 }, (_, n) => [`executor-registry.dev/l${n}`, "x".repeat(1000)])),
    };
    await using scanning = await scanned(listing("team/executor-ml", labelled(labels)));
    const [image] = scanning.catalogue.type("ml")?.images ?? [];
    const kept = image?.details?.labels ?? {};
    assert.equal(kept["executor-registry.dev/capabilities"], "cuda");
    assert.ok(!("com.example.buildpacks" in kept) && !("org.opencontainers.image.description" in kept));
    assert.ok(JSON.stringify(kept).length < 14_000);
    const {
      entries: [entry],
    } = await scanning.catalogue.list({ kind: "image-found", limit: 1 });
    assert.ok(JSON.stringify(entry).length < 20_000);
  });

  test("reg-19: an owner is one line of well-formed text", async () => {
    const owner = "a\ud800b\r\n\u001b[31mred\u202e";
    await using scanning = await scanned(
      listing("team/executor-ml", labelled({ "executor-registry.dev/owner": owner })),
    );
    const text = scanning.choices.snapshot.executor("ml")!.body.toString();
    assert.equal((JSON.parse(text) as { owner: string }).owner, "a\ufffdb\ufffd\ufffd\ufffd[31mred\ufffd");
    assert.doesNotMatch(text, /\\ud[89ab]/i);
  });

  test("a thousand repositories of one type and a thousand rejected newer images are a few warnings", async () => {
    const listings = Array.from({ length: 1000 }, (_, n) => listing(`t${n}/executor-ml`, listedImage("a", "1.0.0")));
    await using scanning = await scanned(...listings);
    const warnings = scanning.choices.snapshot.document("ml")?.warnings ?? [];
    assert.equal(warnings.length, 6);
    assert.equal(warnings[5], "994 more repositories hold images of this type too");
  });
});
