import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { repositoryNamed, type Repository } from "@executor-registry/resolver";
import type { Store } from "../journal/store.ts";
import type { RepositoryListing } from "../sources/image-source.ts";
import { openScanning, type ScanningOptions } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";

const OURS = listing("team/executor-ml", listedImage("a", "1.0.0"));
const THEIRS = listing("aaa/executor-ml", listedImage("b", "9.0.0"));

/** A source that lists what the test puts into it, one repository after the other. */
function place(...listings: RepositoryListing[]) {
  const held = { listings };
  const source = scriptedSource(async (_request, found) => {
    for (const one of held.listings) await found(one);
    return { complete: true };
  });
  return { held, source };
}

async function opened(listings: RepositoryListing[], options: Partial<ScanningOptions> = {}) {
  const { held, source } = place(...listings);
  const scanning = await openScanning({ sources: [source], ...options });
  return {
    held,
    scanning,
    answer: () => scanning.choices.snapshot.document("ml"),
    [Symbol.asyncDispose]: () => scanning[Symbol.asyncDispose](),
  };
}

describe("which repository a type is answered from", () => {
  test("red-04: a repository whose images are rejected makes no claim and takes no other's place", async () => {
    await using world = await opened([OURS], { approved: ["registry.test/team/*"] });
    await world.scanning.scan();
    world.held.listings = [THEIRS, OURS];
    await world.scanning.scan();
    assert.equal(world.answer()?.version, "1.0.0");
    assert.deepEqual(world.answer()?.warnings, []);
    assert.deepEqual(world.scanning.catalogue.type("ml")?.claims.length, 1);
  });

  test("a claim is written together with what it follows from: no service ends in between", async () => {
    const store = memoryStore();
    const appended: string[][] = [];
    const noting: Store = {
      ...store,
      append(expected, entries) {
        appended.push(entries.map(({ change }) => change.kind));
        return store.append(expected, entries);
      },
    };
    await using world = await opened([OURS, THEIRS], { store: noting });
    await world.scanning.scan();
    world.held.listings = [OURS, listing("aaa/executor-ml")];
    await world.scanning.scan();
    assert.deepEqual(appended, [
      ["image-found", "repository-read", "type-claimed"],
      ["image-found", "repository-read", "type-claimed"],
      ["image-withdrawn", "type-claimed"],
    ]);
  });

  test("red-04: of repositories that the configuration does not put in order, the one that was there first stays", async () => {
    await using world = await opened([OURS]);
    await world.scanning.scan();
    world.held.listings = [THEIRS, OURS];
    await world.scanning.scan();
    assert.equal(world.answer()?.version, "1.0.0");
    assert.deepEqual(world.answer()?.warnings, [
      "registry.test/aaa/executor-ml (source scripted) holds images of this type too; registry.test/team/executor-ml was there first; put one of them first in the configuration",
    ]);
  });

  test("who was there first is known after a restart", async () => {
    const store = memoryStore();
    const kept = { ...store, close: () => Promise.resolve() };
    {
      await using world = await opened([OURS, THEIRS], { store: kept });
      await world.scanning.scan();
      assert.equal(world.answer()?.version, "1.0.0");
    }
    await using world = await opened([THEIRS, OURS], { store: kept });
    await world.scanning.adopt();
    assert.equal(world.answer()?.version, "1.0.0");
  });

  test("red-04: who takes over because the first holds nothing any more says so, and gives way when it is back", async () => {
    await using world = await opened([OURS, THEIRS]);
    await world.scanning.scan();
    world.held.listings = [{ state: "gone", repository: repositoryNamed("registry.test/team/executor-ml") }, THEIRS];
    await world.scanning.scan();
    world.scanning.later();
    await world.scanning.scan();
    assert.equal(world.answer()?.version, "9.0.0");
    assert.deepEqual(world.answer()?.warnings, [
      "registry.test/aaa/executor-ml (source scripted) took over from registry.test/team/executor-ml (source scripted), which holds no admitted image of this type any more; if that is meant, put it first in the configuration",
    ]);
    world.held.listings = [OURS, THEIRS];
    await world.scanning.scan();
    assert.equal(world.answer()?.version, "1.0.0");
  });

  test("the warning of a takeover outlives a restart, and ends when the configuration prefers the new one", async () => {
    const store = memoryStore();
    const kept = { ...store, close: () => Promise.resolve() };
    {
      await using world = await opened([OURS, THEIRS], { store: kept });
      await world.scanning.scan();
      world.held.listings = [{ state: "gone", repository: repositoryNamed("registry.test/team/executor-ml") }, THEIRS];
      await world.scanning.scan();
      world.scanning.later();
      await world.scanning.scan();
    }
    {
      await using world = await opened([THEIRS], { store: kept });
      assert.match(world.answer()?.warnings.join() ?? "", /took over from registry\.test\/team\/executor-ml/);
    }
    const { source } = place(THEIRS);
    const rank = ({ path }: Repository): number => (path.startsWith("aaa/") ? 0 : 1);
    await using scanning = await openScanning({ sources: [{ ...source, rank }], store: kept });
    await scanning.adopt();
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual([document?.version, document?.warnings], ["9.0.0", []]);
  });

  test("where the configuration is explicit, its order holds against who was there first", async () => {
    const { source, held } = place(THEIRS);
    const rank = ({ path }: Repository): number => (path.startsWith("team/") ? 0 : 1);
    await using scanning = await openScanning({ sources: [{ ...source, rank }] });
    await scanning.scan();
    held.listings = [THEIRS, OURS];
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.equal(document?.version, "1.0.0");
    assert.match(document?.warnings.join() ?? "", /team\/executor-ml comes first in the configuration/);
  });
});
