import { z } from "zod";
import { type ArtifactPlace, artifactPlace } from "./artifact-registry-place.ts";
import { createGoogleApi, type GoogleApiOptions } from "./google-api.ts";
import { tokenPages } from "../token-pages.ts";

/** An image as Artifact Registry lists it. It gives no labels; its sizes and platforms come with them, from the registry. */
const DockerImage = z.object({
  uri: z.string().regex(/@sha(?:256:[0-9a-f]{64}|512:[0-9a-f]{128})$/, "names no image by its digest"),
  tags: z.array(z.string()).default([]),
  uploadTime: z.string().optional(),
});
type DockerImage = z.output<typeof DockerImage>;

const Images = z.object({ dockerImages: z.array(DockerImage).default([]), nextPageToken: z.string().optional() });
const Repositories = z.object({
  repositories: z.array(z.object({ name: z.string(), format: z.string().default("") })).default([]),
  nextPageToken: z.string().optional(),
});

/** The two lists that are needed. Each throws RegistryErrors that say what to do. */
export interface ArtifactRegistryApi {
  /** Requests so far. */
  readonly requests: number;
  /** See ImageSource. */
  readonly clockOffset: number | undefined;
  /** Artifact Registry's repositories of Docker images in a location. */
  repositories(location: string, signal: AbortSignal): AsyncIterable<readonly ArtifactPlace[]>;
  /** Every image of one of them. @throws code `not-found` when there is no such repository */
  images(place: ArtifactPlace, signal: AbortSignal): AsyncIterable<readonly DockerImage[]>;
}

/** The most that Artifact Registry allows. */
const PAGE = "1000";

export interface ArtifactRegistryApiOptions extends Omit<GoogleApiOptions, "advice"> {
  readonly project: string;
}

/** @see https://cloud.google.com/artifact-registry/docs/reference/rest/v1/projects.locations.repositories.dockerImages/list */
export function createArtifactRegistryApi({ project, ...options }: ArtifactRegistryApiOptions): ArtifactRegistryApi {
  const advice = `Grant the service account roles/artifactregistry.reader on the project ${project} or its repositories`;
  const api = createGoogleApi({ ...options, advice });
  const { host } = new URL(options.endpoint);
  const parent = (location: string): string => `projects/${project}/locations/${location}/repositories`;
  const query = (pageToken: string | undefined) => ({ pageSize: PAGE, ...(pageToken !== undefined && { pageToken }) });

  return {
    get requests() {
      return api.requests;
    },
    get clockOffset() {
      return api.clockOffset;
    },
    repositories(location, signal) {
      const place = { host, repository: parent(location) };
      return tokenPages(async (token) => {
        const path = `/v1/${parent(location)}`;
        const answer = await api.get(path, query(token), Repositories, place, signal);
        const items = answer.repositories
          .filter(({ format }) => format === "DOCKER")
          .map(({ name }) => artifactPlace(project, location, name.slice(name.lastIndexOf("/") + 1)));
        return { items, next: answer.nextPageToken };
      }, place);
    },
    images({ location, repository }, signal) {
      const name = `${parent(location)}/${repository}`;
      const place = { host, repository: name };
      return tokenPages(async (token) => {
        const answer = await api.get(`/v1/${name}/dockerImages`, query(token), Images, place, signal);
        return { items: answer.dockerImages, next: answer.nextPageToken };
      }, place);
    },
  };
}
