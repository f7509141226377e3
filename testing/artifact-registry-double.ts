import { randomUUID } from "node:crypto";
import type { ServerResponse } from "node:http";
import type { BlobDescriptor, ImageOptions } from "./images.ts";
import { type ReceivedRequest, startLoopbackServer } from "./loopback-server.ts";
import { pushImage } from "./push.ts";
import { type Canned, startRegistryProxy } from "./registry-proxy.ts";

export const GOOGLE_PROJECT = "acme";

/** An image as `dockerImages.list` shows it. */
export interface ArtifactImage {
  /** Below Artifact Registry's repository: `executor-ml`, `team/executor-ml`. */
  readonly name: string;
  readonly digest: string;
  readonly tags?: readonly string[];
  readonly uploaded?: Date;
}

/** Speaks Artifact Registry's REST for one project, and as its registries for every host at one address. */
export interface ArtifactRegistryDouble extends AsyncDisposable {
  readonly endpoint: string;
  /** Where all its registries answer requests with a token; plain HTTP. */
  readonly registryHost: string;
  /** The access token that is good now. */
  readonly token: string;
  /** Makes another token the good one. */
  renewToken(): void;
  /** Path and query of every request, in order. */
  readonly requests: readonly string[];
  /** Declares what a repository holds; `undefined` deletes it. @param format @default "DOCKER" */
  set(location: string, repository: string, images: readonly ArtifactImage[] | undefined, format?: string): void;
  /** Pushes an image to the registry behind, and declares it with those that are there. */
  push(location: string, repository: string, image: string, tag: string, options?: Push): Promise<BlobDescriptor>;
  /** The next requests whose path matches are answered so. @param times @default 1 */
  answerNext(match: RegExp, answer: Canned, times?: number): void;
}

type Push = ImageOptions & { readonly uploaded?: Date };

const LISTS = /^\/v1\/projects\/acme\/locations\/([a-z0-9-]+)\/repositories(?:\/([a-z0-9.-]+)\/dockerImages)?$/;
const LEGACY = /^(?:[a-z]+\.)?gcr\.io$/;

/**
 * @param registry whose manifests and blobs are served
 * @see https://cloud.google.com/artifact-registry/docs/reference/rest
 */
export async function startArtifactRegistryDouble(registry?: {
  readonly url: string;
}): Promise<ArtifactRegistryDouble> {
  const places = new Map<string, { readonly format: string; readonly images: readonly ArtifactImage[] }>();
  const canned: { readonly match: RegExp; readonly answer: Canned; left: number }[] = [];
  let token = randomUUID();

  const proxy = await startRegistryProxy(registry?.url);
  proxy.intercept(({ headers }, response) => {
    const expected = `Basic ${Buffer.from(`oauth2accesstoken:${token}`).toString("base64")}`;
    if (headers.authorization === expected) {
      delete headers.authorization;
      return false;
    }
    response.writeHead(401, { "www-authenticate": 'Basic realm="artifacts"' }).end();
    return true;
  });

  const server = await startLoopbackServer(({ method, path, headers }: ReceivedRequest, response) => {
    const url = new URL(path, "http://double");
    const prepared = canned.find(({ match, left }) => left > 0 && match.test(path));
    if (prepared) {
      prepared.left -= 1;
      return void response.writeHead(prepared.answer.status, prepared.answer.headers).end(prepared.answer.body);
    }
    if (headers.authorization !== `Bearer ${token}`) return refuse(response, 401, "UNAUTHENTICATED");
    const [, location = "", repository] = LISTS.exec(url.pathname) ?? [];
    const size = Number(url.searchParams.get("pageSize") ?? 100);
    if (method !== "GET" || size > 1000) return refuse(response, 400, "INVALID_ARGUMENT");
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    const page = (all: readonly object[], member: string): void => {
      // Empty lists are left out, as Google's JSON has it.
      const items = all.slice(from, from + size);
      const nextPageToken = from + size < all.length ? String(from + size) : undefined;
      json(response, 200, { ...(items.length > 0 && { [member]: items }), nextPageToken });
    };
    if (location === "") return refuse(response, 404, "NOT_FOUND");
    const parent = `projects/${GOOGLE_PROJECT}/locations/${location}/repositories`;
    if (repository === undefined) {
      const here = [...places].filter(([key]) => key.startsWith(`${location}/`));
      const described = here.map(([key, { format }]) => ({ name: `${parent}/${key.split("/")[1]}`, format }));
      return page(described, "repositories");
    }
    const held = places.get(`${location}/${repository}`);
    if (!held) return refuse(response, 404, "NOT_FOUND");
    const uri = `${location}-docker.pkg.dev/${GOOGLE_PROJECT}/${repository}`;
    page(
      held.images.map(({ name, digest, tags, uploaded }) => ({
        name: `${parent}/${repository}/dockerImages/${encodeURIComponent(name)}@${digest}`,
        uri: `${uri}/${name}@${digest}`,
        ...(tags && { tags }),
        imageSizeBytes: "9007199254740993",
        ...(uploaded && { uploadTime: uploaded.toISOString().replace("Z", "123Z") }),
        mediaType: "application/vnd.oci.image.manifest.v1+json",
      })),
      "dockerImages",
    );
  });

  const set: ArtifactRegistryDouble["set"] = (location, repository, images, format = "DOCKER") => {
    if (images) places.set(`${location}/${repository}`, { format, images });
    else places.delete(`${location}/${repository}`);
  };
  return {
    endpoint: server.url,
    registryHost: proxy.host,
    get token() {
      return token;
    },
    renewToken: () => void (token = randomUUID()),
    get requests() {
      return server.received.map(({ path }) => path);
    },
    set,
    async push(location, repository, name, tag, { uploaded, ...image } = {}) {
      if (!registry) throw new Error("this double has no registry behind it");
      const prefix = LEGACY.test(repository) ? GOOGLE_PROJECT : `${GOOGLE_PROJECT}/${repository}`;
      const pushed = await pushImage(registry, `${prefix}/${name}`, tag, image);
      const before = places.get(`${location}/${repository}`)?.images ?? [];
      const others = before.map((one) =>
        one.name === name ? { ...one, tags: (one.tags ?? []).filter((other) => other !== tag) } : one,
      );
      set(location, repository, [
        ...others,
        { name, digest: pushed.digest, tags: [tag], ...(uploaded && { uploaded }) },
      ]);
      return pushed;
    },
    answerNext: (match, answer, times = 1) => void canned.push({ match, answer, left: times }),
    async [Symbol.asyncDispose]() {
      await server[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
    },
  };
}

function refuse(response: ServerResponse, code: number, status: string): void {
  json(response, code, { error: { code, message: "no", status } });
}

function json(response: ServerResponse, status: number, body: object): void {
  // Google's JSON is indented.
  response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body, undefined, 2));
}
