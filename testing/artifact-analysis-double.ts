import { startLoopbackServer } from "./loopback-server.ts";
import type { Canned } from "./registry-proxy.ts";

/** An occurrence: its other members are of its kind. */
export interface ArtifactOccurrence {
  readonly kind: string;
  readonly [member: string]: unknown;
}

/** Google's Artifact Analysis, as its REST API shows occurrences. */
export interface ArtifactAnalysisDouble extends AsyncDisposable {
  readonly endpoint: string;
  readonly token: string;
  /** The filter of every request, in order. */
  readonly filters: readonly string[];
  /** Declares the occurrences of a resource, by its kind. */
  set(resourceUri: string, occurrences: readonly ArtifactOccurrence[]): void;
  /** The next requests are answered so. @param times @default 1 */
  answerNext(answer: Canned, times?: number): void;
  /** Pages have no end. */
  endless: boolean;
}

const FILTER = /^kind="([A-Z]+)" AND resourceUrl="([^"]+)"$/;

/** @see https://cloud.google.com/artifact-analysis/docs/reference/rest/v1/projects.occurrences/list */
export async function startArtifactAnalysisDouble(): Promise<ArtifactAnalysisDouble> {
  const resources = new Map<string, readonly ArtifactOccurrence[]>();
  const filters: string[] = [];
  const canned: Canned[] = [];
  const token = "of-the-service-account";
  const double = { endless: false };
  const server = await startLoopbackServer(({ path, headers }, response) => {
    const url = new URL(path, "http://double");
    const json = (status: number, body: object): void =>
      void response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
    const prepared = canned.shift();
    if (prepared) return void response.writeHead(prepared.status, prepared.headers).end(prepared.body);
    if (headers.authorization !== `Bearer ${token}`) return json(401, { error: { status: "UNAUTHENTICATED" } });
    const filter = url.searchParams.get("filter") ?? "";
    filters.push(filter);
    const [, kind, uri = ""] = FILTER.exec(filter) ?? [];
    if (url.pathname !== "/v1/projects/acme/occurrences" || kind === undefined || !uri.startsWith("https://"))
      return json(400, { error: { status: "INVALID_ARGUMENT" } });
    const size = Number(url.searchParams.get("pageSize") ?? 20);
    const from = Number(url.searchParams.get("pageToken") ?? 0);
    const all = (resources.get(uri) ?? []).filter((one) => one.kind === kind);
    const occurrences = all.slice(double.endless ? 0 : from, (double.endless ? 0 : from) + size);
    const more = double.endless || from + size < all.length;
    // Google leaves out what is empty.
    json(200, {
      ...(occurrences.length > 0 && { occurrences: occurrences.map((one) => ({ resourceUri: uri, ...one })) }),
      ...(more && { nextPageToken: String(from + size) }),
    });
  });
  return Object.assign(double, {
    endpoint: server.url,
    token,
    filters,
    set: (uri: string, occurrences: readonly ArtifactOccurrence[]) => void resources.set(uri, occurrences),
    answerNext: (answer: Canned, times = 1) => void canned.push(...Array.from({ length: times }, () => answer)),
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  });
}
