import { join } from "node:path";
import { type Digest, type Repository, repositoryOf, taggedName, tryParseReference } from "@executor-registry/resolver";
import { readRegularFile } from "@executor-registry/resolver/internal";
import { OCI_INDEX } from "../../model/media-types.ts";
import { digestLike, verify } from "../../oci/read/blob.ts";
import { parseManifest } from "../../oci/read/manifest.ts";
import type { Descriptor, Manifest } from "../../oci/read/registry.ts";
import type { RepositoryReader } from "../../oci/read/repository-reader.ts";
import { type Place, RegistryError } from "../../oci/wire/errors.ts";
import { MANIFEST_LIMIT } from "../../oci/wire/limits.ts";

const REF_NAME = "org.opencontainers.image.ref.name";

/** Reads a layout's blobs. It keeps no repositories apart: each reader reads all of it. @param folder of the layout */
export function layoutReader(folder: string, { registry: host, path: repository }: Repository): RepositoryReader {
  const place: Place = { host, repository };
  const read = async (what: string, file: string, limit: number): Promise<Uint8Array> => {
    try {
      return await readRegularFile(join(folder, file), limit);
    } catch (cause) {
      const missing = (cause as NodeJS.ErrnoException).code === "ENOENT";
      const code = missing ? "not-found" : cause instanceof RangeError ? "too-large" : "unreachable";
      const why = missing ? "it is not there" : cause instanceof Error ? cause.message : String(cause);
      throw new RegistryError(code, `${what} of the layout ${folder} cannot be read: ${why}`, place, { cause });
    }
  };
  const blob = async (digest: Digest, limit: number): Promise<Uint8Array> => {
    const [algorithm = "", hex = ""] = digest.split(":");
    const bytes = await read(`blob ${digest}`, join("blobs", algorithm, hex), limit);
    verify(`blob ${digest}`, digest, bytes, place);
    return bytes;
  };
  const manifest = async (digest: Digest): Promise<Manifest> =>
    parseManifest(await blob(digest, MANIFEST_LIMIT), undefined, digest, place);
  const index = async (): Promise<readonly Descriptor[]> => {
    const bytes = await read("index.json", "index.json", MANIFEST_LIMIT);
    const parsed = parseManifest(bytes, OCI_INDEX, digestLike(undefined, bytes), place);
    return parsed.form === "index" ? parsed.manifests : [];
  };
  return {
    async manifest(digest, signal) {
      signal.throwIfAborted();
      return manifest(digest);
    },
    async tagged(tag, signal) {
      signal.throwIfAborted();
      const meant = `${host}/${repository}:${tag}`;
      const named = (await index()).find(({ annotations: { [REF_NAME]: name = "" } }) => {
        const reference = name === tag ? undefined : tryParseReference(name);
        return (
          name === tag ||
          (reference !== undefined && taggedName(repositoryOf(reference), reference.tag ?? "latest") === meant)
        );
      });
      if (named === undefined) throw new RegistryError("not-found", `the layout ${folder} has no tag ${tag}`, place);
      return manifest(named.digest);
    },
    async blob(digest, limit, signal) {
      signal.throwIfAborted();
      return blob(digest, limit);
    },
    /** What the layout's index names, as tools copy it with an image. */
    async referrers(subject, artifactType, signal) {
      signal.throwIfAborted();
      const found: Descriptor[] = [];
      for (const descriptor of await index()) {
        signal.throwIfAborted();
        if (descriptor.digest === subject) continue;
        const one = await manifest(descriptor.digest);
        if (one.subject?.digest !== subject) continue;
        const type = one.artifactType ?? (one.form === "image" ? one.config.mediaType : undefined);
        found.push({ ...descriptor, annotations: one.annotations, ...(type !== undefined && { artifactType: type }) });
      }
      return artifactType === undefined ? found : found.filter((one) => one.artifactType === artifactType);
    },
  };
}
