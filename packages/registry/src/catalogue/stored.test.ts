import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";
import type { CatalogueImage } from "./state.ts";

test("a catalogue opened from its snapshot answers as the one that wrote it", async () => {
  const store = memoryStore();
  const kept = { ...store, close: () => Promise.resolve() };
  let images = [listedImage("a", "1.0.0"), listedImage("b", "1.1.0", "latest")];
  const source = scriptedSource(async (_request, found) => {
    await found(listing("team/executor-ml", ...images));
    return { complete: true };
  });
  let before: readonly CatalogueImage[];
  {
    await using scanning = await openScanning({ sources: [source], store: kept });
    await scanning.scan();
    images = [listedImage("b", "1.1.0")];
    await scanning.scan();
    before = [...(scanning.catalogue.type("ml")?.images ?? [])];
  }
  assert.ok(await store.loadSnapshot(() => {}, 1), "closing writes a snapshot");
  await using scanning = await openScanning({ sources: [source], store: kept });
  assert.deepEqual([...(scanning.catalogue.type("ml")?.images ?? [])], before);
  assert.deepEqual(scanning.versions(), { ml: "1.1.0" });
  assert.deepEqual([...scanning.catalogue.repositoriesOf("scripted").keys()], ["registry.test/team/executor-ml"]);
});
