import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { ExecutorRegistryError, systemClock } from "@executor-registry/resolver";
import type { FastifyInstance } from "fastify";
import { pino } from "pino";
import { z } from "zod";
import { createAccess } from "../auth/access.ts";
import { createStaticTokens } from "../auth/static-tokens.ts";
import { UNTRACED } from "../tracing/tracer.ts";
import type { Api } from "./api.ts";
import { MinuteLimit } from "./minute-limit.ts";
import { openApi } from "./openapi.ts";
import { json, operation } from "./operation.ts";
import { createHttpServer } from "./server.ts";

let replaced = 0;
const answers = { 200: { description: "It" } };
const ROWS = [
  operation({
    id: "put",
    method: "POST",
    path: "/things/{name}",
    summary: "Takes a body",
    role: "operator",
    params: z.object({ name: z.string() }),
    body: { media: "json", description: "A thing", maxBytes: 100, schema: z.strictObject({ size: z.number() }) },
    kind: "json",
    answers,
    handle: ({ params: { name }, body: { size }, principal }) => json({ name, size, by: principal.name }),
  }),
  operation({
    id: "replace",
    method: "PUT",
    path: "/things/{name}",
    summary: "Replaces a thing",
    role: "operator",
    rate: "writes",
    conditional: true,
    params: z.object({ name: z.string() }),
    body: { media: "json", description: "A thing", maxBytes: 100, schema: z.strictObject({ size: z.number() }) },
    kind: "json",
    answers,
    handle({ body: { size }, conditions: { ifMatch, name } }) {
      if (size === 0) throw new ExecutorRegistryError("not-found", "there is no such thing");
      return json({ size, ifMatch, named: name?.key, nth: (replaced += 1) }, 201, { etag: '"2"' });
    },
  }),
  operation({
    id: "remove",
    method: "DELETE",
    path: "/things/{name}",
    summary: "Removes a thing",
    role: "operator",
    conditional: true,
    query: z.strictObject({ reason: z.string() }),
    kind: "json",
    answers,
    handle: ({ query: { reason } }) => json({ reason }),
  }),
  operation({
    id: "page",
    method: "GET",
    path: "/page",
    summary: "A page",
    kind: "page",
    headers: { "content-security-policy": "script-src 'self'" },
    answers,
    handle: () => ({ kind: "page", html: "<!doctype html>" }),
  }),
  operation({
    id: "stream",
    method: "GET",
    path: "/stream",
    summary: "A stream",
    kind: "stream",
    answers,
    handle: () => ({ kind: "stream", open: (response) => response.end("data: 1\n\n") }),
  }),
  operation({
    id: "brief",
    method: "GET",
    path: "/brief",
    summary: "Something that only some see whole",
    role: "operator",
    withoutRole: () => json("some"),
    kind: "json",
    answers,
    handle: () => json("all"),
  }),
];
// SHA-256 of "open-sesame".
const sha256 = "d7ecdf25eaf3deba0f2628771dbdd22d4138ab6cf38f91ed02a2ca0dec7c8ab7";

describe("the server interprets a row's", () => {
  let server: FastifyInstance;
  let url: string;
  const authorization = "Bearer open-sesame";
  const post = (body: string, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${url}/things/ml`, {
      method: "POST",
      body,
      headers: { authorization, "content-type": "application/json", ...headers },
    });

  before(async () => {
    const authenticators = [createStaticTokens([{ name: "op", role: "operator", sha256 }])];
    const access = createAccess({ reads: "token", writes: "token", authenticators, clock: systemClock });
    server = await createHttpServer({
      operations: ROWS,
      api: { metrics: { answered() {} }, inForce: () => ({ access }) } as unknown as Api,
      readPath: () => false,
      nextId: () => "1",
      tracer: UNTRACED,
      pino: pino({ level: "silent" }),
      limits: { writes: new MinuteLimit(100, systemClock), refusedEvents: new MinuteLimit(100, systemClock) },
      clock: systemClock,
      draining: () => false,
      trustProxy: false,
    });
    url = await server.listen({ host: "127.0.0.1", port: 0 });
  });
  after(() => server.close());

  test("role, parameters and body, whose mistakes are problems", async () => {
    const good = await post('{"size": 3}');
    assert.deepEqual([good.status, await good.json()], [200, { name: "ml", size: 3, by: "token:op" }]);
    for (const [response, status, code, detail] of [
      [await post('{"size": "3"}'), 400, "invalid-request", /^body size: .*expected number/],
      [await post('{"size": 3, "other": 1}'), 400, "invalid-request", /other/],
      [await post("{"), 400, "invalid-request", /not JSON/],
      [await post(""), 400, "invalid-request", /not JSON/],
      [await post("{}", { "content-type": "text/plain" }), 415, "unsupported-media-type", /must be JSON/],
      [await post(`{"size": 3${" ".repeat(100)}}`), 413, "too-large-request", /./],
      [await post('{"size": 3}', { authorization: "Bearer other" }), 401, "unauthorized", /./],
    ] as const) {
      const problem = (await response.json()) as { code: string; detail: string };
      assert.deepEqual([response.status, problem.code], [status, code]);
      assert.match(problem.detail, detail);
    }
  });

  const put = async (size: number, headers: Record<string, string> = {}) => {
    const sent = { authorization, "content-type": "application/json", ...headers };
    const response = await fetch(`${url}/things/ml`, { method: "PUT", body: JSON.stringify({ size }), headers: sent });
    const seen = ["etag", "idempotency-replayed"].map((name) => response.headers.get(name));
    return { status: response.status, seen, body: (await response.json()) as Record<string, unknown> };
  };

  test("conditions: what was seen, and a key by which a repeated request is answered again", async () => {
    const first = await put(1, { "if-match": '"1"', "idempotency-key": '"say \\"a\\""' });
    assert.deepEqual(first, {
      status: 201,
      seen: ['"2"', null],
      body: { size: 1, ifMatch: '"1"', named: 'say "a"', nth: 1 },
    });
    const again = await put(1, { "if-match": '"1"', "idempotency-key": '"say \\"a\\""' });
    assert.deepEqual(again, { ...first, seen: ['"2"', "true"] });
    assert.equal((await put(1, { "if-match": "*" })).body["ifMatch"], undefined);
    for (const replayed of [null, "true"]) {
      const { status, seen, body } = await put(0, { "idempotency-key": '"b"' });
      assert.deepEqual([status, body["detail"], seen[1]], [404, "there is no such thing", replayed]);
    }
    const removed = await fetch(`${url}/things/ml?reason=old`, { method: "DELETE", headers: { authorization } });
    assert.deepEqual(await removed.json(), { reason: "old" });
  });

  test("conditions, whose mistakes are problems", async () => {
    for (const [headers, status, code, detail] of [
      [{ "idempotency-key": "a" }, 400, "invalid-request", /^header idempotency-key: expected a text of 1 to 255/],
      [{ "idempotency-key": '""' }, 400, "invalid-request", /quotes/],
      [{ "idempotency-key": `"${"x".repeat(256)}"` }, 400, "invalid-request", /255/],
      [{ "if-match": "1" }, 400, "invalid-request", /^header if-match: expected one ETag/],
      [{ "idempotency-key": '"b"' }, 422, "idempotency-key-reused", /"b" named another request/],
    ] as const) {
      const { body, ...answer } = await put(2, headers);
      assert.deepEqual([answer.status, body["code"]], [status, code]);
      assert.match(String(body["detail"]), detail);
    }
  });

  test("headers, in place of those of every answer, but not of a problem's", async () => {
    const page = await fetch(`${url}/page`);
    const names = ["content-type", "content-security-policy", "x-content-type-options"];
    assert.deepEqual(
      [await page.text(), ...names.map((name) => page.headers.get(name))],
      ["<!doctype html>", "text/html; charset=utf-8", "script-src 'self'", "nosniff"],
    );
    const problem = await fetch(`${url}/page`, { method: "POST" });
    assert.equal(((await problem.json()) as { code: string }).code, "method-not-allowed");
    assert.match(problem.headers.get("content-security-policy") ?? "", /^default-src 'none'/);
  });

  test("stream, which HEAD does not open", async () => {
    for (const [method, text] of [
      ["HEAD", ""],
      ["GET", "data: 1\n\n"],
    ] as const) {
      const response = await fetch(`${url}/stream`, { method });
      assert.deepEqual([await response.text(), response.headers.get("content-type")], [text, "text/event-stream"]);
    }
  });

  test("answer for those who lack the role", async () => {
    const seen = async (headers: Record<string, string>) => (await fetch(`${url}/brief`, { headers })).json();
    assert.deepEqual([await seen({}), await seen({ authorization })], ["some", "all"]);
  });

  test("description for programs: body, media types, and whether a token is needed", () => {
    const { paths } = openApi(ROWS, "1") as { paths: Record<string, Record<string, Record<string, unknown>>> };
    const schema = { type: "object", properties: { size: { type: "number" } } };
    const body = paths["/things/{name}"]?.["post"]?.["requestBody"] as { content: Record<string, { schema: object }> };
    assert.deepEqual(
      { ...body.content["application/json"]?.schema, ...schema },
      { ...schema, required: ["size"], additionalProperties: false },
    );
    const headers = (method: string) =>
      ((paths["/things/{name}"]?.[method]?.["parameters"] ?? []) as { in: string; name: string }[])
        .filter(({ in: place }) => place === "header")
        .map(({ name }) => name);
    assert.deepEqual([headers("put"), headers("post")], [["if-match", "idempotency-key"], []]);
    assert.deepEqual(paths["/page"]?.["get"]?.["security"], []);
    assert.deepEqual(paths["/brief"]?.["get"]?.["security"], [{}, { bearer: [] }]);
    assert.equal(paths["/things/{name}"]?.["post"]?.["security"], undefined);
  });
});
