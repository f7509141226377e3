import { type Digest, type Repository, tryParseReference } from "@executor-registry/resolver";
import { repositoryPattern } from "../../model/repository-pattern.ts";

/** Where an image is in Artifact Registry: which of its repositories, and at which host that is read. */
export interface ArtifactPlace {
  readonly location: string;
  /** Artifact Registry's own repository, which holds many images: `executors`, or `eu.gcr.io`. */
  readonly repository: string;
  /** In references: `europe-docker.pkg.dev`, or `eu.gcr.io`. */
  readonly host: string;
  /** What all its images' paths at that host begin with: `project/executors`, or `project` alone. */
  readonly prefix: string;
}

/**
 * Container Registry's hosts are repositories of Artifact Registry now.
 * @see https://cloud.google.com/artifact-registry/docs/transition/setup-gcr-repo
 */
const LEGACY: ReadonlyMap<string, string> = new Map([
  ["gcr.io", "us"],
  ["us.gcr.io", "us"],
  ["eu.gcr.io", "europe"],
  ["asia.gcr.io", "asia"],
]);

/** A project as references have it: `example.com:acme` is `example.com/acme`. */
const pathOfProject = (project: string): string => project.replace(":", "/");

export function artifactPlace(project: string, location: string, repository: string): ArtifactPlace {
  const path = pathOfProject(project);
  if (LEGACY.get(repository) === location) return { location, repository, host: repository, prefix: path };
  return { location, repository, host: `${location}-docker.pkg.dev`, prefix: `${path}/${repository}` };
}

/** The hosts of a location. */
export function hostsOf(location: string): readonly string[] {
  const legacy = [...LEGACY].filter(([, of]) => of === location).map(([host]) => host);
  return [`${location}-docker.pkg.dev`, ...legacy];
}

/** The place of a repository of a project, if it is any of these locations'. */
export function placeOf(
  project: string,
  locations: readonly string[],
  { registry: host, path }: Repository,
): ArtifactPlace | undefined {
  const within = `${pathOfProject(project)}/`;
  if (!path.startsWith(within)) return undefined;
  const rest = path.slice(within.length).split("/");
  const legacy = LEGACY.get(host);
  if (legacy !== undefined) return locations.includes(legacy) ? artifactPlace(project, legacy, host) : undefined;
  const location = locations.find((one) => host === `${one}-docker.pkg.dev`);
  const [repository = ""] = rest;
  if (location === undefined || rest.length < 2 || LEGACY.get(repository) === location) return undefined;
  return artifactPlace(project, location, repository);
}

/**
 * The image that Artifact Registry gives a `uri`: its repository's path at the place's host, and its digest.
 * @param uri `europe-docker.pkg.dev/project/executors/executor-ml@sha256:…`; of a legacy host either form
 * @returns `undefined` where it is of another place
 */
export function imageAt(
  uri: string,
  project: string,
  place: ArtifactPlace,
): { readonly path: string; readonly digest?: Digest } | undefined {
  const { registry, repository: path = "", digest } = tryParseReference(uri.replaceAll("%2F", "/")) ?? {};
  const named = digest && { digest };
  const stored = `${pathOfProject(project)}/${place.repository}/`;
  if (registry === `${place.location}-docker.pkg.dev` && path.startsWith(stored)) {
    return { path: `${place.prefix}/${path.slice(stored.length)}`, ...named };
  }
  return registry === place.host && path.startsWith(`${place.prefix}/`) ? { path, ...named } : undefined;
}

/** Whether a repository whose path begins with these segments can match a pattern: others need not be listed. */
export function mayMatch(pattern: string, prefix: string): boolean {
  const wanted = pattern.split("/");
  const given = prefix.split("/");
  const open = wanted.indexOf("**");
  if (open < 0 && wanted.length <= given.length) return false;
  const compared = open < 0 ? given.length : Math.min(open, given.length);
  return compared === 0 || repositoryPattern(wanted.slice(0, compared).join("/"))(given.slice(0, compared).join("/"));
}
