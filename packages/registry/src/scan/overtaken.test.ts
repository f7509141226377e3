import assert from "node:assert/strict";
import { test } from "node:test";
import { repositoryNamed } from "@executor-registry/resolver";
import { sharedMemoryStore } from "../stores/testing/shared-memory.ts";
import { openScanning } from "../testing/scanning.ts";
import { deferred, listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";

test("a reading whose details come late does not overwrite one that began after it", async () => {
  const [asked, answer, taken] = [deferred(), deferred(), deferred()];
  const { details: late, ...bare } = listedImage("a", "latest");
  const source = scriptedSource(
    async ({ only, known }, found) => {
      known(repositoryNamed("registry.test/executor-ml"));
      if (only === undefined) {
        await found(listing("executor-ml", bare));
        return { complete: false };
      }
      await found(listing("executor-ml", listedImage("b", "latest")));
      taken.resolve();
      return { complete: false };
    },
    async () => {
      asked.resolve();
      await answer.promise;
      assert.ok(late);
      return late;
    },
  );
  await using scanning = await openScanning({ sources: [source] });
  const all = scanning.scan();
  await asked.promise;
  scanning.scanner.hint([{ action: "pushed", repository: "executor-ml", tag: "latest" }], {
    actor: "webhook:x",
    why: "event",
  });
  await taken.promise;
  const before = scanning.choices.snapshot.document("ml")?.digest;
  answer.resolve();
  await all;
  const after = scanning.choices.snapshot.document("ml")?.digest;
  assert.deepEqual([before, after], [listedImage("b", "x").digest, listedImage("b", "x").digest]);
});

test("a reading that began before another replica wrote down what it saw undoes none of it, and is repeated", async () => {
  const store = { ...sharedMemoryStore(), close: async () => {} };
  const [asked, answer] = [deferred(), deferred()];
  const [older, newer] = [listedImage("a", "1.0.0"), listedImage("b", "1.1.0")];
  let looks = 0;
  const late = scriptedSource(async ({ known }, found) => {
    known(repositoryNamed("registry.test/executor-ml"));
    if ((looks += 1) > 1) await found(listing("executor-ml", older, newer));
    else {
      asked.resolve();
      await answer.promise;
      await found(listing("executor-ml", older));
    }
    return { complete: true };
  });
  const other = scriptedSource(async ({ known }, found) => {
    known(repositoryNamed("registry.test/executor-ml"));
    await found(listing("executor-ml", older, newer));
    return { complete: true };
  });
  await using first = await openScanning({ sources: [late], store });
  await using second = await openScanning({ sources: [other], store });
  const scan = first.scan();
  await asked.promise;
  await second.scan();
  answer.resolve();
  await scan;
  assert.equal(looks, 2);
  assert.deepEqual(first.versions(), { ml: "1.1.0" });
  assert.deepEqual((await first.catalogue.list({ kind: "image-withdrawn", limit: 9 })).entries, []);
});
