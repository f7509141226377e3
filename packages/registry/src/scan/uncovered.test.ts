import assert from "node:assert/strict";
import { test } from "node:test";
import { memoryStore } from "@executor-registry/registry/internal";
import { repositoryNamed } from "@executor-registry/resolver";
import { parseConfig, startService } from "@executor-registry/registry";
import { pino } from "pino";
import { noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { deleteManifest, pushImage, pushIndex } from "../../../../testing/push.ts";
import { openScanning } from "../testing/scanning.ts";
import { listedImage, listing, scriptedSource } from "../testing/scripted-source.ts";

test(
  "reg-12: what could not be read of a repository is said no more once the configuration does not cover it",
  { skip: noDockerRegistry },
  async () => {
    await using registry = await startDockerRegistry();
    await pushImage(registry, "team/executor-ml", "1.0.0");
    await pushImage(registry, "odd/executor-half", "0.9.0");
    const child = await pushImage(registry, "odd/executor-half", undefined, { architecture: "arm64" });
    await pushIndex(registry, "odd/executor-half", "1.0.0", [
      { ...child, platform: { os: "linux", architecture: "arm64" } },
    ]);
    await deleteManifest(registry, "odd/executor-half", child.digest);
    const config = (patterns: string) =>
      parseConfig(
        `listen: {host: 127.0.0.1, port: 0}\nauth: {writes: open}\nsources: [{name: main, kind: oci, host: "${registry.host}", insecure: true, repositories: ${patterns}}]`,
        "test.yaml",
      );
    const service = await startService({ config: config('["**"]'), log: pino({ level: "silent" }) });
    const get = async (path: string): Promise<string> => (await fetch(service.url + path)).text();
    const refresh = () => fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
    try {
      await refresh();
      for (const path of ["/health", "/executors/none", "/executors/half/versions"]) {
        assert.match(await get(path), /could not be read|odd\/executor-half/, path);
      }
      await service.reconfigure(config('["team/*"]'));
      await refresh();
      assert.match(await get("/health"), /"status":"ok"/);
      assert.doesNotMatch(await get("/executors/none"), /incomplete/);
      assert.doesNotMatch(await get("/executors/half/versions"), /"unread"/);
    } finally {
      await service.close();
    }
  },
);

test("what another replica withdrew is not held to be disappearing without end", async () => {
  const store = memoryStore();
  const kept = { ...store, close: () => Promise.resolve() };
  let there = true;
  const others = [listedImage("b", "1.0.0")];
  const source = () =>
    scriptedSource(async ({ known }, found) => {
      known(repositoryNamed("registry.test/team/executor-ml"));
      await found(
        there
          ? listing("team/executor-ml", listedImage("a", "1.0.0"))
          : { state: "gone", repository: repositoryNamed("registry.test/team/executor-ml") },
      );
      known(repositoryNamed("registry.test/team/executor-nlp"));
      await found(listing("team/executor-nlp", ...others));
      return { complete: true };
    });
  await using one = await openScanning({ sources: [source()], store: kept });
  await one.scan();
  await using other = await openScanning({ sources: [source()], store: kept });
  await other.scan();
  there = false;
  await other.scan();
  await one.scan();
  one.later();
  await one.scan();
  assert.deepEqual(one.versions(), { nlp: "1.0.0" });
  // With what it writes down itself it takes in what the first has written.
  others.push(listedImage("c", "1.1.0"));
  await other.scan();
  await other.scan();
  assert.deepEqual([other.versions(), other.scanner.health[0]?.state], [{ nlp: "1.1.0" }, "ready"]);
});
