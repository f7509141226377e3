import type { Digest } from "./digest.ts";
import { isPathComponent, MAX_NAME_CHARS } from "./scan.ts";

/** Where the images of one name are. A value: those with the same {@link Repository.name} are the same. */
export interface Repository {
  /** Host, with port if given: `docker.io`. */
  readonly registry: string;
  /** Path below the registry: `library/executor-ml`. */
  readonly path: string;
  /** `docker.io/library/executor-ml`: canonical, without tag and digest. */
  readonly name: string;
}

/** Not checked: what foreign text names is parsed as a reference first. @param registry host, with port if it has one */
export const repositoryAt = (registry: string, path: string): Repository => ({
  registry,
  path,
  name: `${registry}/${path}`,
});

/** The repository of a reference. */
export const repositoryOf = (reference: { readonly registry: string; readonly repository: string }): Repository =>
  repositoryAt(reference.registry, reference.repository);

/** The repository of a {@link Repository.name} that was kept as text. Not checked, since it was when it was made. */
export function repositoryNamed(name: string): Repository {
  const slash = name.indexOf("/");
  return { registry: name.slice(0, slash), path: name.slice(slash + 1), name };
}

/**
 * Whether references can name this path within a registry. What they cannot name could reach beyond the registry's API.
 * @param registry host, with port if it has one, since the limit is that of the whole name; empty where it is not known
 */
export const isRepositoryPath = (path: string, registry: string): boolean =>
  registry.length + 1 + path.length <= MAX_NAME_CHARS && path.split("/").every(isPathComponent);

/** `docker.io/library/executor-ml:1.0`, which is a reference if the tag is one. */
export const taggedName = ({ name }: Repository, tag: string): string => `${name}:${tag}`;

/** `docker.io/library/executor-ml@sha256:…` */
export const pinnedName = ({ name }: Repository, digest: Digest): string => `${name}@${digest}`;
