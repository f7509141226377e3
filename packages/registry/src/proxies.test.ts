import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger, systemClock } from "@executor-registry/resolver";
import { startConnectProxy } from "../../../testing/connect-proxy.ts";
import { makeImage } from "../../../testing/images.ts";
import { startOtlpCollector } from "../../../testing/otlp-collector.ts";
import { startLoopbackServer } from "../../../testing/loopback-server.ts";
import { testClient } from "../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../testing/registry-proxy.ts";
import { noOpenssl } from "../../../testing/self-signed.ts";
import { startTlsServer } from "../../../testing/tls-server.ts";
import type { ResolveName } from "./oci/wire/guarded-lookup.ts";
import { proxiedFetch } from "./net/proxied-fetch.ts";
import { proxiesOf } from "./net/proxies.ts";
import { openEcr } from "./sources/ecr/ecr-client.ts";
import { openTelemetryTracer } from "./tracing/open-telemetry.ts";

const unknownName: ResolveName = async () => {
  throw Object.assign(new Error("ENOTFOUND"), { code: "ENOTFOUND" });
};
const NAME = "registry.corp.test";

describe("reg-10: which proxy a URL has", () => {
  const through = (environment: Record<string, string>, url: string): string | undefined =>
    proxiesOf(environment).of(new URL(url))?.host;

  test("HTTPS_PROXY and HTTP_PROXY, in upper case first, with or without a scheme", () => {
    const both = { HTTPS_PROXY: "http://a:1", HTTP_PROXY: "b:2" };
    assert.equal(through(both, "https://x.test/"), "a:1");
    assert.equal(through(both, "http://x.test/"), "b:2");
    assert.equal(
      through({ HTTPS_PROXY: "https://u:p@upper:3", https_proxy: "http://lower:4" }, "https://x.test"),
      "upper:3",
    );
    assert.equal(through({ HTTP_PROXY: "b:2" }, "https://x.test/"), undefined);
    assert.equal(through({ HTTPS_PROXY: "", https_proxy: " " }, "https://x.test/"), undefined);
    for (const url of ["https://localhost:5000", "https://127.0.0.1", "https://127.9.9.9", "https://[::1]:5000"]) {
      assert.equal(through(both, url), undefined, `${url} is this machine`);
    }
  });

  test("a value that is not the URL of an HTTP proxy is named without being shown", () => {
    for (const value of ["socks5://user:s3cret@x:1", "http://s3cret:x:y", "ftp://s3cret"]) {
      assert.throws(
        () => through({ HTTPS_PROXY: value }, "https://x.test/"),
        (error: Error & { code?: string }) => {
          assert.match(error.message, /HTTPS_PROXY .* is not the URL of an HTTP proxy/);
          assert.doesNotMatch(error.message, /s3cret/);
          return error.code === "configuration";
        },
      );
    }
  });

  for (const [rule, url, direct] of [
    ["*", "https://x.test", true],
    ["corp.test", "https://corp.test", true],
    ["corp.test", "https://registry.corp.test", true],
    ["corp.test", "https://notcorp.test", false],
    ["CORP.test", "https://Registry.Corp.TEST", true],
    [".corp.test", "https://registry.corp.test", true],
    [".corp.test", "https://corp.test", false],
    ["*.corp.test", "https://a.b.corp.test", true],
    ["*.corp.test", "https://corp.test", false],
    ["corp.test:5000", "https://registry.corp.test:5000", true],
    ["corp.test:5000", "https://registry.corp.test", false],
    ["corp.test:443", "https://registry.corp.test", true],
    ["corp.test:80", "http://registry.corp.test", true],
    [".corp.test:5000", "https://a.corp.test:5000", true],
    ["10.0.0.0/8", "https://10.1.2.3", true],
    ["10.0.0.0/8", "https://11.1.2.3", false],
    ["10.0.0.0/8", "https://ten.test", false],
    ["10.0.0.0/33", "https://10.1.2.3", false],
    ["10.1.2.3", "https://10.1.2.3:5000", true],
    ["10.1.2.3:5000", "https://10.1.2.3:5000", true],
    ["10.1.2.3:5000", "https://10.1.2.3:5001", false],
    ["fd00::/8", "https://[fd12::1]", true],
    ["fd12::1", "https://[fd12::1]:5000", true],
    ["[fd12::1]:5000", "https://[fd12::1]:5000", true],
    ["[fd12::1]:5000", "https://[fd12::1]:5001", false],
    ["a.test, corp.test  b.test", "https://corp.test", true],
    [",,", "https://corp.test", false],
    ["corp.test", "https://corp.test.", true],
    ["0.0.0.0/0", "https://8.8.8.8", true],
  ] as const) {
    test(`NO_PROXY=${rule} ${direct ? "reaches" : "does not reach"} ${url} directly`, () => {
      for (const name of ["NO_PROXY", "no_proxy"]) {
        assert.equal(through({ HTTPS_PROXY: "p:1", HTTP_PROXY: "p:1", [name]: rule }, url), direct ? undefined : "p:1");
      }
    });
  }
});

test("reg-10: a collector of traces that only a proxy reaches gets them", async () => {
  await using collector = await startOtlpCollector();
  const port = Number(new URL(collector.url).port);
  await using proxy = await startConnectProxy({ "collector.corp.test:4318": port });
  const settings = { endpoint: "http://collector.corp.test:4318", sample: 1, headers: {} };
  const proxies = proxiesOf({ HTTP_PROXY: proxy.url });
  const context = { instance: "one", clock: systemClock, log: silentLogger, proxies };
  const tracer = openTelemetryTracer(settings, context);
  tracer.begin("scan").end();
  await tracer.close();
  assert.deepEqual(
    collector.spans.map(({ name }) => name),
    ["scan"],
  );
  assert.equal(proxy.asked.length, 1);
});

describe("reg-10: a registry that only a proxy reaches", { skip: noOpenssl, timeout: 30_000 }, () => {
  test("is asked through its tunnel, as are its token server and what it redirects to", async ({ signal }) => {
    const image = makeImage({ labels: { a: "b" } });
    const hosts: string[] = [];
    await using server = await startTlsServer([NAME, "auth.corp.test", "blobs.corp.test"], (request, response) => {
      const { host = "", authorization } = request.headers;
      hosts.push(`${host}${request.url?.split("?")[0]}`);
      if (host.startsWith("auth.")) return void response.end('{"token":"t0ken"}');
      if (host.startsWith("blobs.")) return void response.end([...image.blobs.values()][0]);
      if (authorization === undefined) {
        const challenge = 'Bearer realm="https://auth.corp.test/token",service="s"';
        return void response.writeHead(401, { "www-authenticate": challenge }).end();
      }
      if (request.url?.includes("/blobs/")) {
        return void response.writeHead(307, { location: "https://blobs.corp.test/x" }).end();
      }
      response.writeHead(200, { "content-type": image.descriptor.mediaType }).end(image.manifest);
    });
    const names = [NAME, "auth.corp.test", "blobs.corp.test"].map((name) => [`${name}:443`, server.port]);
    await using proxy = await startConnectProxy(Object.fromEntries(names));
    const proxies = proxiesOf({ HTTPS_PROXY: proxy.url.replace("//", "//user:p%40ss@"), NO_PROXY: "other.test" });
    const options = { insecure: false, ca: server.certificate, proxies, resolveName: unknownName };
    await using client = testClient(NAME, options);
    const manifest = await client.manifest("team/executor-ml", "v1", signal);
    assert.deepEqual((await client.details("team/executor-ml", manifest, signal)).labels, { a: "b" });
    assert.deepEqual(proxy.asked, [`CONNECT ${NAME}:443`, "CONNECT auth.corp.test:443", "CONNECT blobs.corp.test:443"]);
    assert.deepEqual(new Set(proxy.authorizations), new Set([`Basic ${Buffer.from("user:p@ss").toString("base64")}`]));
    assert.deepEqual(hosts.slice(-1), ["blobs.corp.test/x"]);
  });

  test("over plain HTTP is asked of the proxy itself", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    registry.answerNext(/GET/, { status: 200, body: "{}" }, Infinity);
    await using proxy = await startConnectProxy({ [`${NAME}:5000`]: Number(registry.host.split(":")[1]) });
    await using client = testClient(`${NAME}:5000`, { proxies: proxiesOf({ http_proxy: proxy.url }) });
    await client.ping(signal);
    assert.deepEqual(proxy.asked, [`GET http://${NAME}:5000/v2/`]);
  });

  test("is reached directly on this machine", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    registry.answerNext(/GET/, { status: 200, body: "{}" }, Infinity);
    await using proxy = await startConnectProxy({});
    const proxies = proxiesOf({ HTTPS_PROXY: proxy.url, HTTP_PROXY: proxy.url });
    await using client = testClient(registry.host, { proxies });
    await client.ping(signal);
    assert.deepEqual(proxy.asked, []);
  });

  test("cannot send us to a private address, nor to a name that this machine knows for one", async ({ signal }) => {
    for (const [location, resolveName] of [
      ["https://169.254.169.254/x", unknownName],
      ["https://metadata.internal/x", async () => [{ address: "169.254.169.254", family: 4 }]],
    ] as const) {
      await using server = await startTlsServer([NAME], (_request, response) =>
        response.writeHead(307, { location }).end(),
      );
      await using proxy = await startConnectProxy({ [`${NAME}:443`]: server.port });
      const proxies = proxiesOf({ HTTPS_PROXY: proxy.url });
      const options = { insecure: false, ca: server.certificate, proxies, resolveName };
      await using client = testClient(NAME, options);
      await assert.rejects(client.manifest("x", "v1", signal), { code: "refused-address" });
      assert.deepEqual(proxy.asked, [`CONNECT ${NAME}:443`]);
    }
  });

  test("is said to be kept from us by the proxy, with what to do", async ({ signal }) => {
    await using proxy = await startConnectProxy({});
    const proxies = proxiesOf({ HTTPS_PROXY: proxy.url.replace("//", "//user:s3cret@") });
    await using client = testClient(NAME, { insecure: false, proxies });
    for (const [status, message] of [
      [407, /the proxy 127.0.0.1:\d+ requires credentials \(407\)/],
      [403, /the proxy 127.0.0.1:\d+ refuses a connection to registry.corp.test \(403\)\. Allow it there, or name/],
      [502, /refuses a connection to registry.corp.test \(502\)/],
    ] as const) {
      proxy.refuse = status;
      await assert.rejects(client.ping(signal), (error: Error) => {
        assert.match(error.message, message);
        assert.doesNotMatch(error.message, /s3cret/);
        return true;
      });
    }
  });

  test("behind a proxy that never opens the tunnel is abandoned at the time limit", async ({ signal }) => {
    await using proxy = await startConnectProxy({});
    proxy.refuse = "nothing";
    const timeouts = { connect: 100, head: 100, body: 100 };
    await using client = testClient(NAME, {
      insecure: false,
      proxies: proxiesOf({ HTTPS_PROXY: proxy.url }),
      timeouts,
    });
    await assert.rejects(client.ping(signal), { code: "timeout" });
  });
});

describe("reg-10: what is not a registry goes the same way", { timeout: 30_000 }, () => {
  test("documents that are fetched: Google's APIs, Pub/Sub, certificates of SNS, keys of issuers", async ({
    signal,
  }) => {
    await using server = await startLoopbackServer((request, response) => {
      if (request.path === "/empty") return void response.writeHead(204).end();
      if (request.path === "/redirect") return void response.writeHead(302, { location: "/" }).end();
      if (request.path === "/silent") return void response.writeHead(200).write("half");
      response.writeHead(201, { "x-a": "b" }).end(`${request.method} ${String(request.body)}`);
    });
    const port = Number(new URL(server.url).port);
    await using proxy = await startConnectProxy({ "api.corp.test:80": port });
    const fetch = proxiedFetch(proxiesOf({ http_proxy: proxy.url }));
    const answer = await fetch("http://api.corp.test/x?y", {
      method: "POST",
      headers: { authorization: "Bearer x" },
      body: "hello",
      redirect: "error",
      signal,
    });
    assert.deepEqual([answer.status, answer.headers.get("x-a"), await answer.text()], [201, "b", "POST hello"]);
    assert.equal((await fetch("http://api.corp.test/empty", { signal })).status, 204);
    await assert.rejects(fetch("http://api.corp.test/redirect", { redirect: "error", signal }), /not followed/);
    assert.equal((await fetch("http://api.corp.test/redirect", { redirect: "manual", signal })).status, 302);
    const stop = new AbortController();
    const silent = await fetch("http://api.corp.test/silent", { signal: stop.signal });
    const reading = assert.rejects(silent.text());
    stop.abort();
    await reading;
    await assert.rejects(fetch("http://unknown.test/", { signal: stop.signal }), { name: "AbortError" });
    assert.equal(proxy.asked[0], "POST http://api.corp.test/x?y");
  });

  test("AWS's SDK: tunnels for HTTPS, and this machine directly", async () => {
    await using proxy = await startConnectProxy({});
    const credentials = { accessKeyId: "a", secretAccessKey: "s" };
    for (const [endpoint, asked] of [
      ["https://api.ecr.corp.test", ["CONNECT api.ecr.corp.test:443"]],
      ["https://127.0.0.1:1", []],
    ] as const) {
      const before = proxy.asked.length;
      const proxies = proxiesOf({ https_proxy: proxy.url, NO_PROXY: "other.test" });
      const { sdk, client } = await openEcr({ region: "eu-west-1", endpoint, credentials, proxies }, { host: "x" });
      await assert.rejects(client.send(new sdk.DescribeRepositoriesCommand({})));
      assert.deepEqual(proxy.asked.slice(before), asked);
      client.destroy();
    }
  });
});
