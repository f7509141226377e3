import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { repositoryAt } from "@executor-registry/resolver";
import { noDockerRegistry, startDockerRegistry } from "../../../../../testing/docker-registry.ts";
import { startEcrDouble } from "../../../../../testing/ecr-double.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { openScanning } from "../../testing/scanning.ts";
import { ecrSource } from "./testing/ecr.ts";
import { scanned } from "../testing/scanned.ts";

const day = (n: number): Date => new Date(Date.UTC(2026, 10, n));
const HOUR = 3_600_000;

describe("executors in Amazon ECR", { skip: noDockerRegistry }, () => {
  test("are served with their labels; what has not changed is never fetched again", async () => {
    await using registry = await startDockerRegistry();
    await using ecr = await startEcrDouble({ registry });
    // Pushed in another order than their versions have.
    await ecr.push("team/executor-ml", "2.0.0", { size: 16, pushedAt: day(1) });
    const labels = { "org.opencontainers.image.vendor": "ml-team" };
    const { digest } = await ecr.push("team/executor-ml", "1.9.1", { labels, size: 16, pushedAt: day(2) });
    await using scanning = await openScanning({ sources: [ecrSource(ecr)] });
    await scanning.scan();
    assert.equal(scanning.choices.snapshot.document("ml")?.image, `${ecr.host()}/team/executor-ml@${digest}`);
    const images = scanning.catalogue.imagesOf(`${ecr.host()}/team/executor-ml`);
    assert.deepEqual(images.get(digest)?.details?.labels, labels);
    assert.equal(images.get(digest)?.pushed, day(2).toISOString());

    const before = ecr.registryRequests.length;
    assert.equal(await scanning.scan(), 2);
    assert.equal(ecr.registryRequests.length, before);
  });

  test("of which there are many cost the registry only the details of the newest", async () => {
    await using registry = await startDockerRegistry();
    await using ecr = await startEcrDouble({ registry });
    for (let n = 1; n <= 14; n++) await ecr.push("team/executor-ml", `1.${n}.0`, { size: 16, pushedAt: day(n) });
    await using scanning = await openScanning({ sources: [ecrSource(ecr)] });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.14.0" });
    const images = [...scanning.catalogue.imagesOf(`${ecr.host()}/team/executor-ml`).values()];
    const detailed = images.filter(({ details }) => details !== undefined).flatMap(({ tags }) => tags);
    assert.deepEqual([images.length, detailed.length, detailed.includes("1.4.0")], [14, 10, false]);
    assert.equal(ecr.count("GetAuthorizationToken"), 1);
  });

  test("stay when a scan fails half-way, and are withdrawn when their repository is deleted", async () => {
    await using registry = await startDockerRegistry();
    await using ecr = await startEcrDouble({ registry });
    for (let n = 0; n < 999; n++) ecr.set(`other/app-${n}`, []);
    await ecr.push("team/executor-ml", "1.0.0", { size: 16 });
    await ecr.push("team/executor-nlp", "1.0.0", { size: 16 });
    await using scanning = await openScanning({ sources: [ecrSource(ecr)] });
    await scanning.scan();
    const both = { ml: "1.0.0", nlp: "1.0.0" };
    assert.deepEqual(scanning.versions(), both);

    const denied = { status: 400, type: "AccessDeniedException", message: "denied" };
    ecr.failNext("DescribeRepositories", { ...denied, after: 1 });
    await scanning.scan();
    assert.deepEqual(scanning.versions(), both);
    assert.equal(scanning.scanner.health[0]?.problem?.code, "forbidden");
    ecr.failNext("DescribeImages", denied, 2);
    await scanning.scan();
    assert.deepEqual(scanning.versions(), both);

    ecr.set("team/executor-nlp", undefined);
    await scanning.scan();
    assert.deepEqual(scanning.versions(), both, "what disappears as a whole has to be seen twice");
    scanning.later();
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.0.0" });
    assert.equal(scanning.scanner.health[0]?.state, "ready");
  });

  test("reg-06: stay when the list of repositories leaves theirs out: it is asked by itself", async () => {
    await using registry = await startDockerRegistry();
    await using ecr = await startEcrDouble({ registry });
    await ecr.push("team/executor-ml", "1.0.0", { size: 16, pushedAt: day(1) });
    await ecr.push("team/executor-nlp", "1.0.0", { size: 16, pushedAt: day(1) });
    await using scanning = await openScanning({ sources: [ecrSource(ecr)] });
    await scanning.scan();
    ecr.leftOut.add("team/executor-ml");
    await ecr.push("team/executor-ml", "1.1.0", { size: 16, pushedAt: day(2) });
    for (let look = 0; look < 3; look += 1) {
      await scanning.scan();
      scanning.later();
    }
    assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
    assert.equal(scanning.scanner.health[0]?.state, "ready");
    ecr.leftOut.add("team/executor-nlp");
    await scanning.scan();
    assert.deepEqual(scanning.versions(), { ml: "1.1.0", nlp: "1.0.0" });
  });

  test("are read with a token that is renewed before it expires, and at once where ECR refuses it", async () => {
    await using registry = await startDockerRegistry();
    const clock = manualClock();
    await using ecr = await startEcrDouble({ registry, now: clock.now });
    const source = ecrSource(ecr, { clock });
    const { signal } = new AbortController();
    const read = async (tag: string): Promise<number> => {
      const { digest } = await ecr.push("team/executor-ml", tag, { size: 16 });
      const details = await source.details(repositoryAt(ecr.host(), "team/executor-ml"), digest, signal);
      assert.deepEqual(details.platforms, ["linux/amd64"]);
      return ecr.count("GetAuthorizationToken");
    };
    ecr.set("team/executor-ml", []);
    await scanned(source);
    assert.equal(await read("1"), 1);
    await clock.advance(9.5 * HOUR);
    assert.equal(await read("2"), 1);
    await clock.advance(0.2 * HOUR);
    assert.equal(await read("3"), 2);
    assert.ok(ecr.registryRequests.every((line) => line.startsWith("GET /v2/team/executor-ml/")));
    await clock.advance(HOUR);
    ecr.expireTokens();
    assert.equal(await read("4"), 3);
    await source.close();
  });
});
