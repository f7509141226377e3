/** @see https://github.com/opencontainers/distribution-spec/blob/v1.1.1/spec.md#pulling-manifests */
const COMPONENT = /^[a-z0-9]+(?:(?:\.|_|__|-+)[a-z0-9]+)*$/;
/** Of a name with its host, by the reference grammar. */
const MOST = 255;

/**
 * Whether a path within a registry is one by the grammar. What is not could reach beyond the registry's API, and no reference can name it.
 * @param host `host[:port]`, since the limit is that of the whole name
 */
export function isRepositoryPath(path: string, host: string): boolean {
  return path.length + host.length < MOST && path.split("/").every((component) => COMPONENT.test(component));
}
