import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { serveApi } from "../../../../../testing/serve-api.ts";
import { VERSION } from "../../tools/version.ts";
import type { Credentials } from "./access.ts";
import { httpsApi } from "./https-api.ts";

describe("request", () => {
  test("sends JSON below the server's own path and resolves to the answer's", async () => {
    await using served = await serveApi((request, response) => {
      const { method, url, headers } = request;
      const seen = { method, url, type: headers["content-type"], agent: headers["user-agent"] };
      request.setEncoding("utf8").on("data", (body) => {
        response.end(JSON.stringify({ ...seen, body, encoding: headers["accept-encoding"] }));
      });
    });
    const contentType = "application/merge-patch+json";
    const query = { fieldManager: "é", dryRun: undefined, force: true };
    const answer = await served.api.request("/api/v1/x", { method: "PATCH", body: { a: "é" }, contentType, query });
    assert.deepEqual(answer, {
      method: "PATCH",
      url: "/clusters/one/api/v1/x?fieldManager=%C3%A9&force=true",
      body: '{"a":"é"}',
      type: contentType,
      agent: `executor-registry/${VERSION}`,
      encoding: "identity",
    });
    assert.match(served.api.server, /^http:\/\/127\.0\.0\.1:\d+\/clusters\/one$/);
  });

  test("keeps the connection for the next call, and notes the server's time", async () => {
    const clock = manualClock(5000);
    const date = "Mon, 23 Nov 2026 10:00:00 GMT";
    await using served = await serveApi((_, response) => response.setHeader("date", date).end("{}"), {}, clock);
    assert.equal(served.api.serverTime(), undefined);
    await served.api.request("/a");
    await served.api.request("/b");
    assert.equal(served.sockets.length, 1);
    assert.deepEqual(served.api.serverTime(), { server: Date.parse(date), local: 5000 });
  });

  test("an empty answer is undefined", async () => {
    await using served = await serveApi((_, response) => response.end());
    assert.equal(await served.api.request("/a", { method: "DELETE" }), undefined);
  });

  const refusals: readonly [number, string, object][] = [
    [401, '{"reason":"Unauthorized"}', { code: "unauthorized", reason: "Unauthorized" }],
    [
      403,
      '{"reason":"Forbidden","message":"no nodes"}',
      { code: "forbidden", message: "GET /a: no nodes (403 Forbidden)" },
    ],
    [404, "<html>\n nginx </html>", { code: "not-found", message: "GET /a: <html> nginx </html> (404)" }],
    [409, '{"reason":"AlreadyExists"}', { code: "conflict", reason: "AlreadyExists" }],
    [410, '{"reason":"Expired"}', { code: "gone" }],
    [422, '{"reason":"Invalid"}', { code: "kubernetes-api", retryable: false }],
    [429, '{"details":{"retryAfterSeconds":3}}', { code: "throttled", retryAfter: 3000 }],
    [500, "null", { code: "kubernetes-api", retryable: true, message: "GET /a: the server gave no reason (500)" }],
    [503, "", { code: "unreachable", retryable: true }],
    [302, "", { code: "kubernetes-api", status: 302 }],
  ];
  for (const [status, body, expected] of refusals) {
    test(`a refusal: ${status} ${body.replaceAll(/\s+/g, " ")}`, async () => {
      await using served = await serveApi((_, response) => response.writeHead(status).end(body));
      await assert.rejects(served.api.request("/a"), { name: "KubernetesError", status, path: "/a", ...expected });
    });
  }

  for (const [header, ms] of [
    ["120", 120_000],
    ["Mon, 23 Nov 2026 10:01:00 GMT", 60_000],
    ["Mon, 23 Nov 2026 09:00:00 GMT", 0],
    ["soon", undefined],
  ] as const) {
    test(`Retry-After: ${header}`, async () => {
      const clock = manualClock(Date.UTC(2026, 10, 23, 10));
      await using served = await serveApi(
        (_, response) => response.writeHead(503, { "retry-after": header }).end(),
        {},
        clock,
      );
      const expected = (error: { retryAfter?: number }): boolean => error.retryAfter === ms;
      await assert.rejects(served.api.request("/a"), expected);
    });
  }

  test("an answer over the limit, or one that is no JSON, is an error", async () => {
    await using served = await serveApi((_, response) => response.end('{"a":"12345"'));
    await assert.rejects(served.api.request("/a", { limit: 10 }), { code: "too-large" });
    await assert.rejects(served.api.request("/a"), { code: "kubernetes-api", message: /not JSON/ });
  });

  test("an answer that does not come in time is an error, and its connection is closed", async () => {
    const clock = manualClock();
    await using served = await serveApi(() => {}, {}, clock);
    const arrived = once(served.server, "request");
    const answer = served.api.request("/a", { timeout: 2000 });
    const [, response] = (await arrived) as [IncomingMessage, ServerResponse];
    const closed = once(response, "close");
    await Promise.all([assert.rejects(answer, { code: "timeout", message: /within 2 s/ }), clock.advance(2000)]);
    await closed;
  });

  test("aborting rejects with the signal's reason and closes the connection, also half-way through the answer", async () => {
    await using served = await serveApi((_, response) => void response.write('{"half'));
    const arrived = once(served.server, "request");
    const stop = new AbortController();
    const answer = served.api.request("/a", { signal: stop.signal });
    const [, response] = (await arrived) as [IncomingMessage, ServerResponse];
    const closed = once(response, "close");
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(answer, reason);
    await closed;
    await assert.rejects(served.api.request("/a", { signal: stop.signal }), reason);
  });

  test("a connection cut half-way is reported in a sentence", async () => {
    await using served = await serveApi((_, response) => {
      response.write('{"half');
      setImmediate(() => response.destroy());
    });
    await assert.rejects(served.api.request("/a"), {
      code: "unreachable",
      reason: "ECONNRESET",
      message: /the connection was cut/,
    });
  });

  test("a kept connection that turns out closed is replaced, for reads alone", async () => {
    let calls = 0;
    await using served = await serveApi((request, response) => {
      calls += 1;
      if (calls % 2 === 0) request.socket.destroy();
      else response.end("{}");
    });
    await served.api.request("/a");
    await served.api.request("/a");
    assert.equal(calls, 3);
    await assert.rejects(served.api.request("/a", { method: "POST" }), { code: "unreachable" });
    assert.equal(calls, 4);
  });

  test("nothing listens", async () => {
    const served = await serveApi(() => {});
    await served[Symbol.asyncDispose]();
    await assert.rejects(served.api.request("/a"), {
      code: "unreachable",
      reason: "ECONNREFUSED",
      message: /is the cluster running/,
    });
  });

  test("a server that speaks no TLS is reported in a sentence", async () => {
    await using served = await serveApi(() => {});
    const server = new URL(served.api.server.replace("http:", "https:"));
    const credentials = async (): Promise<Credentials> => ({ headers: {}, tls: {} });
    const api = httpsApi({ server, context: "", namespace: "", credentials });
    await assert.rejects(api.request("/a"), { code: "unreachable", message: /TLS handshake failed/ });
    api.close();
  });
});

describe("credentials", () => {
  test("go with each request; after a 401 the renewed ones are tried once", async () => {
    let token = 1;
    const seen: unknown[] = [];
    await using served = await serveApi(
      (request, response) => {
        seen.push(request.headers.authorization);
        response.writeHead(request.headers.authorization === "Bearer 2" ? 200 : 401).end("{}");
      },
      {
        credentials: async () => ({ headers: { authorization: `Bearer ${token}` }, tls: {} }),
        renew: async () => {
          token += 1;
          return token <= 3;
        },
      },
    );
    await served.api.request("/a");
    await served.api.request("/a");
    assert.deepEqual(seen.splice(0), ["Bearer 1", "Bearer 2", "Bearer 2"]);
    token = 3;
    await assert.rejects(served.api.request("/a"), { code: "unauthorized" });
    assert.deepEqual(seen, ["Bearer 3"]);
  });

  test("that cannot be had are an error that says why", async () => {
    const credentials = (): Promise<Credentials> => Promise.reject(new Error("aws: session expired"));
    await using served = await serveApi(() => {}, { credentials });
    await assert.rejects(served.api.request("/a"), {
      code: "unauthorized",
      message: "GET /a: no credentials for context here: aws: session expired",
    });
  });
});
