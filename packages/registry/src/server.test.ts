import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { SERVICE_OPERATIONS } from "@executor-registry/resolver/internal";
import { pino } from "pino";
import { writeLayout } from "../../../testing/images.ts";
import { untilDiscovered } from "../../../testing/until-discovered.ts";
import { parseConfig } from "./config/parse-config.ts";
import { type Service, startService } from "./supervisor/service.ts";

const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const log = pino({ level: "silent" });

describe("the API", () => {
  let folder: string;
  let service: Service;
  const get = (path: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(service.url + path, { headers });
  const json = async (path: string) => (await (await get(path)).json()) as Record<string, never>;

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "api-"));
    const labels = { "executor-registry.dev/capabilities": "cuda", "executor-registry.dev/owner": "ml-team" };
    await writeLayout(folder, {
      "registry.test/team/executor-ml:1.0.0": { created: "2026-11-01T00:00:00Z", labels },
      "registry.test/team/executor-ml:1.1.0": {
        created: "2026-11-02T00:00:00Z",
        labels,
        env: ["PYTHON_VERSION=3.12.4"],
      },
      "registry.test/team/executor-nlp:0.1.0": { created: "2026-11-02T00:00:00Z" },
    });
    const text = `
listen: {host: 127.0.0.1, port: 0}
sources: [{name: examples, kind: oci-layout, path: ${folder}}]
auth:
  tokens:
    - {name: jobs, role: dispatcher, sha256: ${sha256("jobs-token")}}
    - {name: page, role: reader, sha256: ${sha256("page-token")}}
`;
    service = await startService({ config: parseConfig(text, "test.yaml"), log });
    const headers = { authorization: "Bearer jobs-token" };
    await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST", headers });
    await untilDiscovered(service.url);
  });
  after(async () => {
    await service.close();
    await rm(folder, { recursive: true });
  });

  test("GET /executors/{type} is the resolution, pinned to a digest", async () => {
    const response = await get("/executors/ml");
    assert.equal(response.status, 200);
    const body = (await response.json()) as Record<string, unknown>;
    assert.match(String(body["image"]), /^registry\.test\/team\/executor-ml@sha256:[0-9a-f]{64}$/);
    assert.deepEqual(
      [body["version"], body["capabilities"], body["owner"]],
      ["1.1.0", ["amd64", "cuda", "python"], "ml-team"],
    );
    assert.equal(body["validated"], true);
    for (const time of ["added", "validatedAt"]) assert.ok(!Number.isNaN(Date.parse(String(body[time]))), time);
  });

  test("GET /executors is an object keyed by type; by capability, and in pages", async () => {
    assert.deepEqual(Object.keys(await json("/executors")), ["ml", "nlp"]);
    assert.deepEqual(Object.keys(await json("/executors?capability=cuda")), ["ml"]);
    assert.deepEqual(await json("/executors?capability=none"), {});
    for (const [query, types] of [
      ["capability=python", ["ml"]],
      ["capability=amd64", ["ml", "nlp"]],
      ["capability=cuda&capability=python>=3.12", ["ml"]],
      ["capability=python%3E3.11", ["ml"]],
      ["capability=python>=3.13", []],
      ["capability=python&capability=spark", []],
      ["capability=cuda>=1", []],
    ] as const) {
      assert.deepEqual(Object.keys(await json(`/executors?${query}`)), types, query);
    }
    const second = await get("/executors?capability=amd64&capability=amd64&limit=1");
    assert.match(second.headers.get("link") ?? "", /\?capability=amd64&capability=amd64&limit=1&after=ml>/);
    for (const query of ["capability=", "capability=a,b", "capability=cuda>x", `capability=${"a".repeat(200)}`])
      assert.equal((await get(`/executors?${query}`)).status, 400, query);
    const first = await get("/executors?limit=1");
    assert.deepEqual(Object.keys((await first.json()) as object), ["ml"]);
    const [, next = ""] = /<(.*)>; rel="next"/.exec(first.headers.get("link") ?? "") ?? [];
    const last = await get(next);
    assert.deepEqual([Object.keys((await last.json()) as object), last.headers.get("link")], [["nlp"], null]);
  });

  test("who wants some members only gets these, in one answer, in the list and on its pages", async () => {
    const { image, version } = await json("/executors/ml");
    assert.deepEqual(await json("/executors/ml?fields=version,image"), { image, version });
    const page = await get("/executors?fields=version&limit=1");
    assert.deepEqual(await page.json(), { ml: { version } });
    assert.match(page.headers.get("link") ?? "", /fields=version&limit=1&after=ml/);
  });

  test("a reader that has the answer already gets 304, from the quick path and from the routes alike", async () => {
    for (const path of ["/executors/ml", "/executors/ml?subject=run-1", "/executors"]) {
      const response = await get(path);
      const etag = response.headers.get("etag") ?? "";
      assert.match(etag, /^"[\w-]+"$/, path);
      assert.equal(response.headers.get("cache-control"), "no-cache", path);
      await response.arrayBuffer();
      for (const known of [etag, `"other", ${etag}`, `W/${etag}`]) {
        const again = await get(path, { "if-none-match": known });
        assert.deepEqual([again.status, again.headers.get("etag"), await again.text()], [304, etag, ""], path);
      }
      assert.equal((await get(path, { "if-none-match": '"other"' })).status, 200, path);
    }
  });

  test("a subject changes nothing yet, and the answer says so", async () => {
    const [plain, subject] = [await get("/executors/ml"), await get("/executors/ml?subject=run-1")];
    assert.equal(subject.headers.get("x-executor-subject"), "ignored");
    assert.equal(await subject.text(), await plain.text());
  });

  test("an unknown type is a problem with near misses", async () => {
    const response = await get("/executors/mll");
    assert.deepEqual(
      [response.status, response.headers.get("content-type")],
      [404, "application/problem+json; charset=utf-8"],
    );
    const problem = (await response.json()) as Record<string, unknown>;
    assert.deepEqual(
      [problem["code"], problem["nearMisses"], problem["knownTypes"]],
      ["unknown-type", ["ml"], ["ml", "nlp"]],
    );
  });

  test("bad input is a 400 that names the parameter", async () => {
    for (const [path, named] of [
      ["/executors/NOT-A-TYPE", "type"],
      ["/executors?limit=0", "limit"],
      ["/executors?capabilty=cuda", "capabilty"],
      ["/executors/ml?fields=image,colour", "fields"],
      ["/executors/ml/versions?state=odd", "state"],
      ["/journal?from=yesterday", "from"],
    ] as const) {
      const response = await get(path);
      const { detail, code } = (await response.json()) as { detail: string; code: string };
      assert.deepEqual([response.status, code], [400, "invalid-request"], path);
      assert.ok(detail.includes(named), detail);
    }
    assert.equal((await get("/nowhere")).status, 404);
    assert.equal((await get("/executors/%E0%A4%A")).status, 400);
  });

  test("versions are listed newest first, with their verdicts, in pages", async () => {
    const body = (await json("/executors/ml/versions")) as unknown as {
      total: number;
      versions: { version: string; current: boolean; verdicts: { state: string }[] }[];
    };
    assert.deepEqual(
      body.versions.map(({ version, current }) => [version, current]),
      [
        ["1.1.0", true],
        ["1.0.0", false],
      ],
    );
    assert.equal(body.versions[0]?.verdicts[0]?.state, "passed");
    const page = await get("/executors/ml/versions?limit=1&offset=1");
    const { versions } = (await page.json()) as { versions: { version: string }[] };
    assert.deepEqual([versions.map(({ version }) => version), page.headers.get("link")], [["1.0.0"], null]);
  });

  test("the journal is listed newest first, filtered, page by page, as one chain", async () => {
    const entries: { sequence: number; hash: string; previous: string; change: { kind: string; type: string } }[] = [];
    let next: string | undefined = "/journal?type=ml&limit=1";
    while (next !== undefined) {
      const response: Response = await get(next);
      entries.push(...((await response.json()) as { entries: typeof entries }).entries);
      next = /<(.*)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    }
    assert.deepEqual(entries.map(({ change: { kind } }) => kind).sort(), [
      "capabilities-found",
      "image-found",
      "image-found",
      "type-claimed",
      "version-served",
    ]);
    assert.ok(entries.every(({ change }) => change.type === "ml"));
    const all = ((await json("/journal")) as unknown as { entries: typeof entries }).entries.reverse();
    for (const [index, { previous }] of all.entries()) assert.equal(previous, all[index - 1]?.hash ?? "0".repeat(64));
  });

  test("the journal is listed in the order of writing after an entry, and filtered by repository and digest", async () => {
    type Entries = { entries: { sequence: number; change: { repository?: string; digest?: string } }[] };
    const all = ((await json("/journal?after=0")) as unknown as Entries).entries;
    assert.deepEqual(
      all.map(({ sequence }) => sequence),
      all.map((_, at) => at + 1),
    );
    const read: number[] = [];
    let next: string | undefined = "/journal?after=1&limit=2";
    while (next !== undefined) {
      const response: Response = await get(next);
      read.push(...((await response.json()) as Entries).entries.map(({ sequence }) => sequence));
      next = /<(.*)>; rel="next"/.exec(response.headers.get("link") ?? "")?.[1];
    }
    assert.deepEqual(
      read,
      all.slice(1).map(({ sequence }) => sequence),
    );
    const { repository = "", digest = "" } = all.find(({ change }) => change.digest !== undefined)?.change ?? {};
    const query = new URLSearchParams({ repository, digest }).toString();
    const { entries } = (await json(`/journal?${query}`)) as unknown as Entries;
    assert.ok(entries.length > 0 && entries.length < all.length);
    for (const { change } of entries) assert.deepEqual([change.repository, change.digest], [repository, digest]);
  });

  test("the journal is exported as NDJSON and CSV, whole or filtered, by parameter and by header", async () => {
    const all = ((await json("/journal?after=0")) as unknown as { entries: { change: { type?: string } }[] }).entries;
    const accepting = (accept: string) => fetch(`${service.url}/journal`, { headers: { accept } });
    for (const response of [await get("/journal?format=ndjson"), await accepting("application/x-ndjson")]) {
      assert.equal(response.headers.get("content-type"), "application/x-ndjson");
      const text = await response.text();
      assert.deepEqual(
        text
          .trimEnd()
          .split("\n")
          .map((line) => JSON.parse(line) as unknown),
        all,
      );
    }
    for (const response of [await get("/journal?format=csv&type=ml&limit=2"), await accepting("text/csv")]) {
      assert.match(response.headers.get("content-type") ?? "", /^text\/csv/);
      const lines = (await response.text()).trimEnd().split("\r\n");
      assert.match(lines[0] ?? "", /^sequence,at,actor/);
      assert.equal(lines.length, 1 + (response.url.includes("limit") ? 2 : all.length));
    }
    const browser = await accepting("text/html,application/json;q=0.9,text/csv;q=0.8");
    assert.match(browser.headers.get("content-type") ?? "", /^application\/json/);
    await browser.arrayBuffer();
    const head = await fetch(`${service.url}/journal?format=csv`, { method: "HEAD" });
    assert.deepEqual([head.status, head.headers.get("content-disposition")], [200, "attachment; filename=journal.csv"]);
    assert.equal((await get("/journal?format=xml")).status, 400);
  });

  test("refreshing needs a dispatcher; a reader and nobody are refused", async () => {
    const refresh = async (headers: Record<string, string>): Promise<[number, string | null]> => {
      const response = await fetch(`${service.url}/executors/refresh`, { method: "POST", headers });
      await response.arrayBuffer();
      return [response.status, response.headers.get("www-authenticate")];
    };
    assert.deepEqual(await refresh({}), [401, "Bearer"]);
    assert.deepEqual(await refresh({ authorization: "Bearer wrong" }), [401, "Bearer"]);
    assert.deepEqual(await refresh({ authorization: "Bearer page-token" }), [403, null]);
    assert.deepEqual(await refresh({ authorization: "Bearer jobs-token" }), [202, null]);
  });

  test("GET /health tells of each source; the kubelet's probes are content", async () => {
    const health = (await json("/health")) as unknown as {
      status: string;
      executors: number;
      sources: { name: string; state: string }[];
    };
    assert.deepEqual([health.status, health.executors], ["ok", 2]);
    assert.deepEqual(
      health.sources.map(({ name, state }) => [name, state]),
      [["examples", "ready"]],
    );
    assert.deepEqual([(await get("/livez")).status, (await get("/readyz")).status], [200, 200]);
  });

  test("the parsers of its clients take every document as it is sent", async () => {
    const { getExecutor, listExecutors, listVersions, refresh, listJournal, health } = SERVICE_OPERATIONS;
    const ml = { type: "ml" };
    const [executors, executor] = [await json("/executors"), await json("/executors/ml")];
    const { documents, unreadable } = listExecutors.parse(executors, {});
    assert.deepEqual([Object.fromEntries(documents), unreadable.size], [executors, 0]);
    assert.deepEqual(getExecutor.parse(executor, ml), executor);
    for (const [path, parse] of [
      ["/executors/ml/versions", (body: unknown) => listVersions.parse(body, ml)],
      ["/journal", (body: unknown) => listJournal.parse(body, {})],
      ["/health", (body: unknown) => health.parse(body, {})],
    ] as const) {
      const body = await json(path);
      assert.deepEqual(parse(body), body, path);
    }
    const headers = { authorization: "Bearer jobs-token" };
    for (const query of ["wait=true", "wait=false"]) {
      const response = await fetch(`${service.url}/executors/refresh?${query}`, { method: "POST", headers });
      const body: unknown = await response.json();
      assert.deepEqual(refresh.parse(body, {}), body, query);
    }
  });

  test("metrics count the resolutions", async () => {
    const count = async (): Promise<number> => {
      const text = await (await get("/metrics")).text();
      assert.match(text, /^executor_registry_executors 2$/m);
      assert.match(text, /^executor_registry_source_up\{source="examples"\} 1$/m);
      return Number(/resolutions_total\{status="200"\} (\d+)/.exec(text)?.[1]);
    };
    const before = await count();
    await (await get("/executors/ml")).arrayBuffer();
    assert.equal(await count(), before + 1);
  });

  test("the OpenAPI document names every route, and /docs can be read", async () => {
    const document = (await json("/openapi.json")) as unknown as {
      openapi: string;
      paths: Record<string, object>;
      components: { schemas: Record<string, object> };
    };
    assert.equal(document.openapi, "3.1.1");
    const paths = [
      "/executors",
      "/executors/{type}",
      "/executors/{type}/versions",
      "/executors/{type}/versions/{digest}/report",
      "/executors/{type}/versions/{digest}",
      "/executors/{type}/versions/{digest}/revalidate",
      "/executors/{type}/why",
      "/policy/test",
      "/executors/{type}/pin",
      "/executors/{type}/rollback",
      "/executors/{type}/history",
      "/executors/{type}/denials",
      "/executors/{type}/denials/{id}",
      "/executors/{type}/policy",
      "/policy",
      "/executors/refresh",
      "/journal",
      "/journal/checkpoints",
      "/events",
      "/webhooks/{name}",
      "/webhooks/{name}/{token}",
      "/health",
      "/livez",
      "/readyz",
      "/metrics",
      "/openapi.json",
      "/docs",
      "/",
    ];
    assert.deepEqual(Object.keys(document.paths), paths);
    const text = JSON.stringify(document);
    const referred = [...text.matchAll(/"\$ref":"#\/components\/schemas\/(\w+)"/g)].map(([, id]) => id ?? "");
    const defined = Object.keys(document.components.schemas);
    assert.deepEqual([...new Set(referred)].sort(), defined.sort());
    assert.ok(!text.includes("$defs"));
    const page = await (await get("/docs")).text();
    assert.equal(await (await get("/")).text(), page);
    assert.match(page, /<code>GET \/executors\/&#123;type&#125;|<code>GET \/executors\/\{type\}/);
  });

  test("red-20: a method that a path has not is a 405 with those that it has, also one that is new to Node", async () => {
    for (const [path, method, allow] of [
      ["/executors", "POST", "GET, HEAD"],
      ["/executors/ml", "DELETE", "GET, HEAD"],
      ["/executors/refresh", "PUT", "GET, HEAD, POST"],
      ["/executors/ml", "QUERY", "GET, HEAD"],
      ["/webhooks/x", "GET", "OPTIONS, POST"],
      ["/docs", "POST", "GET, HEAD"],
    ] as const) {
      const response = await fetch(service.url + path, { method });
      assert.deepEqual([response.status, response.headers.get("allow")], [405, allow], `${method} ${path}`);
      assert.match(response.headers.get("content-type") ?? "", /problem\+json/);
    }
  });

  test("red-20: an empty offset is a mistake, and every answer has an id, the quick ones too", async () => {
    const empty = await get("/executors/ml/versions?offset=");
    const problem = (await empty.json()) as { title: string };
    assert.deepEqual([empty.status, problem.title], [400, "Invalid request"]);
    const ids = new Set<string | null>();
    for (const path of ["/executors/ml", "/executors/ml", "/executors", "/nowhere"]) {
      ids.add((await get(path)).headers.get("x-request-id"));
    }
    assert.ok(ids.size === 4 && !ids.has(null), [...ids].join());
    const named = await get("/executors/ml", { "x-request-id": "mine" });
    assert.equal(named.headers.get("x-request-id"), "mine");
  });

  test("red-20: a refresh is taken no matter what its body claims to be, since it is not read", async () => {
    for (const type of ["text/plain", "application/xml", "application/json"]) {
      for (const body of [undefined, "<x/>"]) {
        const headers = { authorization: "Bearer jobs-token", "content-type": type };
        const init = { method: "POST", headers, ...(body === undefined ? {} : { body }) };
        assert.equal((await fetch(`${service.url}/executors/refresh`, init)).status, 202, type);
      }
    }
  });

  test("every answer carries the security headers", async () => {
    for (const path of ["/executors/ml", "/executors", "/nowhere", "/health"]) {
      const { headers } = await get(path);
      assert.equal(headers.get("x-content-type-options"), "nosniff", path);
      assert.match(headers.get("content-security-policy") ?? "", /default-src 'none'/, path);
    }
  });
});
