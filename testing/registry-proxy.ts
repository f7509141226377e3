import { once } from "node:events";
import { createServer, type IncomingMessage, request as requestHttp, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/**
 * A proxy before a real registry that does what Debian's does not: pages, throttles, redirects, lies, breaks.
 * A function that answers a request returns `true`; what none answers goes to the registry.
 */
export interface RegistryProxy extends AsyncDisposable {
  /** `127.0.0.1:PORT` */
  readonly host: string;
  /** `http://127.0.0.1:PORT` */
  readonly url: string;
  /** Method and path with query of every request, in order: `GET /v2/`. */
  readonly requests: readonly RecordedRequest[];
  /** What answers instead of the registry; the last one set goes first. @returns how to take it away */
  intercept(answer: Intercept): () => void;
  /** The next `times` requests that match are answered so. @default 1 */
  answerNext(match: RegExp, answer: Canned, times?: number): void;
}

interface RecordedRequest {
  /** `GET /v2/team/executor-ml/tags/list?n=1000` */
  readonly line: string;
  readonly headers: IncomingMessage["headers"];
}

export type Intercept = (request: IncomingMessage, response: ServerResponse) => boolean | Promise<boolean>;

/** A whole answer. */
export interface Canned {
  readonly status: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** @param upstream `http://host:port` of the registry; without one, other requests are answered 404 */
export async function startRegistryProxy(upstream?: string): Promise<RegistryProxy> {
  const intercepts: Intercept[] = [];
  const requests: RecordedRequest[] = [];
  const server = createServer((request, response) => {
    requests.push({ line: `${request.method} ${request.url}`, headers: request.headers });
    const answer = async (): Promise<void> => {
      for (const intercept of intercepts.toReversed()) if (await intercept(request, response)) return;
      if (upstream === undefined) response.writeHead(404).end();
      else pass(upstream, request, response);
    };
    answer().catch((error: unknown) => response.destroy(error as Error));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const host = `127.0.0.1:${(server.address() as AddressInfo).port}`;
  const intercept = (answer: Intercept): (() => void) => {
    intercepts.push(answer);
    return () => void intercepts.splice(intercepts.indexOf(answer), 1);
  };
  return {
    host,
    url: `http://${host}`,
    requests,
    intercept,
    answerNext(match, { status, headers, body }, times = 1) {
      let left = times;
      intercept((request, response) => {
        if (left === 0 || !match.test(`${request.method} ${request.url}`)) return false;
        left -= 1;
        response.writeHead(status, headers).end(body);
        return true;
      });
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
}

function pass(upstream: string, request: IncomingMessage, response: ServerResponse): void {
  const { method, headers, url = "/" } = request;
  const onward = requestHttp(new URL(url, upstream), { method: method ?? "GET", headers }, (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.headers);
    answer.pipe(response);
  });
  onward.on("error", () => response.destroy());
  request.pipe(onward);
}

/** Lists tags in pages of at most `size`, with `Link`, as later registries do. Reads the registry's one long page. */
export function pagedTags(upstream: string, size: number): Intercept {
  return async (request, response) => {
    const url = new URL(request.url ?? "", upstream);
    if (request.method !== "GET" || !url.pathname.endsWith("/tags/list")) return false;
    const whole = await fetch(new URL(url.pathname, upstream), {
      headers: { authorization: request.headers.authorization ?? "" },
    });
    if (!whole.ok) return false;
    const { name, tags } = (await whole.json()) as { name: string; tags: string[] | null };
    return sendPage(response, url, size, tags ?? [], (page) => ({ name, tags: page }));
  };
}

/** One page of a sorted list, by `n` and `last`. */
export function sendPage(
  response: ServerResponse,
  url: URL,
  size: number,
  all: readonly string[],
  body: (page: readonly string[]) => object,
): true {
  const n = Math.min(size, Number(url.searchParams.get("n") ?? size));
  const last = url.searchParams.get("last") ?? "";
  const rest = all.toSorted().filter((one) => one > last);
  const page = rest.slice(0, n);
  const next = `${url.pathname}?n=${n}&last=${encodeURIComponent(page.at(-1) ?? "")}`;
  response.writeHead(200, {
    "content-type": "application/json",
    ...(rest.length > n && { link: `<${next}>; rel="next"` }),
  });
  response.end(JSON.stringify(body(page)));
  return true;
}
