import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { type IncomingMessage, request } from "node:http";
import { text } from "node:stream/consumers";
import { describe, test } from "node:test";
import { pino } from "pino";
import { startLoopbackServer } from "../../../testing/loopback-server.ts";
import { startOidcIssuer } from "../../../testing/oidc-issuer.ts";
import { parseConfig } from "./config/parse-config.ts";
import { type Service, startService } from "./supervisor/service.ts";

const log = pino({ level: "silent" });
const sha256 = (text: string): string => createHash("sha256").update(text).digest("hex");
const TOKENS = `[{name: jobs, role: dispatcher, sha256: ${sha256("good")}}]`;
const parse = (text: string) => parseConfig(`listen: {host: 127.0.0.1, port: 0}\n${text}`, "test.yaml");
const start = (text: string): Promise<Service> => startService({ config: parse(text), log });
const bearer = (token: string): { headers: Record<string, string> } => ({
  headers: { authorization: `Bearer ${token}` },
});

describe("red-18, red-13: access", () => {
  test("red-18: open reads are answered while authenticators are away, and none is asked about a token", async () => {
    await using issuer = await startOidcIssuer();
    issuer.down = true;
    const service = await start(`auth: {oidc: {issuer: "${issuer.url}", audience: a, roles: {x: reader}}}`);
    try {
      for (const [path, status] of [
        ["/executors", 200],
        ["/executors?limit=5", 200],
        ["/executors/ml?subject=run-1", 404],
        ["/executors/ml/versions", 404],
        ["/journal", 200],
      ] as const) {
        assert.equal((await fetch(service.url + path, bearer("a.b.c"))).status, status, path);
      }
      assert.equal(issuer.reads, 0);
    } finally {
      await service.close();
    }
  });

  test("red-18: what is refused for its token counts for no caller's limit, and each caller has its own", async () => {
    const service = await start(`auth: {tokens: ${TOKENS}}\nlimits: {writesPerMinute: 3}`);
    const post = async (init: object): Promise<number> =>
      (await fetch(`${service.url}/executors/refresh`, { method: "POST", ...init })).status;
    try {
      for (let nth = 0; nth < 10; nth++) assert.equal(await post(nth % 2 === 0 ? {} : bearer("wrong")), 401);
      assert.deepEqual(
        [await post(bearer("good")), await post(bearer("good")), await post(bearer("good"))],
        [202, 202, 202],
      );
      assert.equal(await post(bearer("good")), 429);
    } finally {
      await service.close();
    }
  });

  test("red-13: an unknown token is asked about once, and where reads are open no authenticator is asked about 300 made-up ones", async () => {
    await using issuer = await startOidcIssuer();
    const auth = (reads: string): string =>
      `auth: {reads: ${reads}, oidc: {issuer: "${issuer.url}", audience: a, roles: {x: reader}}}`;
    const closed = await start(auth("token"));
    try {
      const statuses = await Promise.all(
        Array.from({ length: 20 }, async () => (await fetch(`${closed.url}/executors`, bearer("a.b.c"))).status),
      );
      assert.deepEqual([...new Set(statuses)], [401]);
    } finally {
      await closed.close();
    }
    const reads = issuer.reads;
    const open = await start(auth("open"));
    try {
      for (let nth = 0; nth < 300; nth++) {
        assert.equal((await fetch(`${open.url}/executors`, bearer(`a.b.c${nth}`))).status, 200);
      }
      assert.equal(issuer.reads, reads);
    } finally {
      await open.close();
    }
  });

  test("a page of another site can read no answer, and is not allowed what a browser asks for first", async () => {
    const service = await start("auth: {writes: open}");
    try {
      const origin = "https://elsewhere.example";
      for (const path of ["/executors", "/executors/ml", "/journal", "/health", "/events"]) {
        const leaving = new AbortController();
        const response = await fetch(service.url + path, { headers: { origin }, signal: leaving.signal });
        assert.equal(response.headers.get("access-control-allow-origin"), null, path);
        leaving.abort();
      }
      const asked = {
        origin,
        "access-control-request-method": "PUT",
        "access-control-request-headers": "content-type",
      };
      for (const path of ["/executors/ml/pin", "/executors/refresh"]) {
        const { status, headers } = await fetch(service.url + path, { method: "OPTIONS", headers: asked });
        assert.equal(status, 405, path);
        assert.deepEqual(
          [...headers.keys()].filter((name) => name.startsWith("access-control")),
          [],
          path,
        );
      }
    } finally {
      await service.close();
    }
  });

  test("a page whose site's name was made to lead here reads nothing, and does nothing", async () => {
    const asked = async (service: Service, host: string, path: string, method = "GET"): Promise<unknown> => {
      const sent = request(service.url + path, { method, headers: { host }, agent: false }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      const body = await text(response);
      return response.statusCode === 421 ? (JSON.parse(body) as { code: string }).code : response.statusCode;
    };
    const layout = "sources: [{name: examples, kind: oci-layout, path: examples/layout}]\nauth: {writes: open}";
    const startAt = (listen: string): Promise<Service> =>
      startService({ config: parseConfig(`listen: {port: 0, ${listen}}\n${layout}`, "test.yaml"), log });
    const [own, behindProxy, shared, named] = await Promise.all([
      startAt("host: 127.0.0.1"),
      startAt("host: 127.0.0.1, trustProxy: true"),
      startAt("host: 0.0.0.0"),
      startAt("host: 0.0.0.0, hosts: [Executors.example.com]"),
    ]);
    try {
      await fetch(`${own.url}/executors/refresh?wait=true`, { method: "POST" });
      for (const [method, path] of [
        ["GET", "/executors/ml"],
        ["GET", "/executors"],
        ["GET", "/"],
        ["GET", "/nowhere"],
        ["POST", "/executors/refresh"],
        ["OPTIONS", "/executors"],
      ] as const) {
        for (const host of [
          "evil.example",
          "evil.example:8080",
          "127.0.0.1.evil.example",
          "localhost, evil.example",
          "evil.example:x",
        ])
          assert.equal(await asked(own, host, path, method), "misdirected-request", `${method} ${path} at ${host}`);
      }
      for (const host of [
        "localhost",
        "LOCALHOST:8080",
        "127.0.0.1:1",
        "[::1]:8080",
        "192.0.2.1",
        "dev.localhost",
        "registry",
        "host.docker.internal:8080",
      ])
        assert.equal(await asked(own, host, "/executors/ml"), 200, host);
      for (const service of [behindProxy, shared]) assert.equal(await asked(service, "any.example", "/executors"), 200);
      for (const host of ["executors.example.com", "executors.example.com.:443", "10.0.0.7:8080"])
        assert.equal(await asked(named, host, "/executors"), 200, host);
      assert.equal(await asked(named, "evil.example", "/executors"), "misdirected-request");
    } finally {
      await Promise.all([own, behindProxy, shared, named].map((service) => service.close()));
    }
  });

  for (const [trusted, headers] of [
    ["true", (nth: number) => `192.0.2.${nth}, 198.51.100.1`],
    ["1", (nth: number) => `192.0.2.${nth}, 198.51.100.1`],
    ["2", (nth: number) => `192.0.2.${nth}, 198.51.100.1, 203.0.113.9`],
    ["[127.0.0.0/8]", (nth: number) => `192.0.2.${nth}, 198.51.100.1`],
    ["loopback", (nth: number) => `192.0.2.${nth}, 198.51.100.1`],
  ] as const) {
    test(`red-18: with trustProxy ${trusted}, made-up addresses to the left pass no limit`, async () => {
      const config = `{host: 127.0.0.1, port: 0, trustProxy: ${trusted}}\nauth: {writes: open}\nlimits: {writesPerMinute: 3}`;
      const service = await startService({ config: parseConfig(`listen: ${config}`, "test.yaml"), log });
      try {
        const statuses: number[] = [];
        for (let nth = 0; nth < 5; nth++) {
          const init = { method: "POST", headers: { "x-forwarded-for": headers(nth) } };
          statuses.push((await fetch(`${service.url}/executors/refresh`, init)).status);
        }
        assert.deepEqual(statuses, [202, 202, 202, 429, 429]);
      } finally {
        await service.close();
      }
    });
  }

  test("red-18: one address cannot take all streams, and HEAD holds none", async () => {
    const config =
      "listen: {host: 127.0.0.1, port: 0, trustProxy: 1}\nlimits: {eventStreams: 7, eventStreamsPerAddress: 5}";
    const service = await startService({ config: parseConfig(config, "test.yaml"), log });
    const open: AbortController[] = [];
    // Kept, since fetch ends a stream whose response is garbage.
    const responses: Response[] = [];
    const listen = async (address: string, method = "GET"): Promise<number> => {
      const leaving = new AbortController();
      open.push(leaving);
      const response = await fetch(`${service.url}/events`, {
        method,
        headers: { "x-forwarded-for": address },
        signal: leaving.signal,
      });
      responses.push(response);
      return response.status;
    };
    const streams = async (): Promise<number> =>
      Number(/event_streams (\d+)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1]);
    try {
      for (let nth = 0; nth < 5; nth++) assert.equal(await listen("192.0.2.1", "HEAD"), 200);
      assert.equal(await streams(), 0);
      for (let nth = 0; nth < 5; nth++) assert.equal(await listen("192.0.2.1"), 200);
      assert.equal(await listen("192.0.2.1"), 429);
      assert.equal(responses.at(-1)?.headers.get("retry-after"), "60");
      for (const address of ["192.0.2.2", "192.0.2.3"]) assert.equal(await listen(address), 200);
      assert.equal(await streams(), 7);
      // The address with the most loses its oldest.
      assert.equal(await listen("192.0.2.4"), 200);
      assert.equal(await streams(), 7);
    } finally {
      for (const leaving of open) leaving.abort();
      await service.close();
    }
  });

  test("red-18: a token that the configuration has no longer loses its stream, another keeps it", async () => {
    const both = `[{name: a, role: reader, sha256: ${sha256("one")}}, {name: b, role: reader, sha256: ${sha256("two")}}]`;
    const service = await start(`auth: {reads: token, tokens: ${both}}`);
    const listen = async (token: string) => {
      const listening = request(`${service.url}/events`, bearer(token)).end();
      const [response] = (await once(listening, "response")) as [NodeJS.ReadableStream];
      response.on("error", () => {}).resume();
      return response;
    };
    try {
      const [kept, lost] = [await listen("one"), await listen("two")];
      let ended = false;
      kept.once("close", () => (ended = true));
      const closed = once(lost, "close");
      await service.reconfigure(
        parse(`auth: {reads: token, tokens: [{name: a, role: reader, sha256: ${sha256("one")}}]}`),
      );
      await closed;
      assert.equal(ended, false);
    } finally {
      await service.close();
    }
  });

  test("red-18: where reads need a token, so do metrics and the details of health; probes never do", async () => {
    const source = "{name: secret-name, kind: oci-layout, path: /nowhere}";
    const service = await start(`auth: {reads: token, tokens: ${TOKENS}}\nsources: [${source}]`);
    try {
      for (const init of [{}, bearer("wrong")]) {
        const health = await fetch(`${service.url}/health`, init);
        assert.deepEqual(Object.keys((await health.json()) as object), ["status"]);
        assert.equal((await fetch(`${service.url}/metrics`, init)).status, 401);
        assert.equal((await fetch(`${service.url}/livez`, init)).status, 200);
        const ready = await (await fetch(`${service.url}/readyz`, init)).text();
        assert.ok(ready.includes('"status"') && !ready.includes("secret-name"), ready);
      }
      assert.match(await (await fetch(`${service.url}/health`, bearer("good"))).text(), /secret-name/);
      assert.equal((await fetch(`${service.url}/metrics`, bearer("good"))).status, 200);
    } finally {
      await service.close();
    }
    const open = await start(`auth: {reads: token, health: open, metrics: open}\nsources: [${source}]`);
    try {
      assert.match(await (await fetch(`${open.url}/health`)).text(), /secret-name/);
      assert.equal((await fetch(`${open.url}/metrics`)).status, 200);
    } finally {
      await open.close();
    }
  });

  test("red-20: two tokens of one hash are a mistake, whatever their letters' case", () => {
    const hash = sha256("one");
    const tokens = `[{name: a, role: reader, sha256: ${hash}}, {name: b, role: operator, sha256: ${hash.toUpperCase()}}]`;
    assert.throws(() => parse(`auth: {tokens: ${tokens}}`), /auth\.tokens\[1\]\.sha256: it is the hash of "a" too/);
  });
});

describe("red-05: an unknown type", () => {
  test("is not known yet before every source was looked at, and after that what could not be read is named", async () => {
    let answer = (): void => {};
    const asked = new Promise<void>((resolve) => (answer = resolve));
    let go = (): void => {};
    const held = new Promise<void>((resolve) => (go = resolve));
    await using registry = await startLoopbackServer(async (_request, response) => {
      answer();
      await held;
      response.writeHead(403).end("{}");
    });
    const host = registry.url.slice("http://".length);
    const source = `{name: own, kind: oci, host: "${host}", insecure: true, repositories: [team/executor-ml]}`;
    const errors: string[] = [];
    const config = parse(`auth: {writes: open}\nsources: [${source}]`);
    const service = await startService({
      config,
      log: pino({ level: "error" }, { write: (line: string) => errors.push(line) }),
    });
    try {
      await asked;
      for (const path of ["/executors/ml", "/executors/ml?subject=a", "/executors/ml/versions", "/executors"]) {
        const response = await fetch(service.url + path);
        const { code, detail } = (await response.json()) as { code: string; detail: string };
        assert.deepEqual([response.status, code, response.headers.get("retry-after")], [503, "not-ready", "5"], path);
        assert.match(detail, /is not known before every source was looked at once; not looked at yet: own\. Ask again/);
      }
      assert.deepEqual(errors, [], "callers that come early are no error of the service");
      go();
      await fetch(`${service.url}/executors/refresh?wait=true`, { method: "POST" });
      for (const path of ["/executors/ml", "/executors/ml/versions"]) {
        const response = await fetch(service.url + path);
        const { code, incomplete } = (await response.json()) as { code: string; incomplete: string[] };
        assert.deepEqual([response.status, code], [404, "unknown-type"]);
        assert.match(incomplete.join("\n"), /source own could not be read completely/);
      }
    } finally {
      go();
      await service.close();
    }
  });
});
