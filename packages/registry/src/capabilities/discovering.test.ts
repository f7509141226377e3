import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, describe, test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import type { BlobDescriptor } from "../../../../testing/images.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { pushImage } from "../../../../testing/push.ts";
import { type RegistryProxy, startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { attachReferrer } from "../../../../testing/sbom.ts";
import { openScanning, type Scanning } from "../testing/scanning.ts";
import { Discovering } from "./discovering.ts";

const PATH = "team/executor-ml";
const SPDX = "application/spdx+json";
const HOUR_MS = 3_600_000;

describe("capabilities of the images that types are answered with", { skip: noDockerRegistry }, () => {
  let registry: DockerRegistry;
  let proxy: RegistryProxy;
  before(async () => {
    registry = await startDockerRegistry();
    proxy = await startRegistryProxy(registry.url);
  });
  after(async () => {
    await proxy[Symbol.asyncDispose]();
    await registry[Symbol.asyncDispose]();
  });

  const attach = async (image: BlobDescriptor): Promise<unknown> => {
    const content = await readFile(new URL("testing/spdx-2.3.json", import.meta.url));
    return attachReferrer(registry, PATH, image, SPDX, { mediaType: SPDX, content });
  };

  /** A catalogue with what the registry holds, and how to find capabilities in it. */
  async function opened() {
    // Only who looks for capabilities waits for time to pass.
    const clock = manualClock(Date.now());
    const scanning = await openScanning({ registries: [{ host: proxy.host, repositories: [PATH] }] });
    await scanning.scan();
    const { choices, sources } = scanning;
    const begin = (): AsyncDisposable & Discovering => {
      const discovering = new Discovering({ choices, sources, clock, random: () => 0, log: silentLogger });
      void discovering.run();
      return Object.assign(discovering, { [Symbol.asyncDispose]: () => discovering.close() });
    };
    return { scanning, clock, begin, [Symbol.asyncDispose]: () => scanning[Symbol.asyncDispose]() };
  }
  /** Resolves with how many entries there are of what was found, once there are so many. */
  async function found({ catalogue }: Scanning, count: number): Promise<readonly string[]> {
    for (;;) {
      const { entries } = await catalogue.list({ kind: "capabilities-found", limit: 100 });
      if (entries.length >= count) return entries.map(({ reason }) => reason);
      await new Promise<void>((resolve) => {
        const stop = catalogue.onEntries(() => (stop(), resolve()));
      });
    }
  }
  const of = ({ choices }: Scanning, type = "ml") => {
    const { capabilities, capabilityDetails, capabilitiesIncomplete } = choices.snapshot.document(type) ?? {};
    return { capabilities, details: capabilityDetails, incomplete: capabilitiesIncomplete };
  };

  test("are found once for each image, written down, and said in the answer", async () => {
    const labels = { "executor-registry.dev/capabilities": "gpu, cuda=11.8, pytorch, cuda=x" };
    const image = await pushImage(registry, PATH, "1.0.0", { labels });
    await attach(image);
    await using world = await opened();
    const { scanning, begin } = world;
    assert.deepEqual(of(scanning), {
      capabilities: ["cuda", "gpu", "pytorch"],
      details: [
        { name: "cuda", version: "11.8", from: "label", evidence: "executor-registry.dev/capabilities" },
        { name: "gpu", from: "label", evidence: "executor-registry.dev/capabilities" },
        { name: "pytorch", from: "label", evidence: "executor-registry.dev/capabilities" },
      ],
      incomplete: "the image was not looked at yet: only what is declared is known",
    });
    {
      await using _ = begin();
      assert.deepEqual(await found(scanning, 1), [
        "1 SBOM read; it has amd64, cuda 12.4, python 3.11.2, pytorch 2.4.0, transformers 4.44.2",
      ]);
    }
    const { capabilities, details, incomplete } = of(scanning);
    assert.deepEqual(capabilities, ["amd64", "cuda", "gpu", "python", "pytorch", "transformers"]);
    assert.deepEqual(
      details?.filter(({ name }) => ["cuda", "gpu"].includes(name)),
      [
        { name: "cuda", version: "12.4", from: "sbom", evidence: "pkg:pypi/torch@2.4.0+cu124" },
        { name: "gpu", from: "label", evidence: "executor-registry.dev/capabilities" },
      ],
    );
    assert.equal(incomplete, undefined);

    const before = proxy.requests.length;
    await using _ = begin();
    await world.clock.advance(48 * HOUR_MS);
    assert.equal(proxy.requests.length, before, "the registry is not asked again");
  });

  test("are found of an image that becomes current later", async () => {
    await using world = await opened();
    await using _ = world.begin();
    await found(world.scanning, 1);
    const image = await pushImage(registry, PATH, "2.0.0", {
      env: ["PYTHON_VERSION=3.13.0"],
      created: "2026-11-24T01:00:00Z",
    });
    await world.scanning.scan();
    assert.equal(world.scanning.choices.snapshot.document("ml")?.digest, image.digest);
    const [reason] = await found(world.scanning, 2);
    assert.equal(reason, "no SBOM read; it has amd64, python 3.13.0");
    assert.equal(of(world.scanning).incomplete, "no SBOM of it was read");
  });

  test("are looked for again when an event says that something was attached, and a day later", async () => {
    const image = await pushImage(registry, PATH, "3.0.0", { created: "2026-11-24T02:00:00Z" });
    await using world = await opened();
    await using discovering = world.begin();
    await found(world.scanning, 1);
    discovering.hint([{ action: "pushed", repository: PATH, tag: "3.0.0" }]);
    const before = proxy.requests.length;
    let hours = 0;
    for (; proxy.requests.length === before; hours += 1) await world.clock.advance(HOUR_MS);
    assert.ok(hours >= 24 && hours <= 26, `it was looked at again after ${hours} hours`);
    await attach(image);
    discovering.hint([{ action: "signed", repository: "team/other", digest: image.digest }]);
    discovering.hint([{ action: "signed", repository: PATH, digest: image.digest }]);
    const [reason] = await found(world.scanning, 2);
    assert.match(reason ?? "", /^1 SBOM read; it has amd64, cuda 12\.4/);
  });

  test("are looked for again while the registry fails, and what was found before stands", async () => {
    await attach(await pushImage(registry, PATH, "4.0.0", { created: "2026-11-24T03:00:00Z" }));
    await using world = await opened();
    const restore = proxy.intercept((request, response) => {
      if (!/blobs|referrers/.test(request.url ?? "")) return false;
      response.writeHead(403).end();
      return true;
    });
    await using discovering = world.begin();
    assert.deepEqual(await found(world.scanning, 1), ["no SBOM read; it has no capability that is known"]);
    assert.match(
      of(world.scanning).incomplete ?? "",
      /the configuration of \w+ cannot be read: .*anonymous reading is not allowed/,
    );
    restore();
    for (const before = proxy.requests.length; proxy.requests.length === before;) await world.clock.advance(1000);
    assert.match((await found(world.scanning, 2))[0] ?? "", /^1 SBOM read/);
    const again = proxy.intercept((_request, response) => (response.writeHead(403).end(), true));
    const before = proxy.requests.length;
    discovering.hint([{ action: "scanned", repository: PATH }]);
    while (proxy.requests.length === before) await new Promise((resolve) => setImmediate(resolve));
    await discovering.close();
    again();
    assert.ok(of(world.scanning).capabilities?.includes("pytorch"));
  });
});
