import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import type { Digest } from "@executor-registry/resolver";
import type { DockerRegistry } from "../testing/docker-registry.ts";
import { type ImageOptions, makeImage, sha256 } from "../testing/images.ts";

/** Images that are written at the same time: each has some files open. */
const AT_ONCE = 200;

/**
 * Writes an image straight into a registry's storage, as the registry itself lays it out: thousands of pushes would take
 * minutes. The registry serves, and its readers verify, the same bytes as after a push.
 * @see https://pkg.go.dev/github.com/docker/distribution/registry/storage
 */
async function storeImage(
  registry: DockerRegistry,
  repository: string,
  tag: string,
  options: ImageOptions,
): Promise<void> {
  const { manifest, blobs } = makeImage(options);
  const place = join(registry.folder, "repositories", repository);
  const revision = sha256(manifest);
  const link = (path: string, digest: Digest): Promise<void> => write(join(place, path, "link"), digest);
  const hex = (digest: Digest): string => digest.replace(":", "/");
  const bytesOf = (blob: Buffer): Promise<void> => {
    const [, digits = ""] = sha256(blob).split(":");
    return write(join(registry.folder, "blobs", "sha256", digits.slice(0, 2), digits, "data"), blob);
  };
  await Promise.all([
    ...[manifest, ...blobs.values()].map(bytesOf),
    ...[...blobs.keys()].map((digest) => link(join("_layers", hex(digest)), digest)),
    link(join("_manifests", "revisions", hex(revision)), revision),
    link(join("_manifests", "tags", tag, "current"), revision),
    link(join("_manifests", "tags", tag, "index", hex(revision)), revision),
  ]);
}

async function write(file: string, data: string | Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, data);
}

/** Each repository gets images tagged `1.0.0`, `1.0.1`, …, every one with a configuration of its own, a minute apart. */
export async function fill(registry: DockerRegistry, repositories: readonly string[], tags: number): Promise<void> {
  for (const repository of repositories) {
    for (let from = 0; from < tags; from += AT_ONCE) {
      const images = Array.from({ length: Math.min(AT_ONCE, tags - from) }, (_, index) =>
        storeImage(registry, repository, `1.0.${from + index}`, imageOptions(repository, from + index)),
      );
      await Promise.all(images);
    }
  }
}

/** Of one repository, the higher the newer. */
export function imageOptions(repository: string, index: number): ImageOptions {
  const created = new Date(Date.UTC(2026, 0, 1) + index * 60_000).toISOString();
  return { created, labels: { "bench.repository": repository, "bench.index": String(index) } };
}

/** `team/executor-000`, …: in a folder, so that a source names them with one pattern. */
export function names(folder: string, count: number, from = 0): readonly string[] {
  return Array.from({ length: count }, (_, index) => `${folder}/executor-${String(from + index).padStart(3, "0")}`);
}
