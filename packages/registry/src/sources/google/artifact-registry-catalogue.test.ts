import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repositoryNamed } from "@executor-registry/resolver";
import { startArtifactRegistryDouble } from "../../../../../testing/artifact-registry-double.ts";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { openScanning } from "../../testing/scanning.ts";
import { artifactRegistrySource } from "./testing/artifact-registry.ts";

const day = (n: number): Date => new Date(Date.UTC(2026, 10, n));
const place = ["europe-west4", "executors"] as const;

describe("executors in Artifact Registry", { skip: noDockerRegistry }, () => {
  test("are served with their labels; what has not changed is never fetched again", async () => {
    await using registry = await startDockerRegistry();
    await using double = await startArtifactRegistryDouble(registry);
    await double.push(...place, "executor-ml", "2.0.0", { size: 16, uploaded: day(1) });
    const labels = { "org.opencontainers.image.vendor": "ml-team" };
    const { digest } = await double.push(...place, "executor-ml", "1.9.1", { labels, uploaded: day(2) });
    const legacy = await double.push("europe", "eu.gcr.io", "executor-nlp", "1.0.0");
    const source = artifactRegistrySource(double, { locations: ["europe-west4", "europe"] });
    await using scanning = await openScanning({ sources: [source] });
    await scanning.scan();
    const { snapshot } = scanning.choices;
    assert.equal(snapshot.document("ml")?.image, `europe-west4-docker.pkg.dev/acme/executors/executor-ml@${digest}`);
    assert.equal(snapshot.document("nlp")?.image, `eu.gcr.io/acme/executor-nlp@${legacy.digest}`);
    const images = scanning.catalogue.imagesOf("europe-west4-docker.pkg.dev/acme/executors/executor-ml");
    assert.deepEqual(images.get(digest)?.details?.labels, labels);
    assert.equal(await scanning.scan(), 4);
  });

  test("stay when a scan fails half-way, and are withdrawn when the last page says that they are gone", async () => {
    await using registry = await startDockerRegistry();
    await using double = await startArtifactRegistryDouble(registry);
    const filler = Array.from({ length: 999 }, (_, n) => ({
      name: "app",
      digest: `sha256:${n.toString(16).padStart(64, "0")}`,
    }));
    double.set(...place, filler);
    await double.push(...place, "executor-ml", "1.0.0", { size: 16 });
    await double.push(...place, "executor-nlp", "1.0.0", { size: 16 });
    await using scanning = await openScanning({ sources: [artifactRegistrySource(double)] });
    await scanning.scan();
    const both = { ml: "1.0.0", nlp: "1.0.0" };
    assert.deepEqual(scanning.versions(), both);
    double.answerNext(/pageToken/, { status: 403 });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), both);
    assert.equal(scanning.scanner.health[0]?.problem?.code, "forbidden");
    double.set(...place, filler);
    await scanning.scan();
    assert.deepEqual(scanning.versions(), both, "what disappears as a whole has to be seen twice");
    scanning.later();
    await scanning.scan();
    assert.deepEqual(scanning.versions(), {});
  });

  test("reg-06: stay when the list of repositories leaves theirs out: it is asked by itself", async () => {
    await using registry = await startDockerRegistry();
    await using double = await startArtifactRegistryDouble(registry);
    await double.push(...place, "executor-ml", "1.0.0", { uploaded: day(1) });
    await using scanning = await openScanning({ sources: [artifactRegistrySource(double)] });
    await scanning.scan();
    await double.push(...place, "executor-ml", "1.1.0", { uploaded: day(2), size: 16 });
    for (let look = 0; look < 3; look += 1) {
      double.answerNext(/\/repositories\?/, { status: 200, body: "{}" });
      await scanning.scan();
      scanning.later();
    }
    assert.deepEqual(scanning.versions(), { ml: "1.1.0" });
    assert.equal(scanning.scanner.health[0]?.state, "ready");
  });

  test("are read with a token that is renewed while it is good, and at once where it is refused", async () => {
    await using registry = await startDockerRegistry();
    await using double = await startArtifactRegistryDouble(registry);
    const clock = manualClock();
    let asked = 0;
    const token = (): Promise<string> => {
      asked += 1;
      return Promise.resolve(double.token);
    };
    const source = artifactRegistrySource(double, { clock, token });
    const { signal } = new AbortController();
    const read = async (): Promise<number> => {
      const { digest } = await double.push(...place, "executor-ml", "1", { size: 16 });
      await source.details(repositoryNamed("europe-west4-docker.pkg.dev/acme/executors/executor-ml"), digest, signal);
      return asked;
    };
    assert.deepEqual([await read(), await read()], [1, 1]);
    await clock.advance(4 * 60_000);
    assert.equal(await read(), 2);
    await clock.advance(60_000);
    double.renewToken();
    assert.equal(await read(), 3);
    await source.close();
  });
});
