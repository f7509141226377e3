import assert from "node:assert/strict";
import { test } from "node:test";
import { repositoryNamed } from "@executor-registry/resolver";
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
