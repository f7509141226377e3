export const OCI_INDEX = "application/vnd.oci.image.index.v1+json";
export const OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json";
const DOCKER_LIST = "application/vnd.docker.distribution.manifest.list.v2+json";
const DOCKER_MANIFEST = "application/vnd.docker.distribution.manifest.v2+json";

const INDEXES: ReadonlySet<string> = new Set([OCI_INDEX, DOCKER_LIST]);
const MANIFESTS: ReadonlySet<string> = new Set([OCI_MANIFEST, DOCKER_MANIFEST]);
/** Of a configuration that says nothing. */
export const OCI_EMPTY = "application/vnd.oci.empty.v1+json";
export const OCI_CONFIG = "application/vnd.oci.image.config.v1+json";
const CONFIGS: ReadonlySet<string> = new Set([OCI_CONFIG, "application/vnd.docker.container.image.v1+json"]);

/** All four: without one of them registries answer 404, or silently another manifest. */
export const ACCEPT_MANIFESTS = [...INDEXES, ...MANIFESTS].join(", ");

export const isIndexType = (type: string): boolean => INDEXES.has(type);
export const isImageType = (type: string): boolean => MANIFESTS.has(type);
export const isConfigType = (type: string): boolean => CONFIGS.has(type);
/** Whether a layer may be a file system. Tools name compressions of their own behind the prefixes. */
export const isFileSystemType = (type: string): boolean =>
  /^application\/(?:vnd\.oci\.image\.layer\.|vnd\.docker\.image\.rootfs\.|(?:x-)?(?:tar|gzip)\b)/.test(type) ||
  isGeneralType(type) ||
  type === "";

/** What servers declare for files that they do not know: no contradiction to what the file says itself. */
const GENERAL: ReadonlySet<string> = new Set([
  "text/plain",
  "application/json",
  "application/octet-stream",
  "binary/octet-stream",
]);
export const isGeneralType = (type: string): boolean => GENERAL.has(type);

/** A `Content-Type` without its parameters, lower-cased; `undefined` where there is none. */
export function essence(contentType: string | undefined): string | undefined {
  return contentType?.split(";")[0]?.trim().toLowerCase() || undefined;
}
