import assert from "node:assert/strict";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { IMAGE_MANIFEST, makeImage } from "../../../../testing/images.ts";
import { deleteManifest, pushImage, pushIndex, pushManifest } from "../../../../testing/push.ts";
import { openScanning } from "../testing/scanning.ts";

const day = (number: number): string => `2026-11-${String(number).padStart(2, "0")}T12:00:00Z`;

describe("scanning a real registry", { skip: noDockerRegistry }, () => {
  test("what is pushed is found, and the last that was built is current", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0", { created: day(1) });
    const labels = { "executor-registry.dev/capabilities": "cuda,cpu", "executor-registry.dev/owner": "ml-team" };
    const newest = await pushImage(registry, "team/executor-ml", "1.1.0", { created: day(3), labels });
    await pushImage(registry, "team/executor-ml", "1.0.1", { created: day(2) });
    await pushImage(registry, "team/something-else", "1.0.0");
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.equal(document?.image, `${registry.host}/team/executor-ml@${newest.digest}`);
    assert.deepEqual([document.version, document.versions, document.owner], ["1.1.0", 3, "ml-team"]);
    assert.deepEqual([document.capabilities, document.platforms], [["cpu", "cuda"], ["linux/amd64"]]);
    assert.deepEqual(scanning.choices.snapshot.types(), ["ml"]);
  });

  test("an index is one version, with the platforms of its images", async () => {
    await using registry = await startDockerRegistry();
    const amd64 = await pushImage(registry, "executor-ml", undefined, { architecture: "amd64" });
    const arm64 = await pushImage(registry, "executor-ml", undefined, { architecture: "arm64" });
    const index = await pushIndex(registry, "executor-ml", "2.0.0", [
      { ...amd64, platform: { os: "linux", architecture: "amd64" } },
      { ...arm64, platform: { os: "linux", architecture: "arm64" } },
    ]);
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual([document?.digest, document?.platforms], [index.digest, ["linux/amd64", "linux/arm64"]]);
  });

  test("a scan that finds nothing new costs one request for each repository and one for its current image, and one for the list", async () => {
    await using registry = await startDockerRegistry();
    for (const type of ["a", "b", "c"]) {
      for (const tag of ["1.0.0", "1.1.0"]) await pushImage(registry, `executor-${type}`, tag, { size: 10 });
    }
    await using scanning = await openScanning({ registries: [registry] });
    const first = await scanning.scan();
    assert.equal(await scanning.scan(), 3 * 2 + 1, `the first took ${first}`);
  });

  test("a digest is fetched once, whatever tags it gets", async () => {
    await using registry = await startDockerRegistry();
    const image = makeImage();
    await pushImage(registry, "executor-ml", "1.0.0");
    await using scanning = await openScanning({ registries: [{ host: registry.host, repositories: ["executor-ml"] }] });
    await scanning.scan();
    await pushManifest(registry, "executor-ml", "1.0.1", image.manifest, IMAGE_MANIFEST);
    assert.equal(await scanning.scan(), 3, "the tags, the current image, and what the new tag names");
    assert.deepEqual(scanning.choices.snapshot.document("ml")?.tags, ["1.0.0", "1.0.1"]);
  });

  test("a tag that moves takes its old image out of the catalogue", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "executor-ml", "latest", { created: day(2) });
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const before = scanning.choices.snapshot.document("ml")?.digest;
    const { digest } = await pushImage(registry, "executor-ml", "latest", { created: day(1) });
    await scanning.scan();
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digest, "although it is the older build");
    const images = [...(scanning.catalogue.type("ml")?.images ?? [])];
    const withdrawn = images.find(({ state }) => state === "withdrawn");
    assert.deepEqual([withdrawn?.digest, withdrawn?.withdrawn?.reason], [before, "tag latest names another image now"]);
  });

  test("a full version that was pushed over is found when its type is refreshed", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "executor-ml", "1.0.0", { created: day(1) });
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const { digest } = await pushImage(registry, "executor-ml", "1.0.0", { created: day(2) });
    await scanning.scanner.refreshType("ml", { actor: "test", why: "test" });
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digest);
  });

  test("deleted images are withdrawn, come back when they are pushed again, and keep when they were added", async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await pushImage(registry, "executor-ml", "1.0.0");
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const added = scanning.choices.snapshot.document("ml")?.added;
    await deleteManifest(registry, "executor-ml", digest);
    await scanning.scan();
    assert.deepEqual(scanning.versions(), {});
    await pushImage(registry, "executor-ml", "1.0.0");
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.deepEqual([document?.digest, document?.added], [digest, added]);
  });

  test("a deleted repository is withdrawn, whether it was named or discovered", async () => {
    for (const repositories of [["team/executor-ml"], ["team/*"]]) {
      await using registry = await startDockerRegistry();
      await pushImage(registry, "team/executor-ml", "1.0.0");
      await pushImage(registry, "team/executor-nlp", "1.0.0");
      await using scanning = await openScanning({ registries: [{ host: registry.host, repositories }] });
      await scanning.scan();
      await rm(join(registry.folder, "repositories", "team", "executor-ml"), { recursive: true });
      await scanning.scan();
      assert.equal(scanning.versions()["ml"], "1.0.0", "until it was seen twice");
      scanning.later();
      await scanning.scan();
      assert.equal(scanning.versions()["ml"], undefined);
    }
  });

  test("a registry that is down withdraws nothing, and is caught up with when it is back", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "executor-ml", "1.0.0", { created: day(1) });
    await using scanning = await openScanning({ registries: [{ host: registry.host, repositories: ["executor-ml"] }] });
    await scanning.scan();
    await registry.stop();
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    const [health] = scanning.scanner.health;
    assert.equal(health?.state, "failing");
    assert.match(health.problem?.message ?? "", /ECONNREFUSED/);
    await registry.start();
    await pushImage(registry, "executor-ml", "1.1.0", { created: day(2) });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.1.0" });
    assert.equal(scanning.scanner.health[0]?.state, "ready");
  });

  test("two repositories that claim one type: the first in the configuration wins, and the answer says so", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "new/executor-ml", "2.0.0", { created: day(2) });
    const preferred = await pushImage(registry, "old/executor-ml", "1.0.0", { created: day(1) });
    await using scanning = await openScanning({
      registries: [{ host: registry.host, repositories: ["old/*", "new/*"] }],
    });
    await scanning.scan();
    const document = scanning.choices.snapshot.document("ml");
    assert.equal(document?.digest, preferred.digest);
    assert.match(
      document.warnings.join(),
      /new\/executor-ml .* holds images of this type too; .*old\/executor-ml comes first/,
    );
    await deleteManifest(registry, "old/executor-ml", preferred.digest);
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "2.0.0" });
    const [warning] = scanning.choices.snapshot.document("ml")?.warnings ?? [];
    assert.match(warning ?? "", /new\/executor-ml .* took over from .*old\/executor-ml/);
  });

  test("an image of a namespace that is not approved is kept and shown, and never resolved", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0");
    await pushImage(registry, "stranger/executor-nlp", "1.0.0");
    await using scanning = await openScanning({ registries: [registry], approved: [`${registry.host}/team/*`] });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    const [image] = scanning.catalogue.type("nlp")?.images ?? [];
    assert.equal(image?.state, "rejected");
    assert.match(image.verdicts[0]?.reason ?? "", /stranger\/executor-nlp is in none of the approved namespaces/);
  });

  test("what a restart finds in its store is judged by the configuration of now, and not fetched again", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0");
    const store = memoryStore();
    const kept = { ...store, close: () => Promise.resolve() };
    {
      await using scanning = await openScanning({ registries: [registry], store: kept });
      await scanning.scan();
    }
    await using scanning = await openScanning({ registries: [registry], store: kept, approved: ["elsewhere/**"] });
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    await scanning.adopt();
    void scanning.scanner.run();
    assert.deepEqual(scanning.versions(), {});
    assert.equal(await scanning.scan(), 2, "the list of repositories, and the tags of one");
    const {
      entries: [entry],
    } = await scanning.catalogue.list({ kind: "image-judged", limit: 1 });
    assert.equal(entry?.reason, "the checks' configuration answers otherwise");
  });

  test("a hundred refreshes at once are one scan", async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "executor-ml", "1.0.0");
    await using scanning = await openScanning({ registries: [registry] });
    await scanning.scan();
    const before = scanning.sources[0]?.requests ?? 0;
    await Promise.all(Array.from({ length: 100 }, () => scanning.scan()));
    assert.equal((scanning.sources[0]?.requests ?? 0) - before, 3);
  });

  test("executors of many types in one repository are distinguished by their tags", async () => {
    await using registry = await startDockerRegistry();
    const nlp = await pushImage(registry, "team/executors", "executor-custom-nlp-1.2.0", { created: day(1), size: 32 });
    await pushImage(registry, "team/executors", "executor-ml-latest", { created: day(2), size: 32 });
    await pushImage(registry, "team/executors", "readme", { size: 32 });
    const tags = { template: "executor-{type}-{version}", repositories: ["executors"] };
    await using scanning = await openScanning({ registries: [registry], naming: { tags } });
    await scanning.scan();
    assert.deepEqual(scanning.choices.snapshot.types(), ["custom-nlp", "ml"]);
    assert.equal(scanning.choices.snapshot.document("custom-nlp")?.digest, nlp.digest);
  });

  test("an alias is a type of its own, served from the repository it names", async () => {
    await using registry = await startDockerRegistry();
    const { digest } = await pushImage(registry, "team/executor-nlp", "1.0.0");
    await using scanning = await openScanning({
      registries: [registry],
      naming: { aliases: { "custom-nlp": "executor-nlp" } },
    });
    await scanning.scan();
    const { snapshot } = scanning.choices;
    assert.deepEqual([snapshot.document("nlp")?.digest, snapshot.document("custom-nlp")?.digest], [digest, digest]);
  });
});
