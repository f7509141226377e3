import assert from "node:assert/strict";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushImage } from "../../../../testing/push.ts";
import { pagedTags, startRegistryProxy } from "../../../../testing/registry-proxy.ts";
import { openScanning } from "../testing/scanning.ts";

const TAGS = 10_000;
const IMAGES = 5;
const PAGE = 1000;

test(
  "ten thousand tags in one repository are all counted, and cost only their list from then on",
  {
    skip: noDockerRegistry,
  },
  async () => {
    await using registry = await startDockerRegistry();
    const digests: string[] = [];
    for (let nth = 0; nth < IMAGES; nth++) {
      const created = new Date(Date.UTC(2026, 0, 1 + nth)).toISOString();
      digests.push((await pushImage(registry, "team/executor-ml", `0.0.${nth}`, { created })).digest);
    }
    const tags = Array.from({ length: TAGS - IMAGES }, (_, index) => `1.${Math.floor(index / 100)}.${index % 100}`);
    for (const [index, tag] of tags.entries()) await link(registry, tag, digests[index % IMAGES] ?? "");
    await using proxy = await startRegistryProxy(registry.url);
    proxy.intercept(pagedTags(registry.url, PAGE));
    await using scanning = await openScanning({
      registries: [{ host: proxy.host, repositories: ["team/executor-ml"] }],
    });
    const first = await scanning.scan();
    // A tag's manifest says which image it names; an image's configuration is read once, or by those who ask at the same time.
    const configurations = first - TAGS / PAGE - TAGS;
    assert.ok(configurations >= IMAGES && configurations <= IMAGES * 8, `${configurations} configurations`);
    const images = [...(scanning.catalogue.type("ml")?.images ?? [])];
    assert.equal(images.length, IMAGES);
    assert.equal(new Set(images.flatMap((image) => image.tags)).size, TAGS);
    assert.ok(images.every(({ state }) => state === "admitted"));
    assert.equal(scanning.scanner.health[0]?.unread, 0);
    assert.equal(scanning.choices.snapshot.document("ml")?.digest, digests.at(-1));

    const head = scanning.catalogue.head.sequence;
    // The current image is looked up, and what has its daily turn just now.
    const again = (await scanning.scan()) - TAGS / PAGE;
    assert.ok(again >= 1 && again < 50, `${again} tags looked up again`);
    assert.equal(scanning.catalogue.head.sequence, head);
  },
);

/** Has a tag name an image on the registry's disk, as a push of it does. */
async function link({ folder }: DockerRegistry, tag: string, digest: string): Promise<void> {
  const path = join(folder, "repositories", "team", "executor-ml", "_manifests", "tags", tag, "current");
  await mkdir(path, { recursive: true });
  await writeFile(join(path, "link"), digest);
}
