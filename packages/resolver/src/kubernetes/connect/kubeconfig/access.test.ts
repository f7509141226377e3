import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import type { IncomingHttpHeaders } from "node:http";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { startConnectProxy } from "../../../../../../testing/connect-proxy.ts";
import { manualClock } from "../../../../../../testing/manual-clock.ts";
import { noOpenssl } from "../../../../../../testing/self-signed.ts";
import { startTlsServer, type TlsServer } from "../../../../../../testing/tls-server.ts";
import type { KubernetesApi } from "../../api/api.ts";
import { connect, type ConnectOptions, type ConnectEnvironment } from "../connect.ts";

describe("a kubeconfig, as kubectl reads it", { skip: noOpenssl }, () => {
  let server: TlsServer;
  let folder = "";
  /** Tokens that the server takes. */
  const valid = new Set<string>();
  const seen: IncomingHttpHeaders[] = [];
  const opened: KubernetesApi[] = [];
  before(async () => {
    server = await startTlsServer(["kubernetes.corp.test"], ({ headers }, response) => {
      seen.push(headers);
      const known = valid.size === 0 || valid.has((headers.authorization ?? "").replace("Bearer ", ""));
      response.writeHead(known ? 200 : 401).end("{}");
    });
  });
  after(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
    valid.clear();
    seen.length = 0;
  });
  afterEach(async () => {
    for (const api of opened.splice(0)) api.close();
    await rm(folder, { recursive: true });
  });

  const authority = (): string => Buffer.from(server.certificate).toString("base64");
  const url = (): string => `https://127.0.0.1:${server.port}`;
  /** A kubeconfig with one context, as text. */
  const config = (user: object | undefined, cluster: object = {}, more: object = {}): string =>
    JSON.stringify({
      clusters: [{ name: "c", cluster: { server: url(), "certificate-authority-data": authority(), ...cluster } }],
      users: user === undefined ? [] : [{ name: "u", user }],
      contexts: [{ name: "here", context: { cluster: "c", ...(user && { user: "u" }) } }],
      "current-context": "here",
      ...more,
    });
  const write = async (name: string, text: string): Promise<string> => {
    await writeFile(join(folder, name), text);
    return join(folder, name);
  };
  const open = async (options: ConnectOptions, environment: ConnectEnvironment = {}): Promise<KubernetesApi> => {
    const api = await connect(options, { variables: {}, home: folder, serviceAccount: folder, ...environment });
    opened.push(api);
    return api;
  };
  const authorization = (): string | undefined => seen.at(-1)?.authorization;

  describe("dev-10: what kubectl takes", () => {
    test("an empty file in the list, a missing one, and one of comments alone", async () => {
      const files = [await write("empty", ""), join(folder, "missing"), await write("blank", "# nothing\n\n")];
      const real = await write("real", config({ token: "t" }));
      const api = await open({}, { variables: { KUBECONFIG: [...files, real].join(delimiter) } });
      await api.request("/a");
      assert.equal(authorization(), "Bearer t");
    });

    test("half entries beside a good current context", async () => {
      const more = {
        clusters: [
          { name: "old" },
          null,
          { cluster: { server: "https://nameless" } },
          { name: "c", cluster: { server: url(), "certificate-authority-data": authority() } },
        ],
        contexts: [{ name: "half" }, { name: "here", context: { cluster: "c", user: "u" } }],
        preferences: {},
      };
      const api = await open({ kubeconfig: await write("k", config({ token: "t" }, {}, more)) });
      await api.request("/a");
      assert.deepEqual([api.context, authorization()], ["here", "Bearer t"]);
    });

    test("lists that are null, and no kind", async () => {
      const file = await write("k", "users:\nclusters:\ncontexts: null\ncurrent-context: ''\n");
      await assert.rejects(open({ kubeconfig: file }), {
        code: "configuration",
        message: /names no current context; it has none/,
      });
    });

    test("half an entry that is used is an error that names it", async () => {
      const half = { contexts: [{ name: "here" }] };
      const cases: readonly (readonly [object, RegExp])[] = [
        [half, /context here names no cluster/],
        [{ contexts: [{ name: "here", context: { cluster: "x" } }] }, /names the cluster x, which it does not have/],
        [{ contexts: [{ name: "here", context: { cluster: "c", user: "x" } }] }, /names the user x, which/],
        [{ clusters: [{ name: "c" }] }, /context here has no valid server URL/],
      ];
      for (const [more, message] of cases) {
        const file = await write("k", config({ token: "t" }, {}, more));
        await assert.rejects(open({ kubeconfig: file }), { code: "configuration", message });
      }
    });

    test("of two entries with one name the first, of current contexts the first that is named", async () => {
      const first = await write("1", config({ token: "first" }, {}, { "current-context": "" }));
      const second = await write("2", config({ token: "second" }));
      const api = await open({}, { variables: { KUBECONFIG: [first, second].join(delimiter) } });
      await api.request("/a");
      assert.deepEqual([api.context, authorization()], ["here", "Bearer first"]);
    });

    test("YAML with anchors, merges, names that look like numbers, and a second document", async () => {
      const text = `
base: &base { certificate-authority-data: ${authority()} }
clusters:
- name: 1.30
  cluster: { <<: *base, server: "${url()}" }
users: [{ name: u, user: { token: 12345 } }]
contexts: [{ name: 7, context: { cluster: 1.30, user: u } }]
current-context: 7
---
current-context: other
`;
      const api = await open({ kubeconfig: await write("k", text) });
      await api.request("/a");
      assert.deepEqual([api.context, authorization()], ["7", "Bearer 12345"]);
    });

    test("relative paths, from the folder of their own file", async () => {
      await mkdir(join(folder, "deep"));
      await write("deep/ca.pem", server.certificate);
      await write("deep/token", "deep-token\n");
      const cluster = { "certificate-authority-data": undefined, "certificate-authority": "ca.pem" };
      const deep = await write("deep/k", config({ tokenFile: "./token" }, cluster));
      const other = await write("other", config({ token: "other" }));
      const api = await open({}, { variables: { KUBECONFIG: [deep, other].join(delimiter) } });
      await api.request("/a");
      assert.equal(authorization(), "Bearer deep-token");
    });

    test("tls-server-name that is an address: the certificate has to name it", async () => {
      const named = { server: url().replace("127.0.0.1", "localhost"), "tls-server-name": "127.0.0.1" };
      const api = await open({ kubeconfig: await write("1", config({}, named)) });
      await api.request("/a");
      const wrong = await open({ kubeconfig: await write("2", config({}, { "tls-server-name": "10.9.9.9" })) });
      await assert.rejects(wrong.request("/a"), /certificate is not trusted/);
    });

    test("a certificate authority whose file is missing is named", async () => {
      const missing = { "certificate-authority-data": undefined, "certificate-authority": "gone.crt" };
      const api = await open({ kubeconfig: await write("1", config({}, missing)) });
      await assert.rejects(api.request("/a"), /the certificate authority \/.*\/gone\.crt cannot be read: ENOENT/);
    });

    test("tls-server-name, and insecure-skip-tls-verify", async () => {
      const named = await open({
        kubeconfig: await write("1", config({}, { "tls-server-name": "kubernetes.corp.test" })),
      });
      await named.request("/a");
      const wrong = await open({ kubeconfig: await write("2", config({}, { "tls-server-name": "other.test" })) });
      await assert.rejects(wrong.request("/a"), { reason: "ERR_TLS_CERT_ALTNAME_INVALID" });
      const cluster = { "certificate-authority-data": undefined, "insecure-skip-tls-verify": true };
      await (await open({ kubeconfig: await write("3", config({}, cluster)) })).request("/a");
      const none = await open({
        kubeconfig: await write("4", config({}, { "certificate-authority-data": undefined })),
      });
      await assert.rejects(none.request("/a"), { code: "unreachable", message: /its certificate is not trusted/ });
    });

    test("user and password, and whom to act as", async () => {
      const user = {
        username: "jane",
        password: "pass:word",
        as: "robot",
        "as-groups": ["a", "b"],
        "as-user-extra": { "k/x": ["1"] },
      };
      await (await open({ kubeconfig: await write("k", config(user)) })).request("/a");
      assert.equal(authorization(), `Basic ${Buffer.from("jane:pass:word").toString("base64")}`);
      assert.equal(seen.at(-1)?.["impersonate-user"], "robot");
      assert.equal(seen.at(-1)?.["impersonate-group"], "a, b");
      assert.equal(seen.at(-1)?.["impersonate-extra-k%2fx"], "1");
    });
  });

  describe("dev-10: HTTPS_PROXY", () => {
    const name = "kubernetes.corp.test";
    const corporate = (): Promise<string> => write("k", config({ token: "t" }, { server: `https://${name}:6443` }));

    test("leads to a server that only the proxy can resolve", async () => {
      await using proxy = await startConnectProxy({ [`${name}:6443`]: server.port });
      for (const variables of [{ HTTPS_PROXY: proxy.url }, { https_proxy: proxy.host }]) {
        await (await open({ kubeconfig: await corporate() }, { variables })).request("/a");
        assert.equal(authorization(), "Bearer t");
      }
      assert.deepEqual(proxy.asked, [`CONNECT ${name}:6443`, `CONNECT ${name}:6443`]);
    });

    test("with user and password, and below the kubeconfig's own proxy-url", async () => {
      await using proxy = await startConnectProxy({ [`${name}:6443`]: server.port });
      const own = proxy.url.replace("//", "//jane:p%40ss@");
      const file = await write("k", config({}, { server: `https://${name}:6443`, "proxy-url": own }));
      await (await open({ kubeconfig: file }, { variables: { HTTPS_PROXY: "http://127.0.0.1:1" } })).request("/a");
      assert.deepEqual(proxy.authorizations, [`Basic ${Buffer.from("jane:p@ss").toString("base64")}`]);
    });

    test("is not used for what NO_PROXY excepts, nor for this machine", async () => {
      await using proxy = await startConnectProxy({});
      const variables = { HTTPS_PROXY: proxy.url, NO_PROXY: "corp.test" };
      const excepted = await open({ kubeconfig: await corporate() }, { variables });
      await assert.rejects(excepted.request("/a"), {
        code: "unreachable",
        message: /does not resolve|cannot be resolved/,
      });
      await (await open({ kubeconfig: await write("l", config({})) }, { variables })).request("/a");
      assert.deepEqual(proxy.asked, []);
    });

    test("that refuses, or is away, is distinguished from the server, without its password", async () => {
      await using proxy = await startConnectProxy({});
      const own = proxy.url.replace("//", "//jane:secret@");
      const refused = await open({ kubeconfig: await corporate() }, { variables: { HTTPS_PROXY: own } });
      const refusal = (error: Error): boolean =>
        /the proxy http:\/\/127.0.0.1:\d+ gave no connection: it answered 502/.test(error.message) &&
        !error.message.includes("secret");
      await assert.rejects(refused.request("/a"), refusal);
      const away = await open({ kubeconfig: await corporate() }, { variables: { HTTPS_PROXY: "http://127.0.0.1:1" } });
      await assert.rejects(away.request("/a"), { code: "unreachable", message: /the proxy http:\/\/127.0.0.1:1 gave/ });
      await assert.rejects(open({ kubeconfig: await corporate() }, { variables: { HTTPS_PROXY: "ftp://x" } }), {
        code: "configuration",
        message: /HTTPS_PROXY is not the URL of a proxy/,
      });
    });

    test("that never answers ends with the call's limit", async () => {
      await using proxy = await startConnectProxy({});
      proxy.refuse = "nothing";
      const clock = manualClock();
      const api = await open({ kubeconfig: await corporate() }, { variables: { HTTPS_PROXY: proxy.url }, clock });
      const answered = assert.rejects(api.request("/a"), { code: "timeout" });
      await clock.nextSleep();
      await clock.advance(30_000);
      await answered;
    });
  });

  describe("dev-08: tokenFile", () => {
    for (const kind of ["absolute", "relative"]) {
      test(`is sent, by an ${kind} path, and read again after a minute`, async () => {
        const clock = manualClock();
        const path = await write("token", "one\n");
        const api = await open(
          { kubeconfig: await write("k", config({ tokenFile: kind === "absolute" ? path : "token" })) },
          { clock },
        );
        await api.request("/a");
        assert.equal(authorization(), "Bearer one");
        await writeFile(path, "two");
        await clock.advance(60_000);
        await api.request("/a");
        assert.equal(authorization(), "Bearer two");
      });
    }

    test("is read again at once when its token is refused", async () => {
      const path = await write("token", "one");
      const api = await open({ kubeconfig: await write("k", config({ tokenFile: path })) });
      await api.request("/a");
      await writeFile(path, "two");
      valid.add("two");
      await Promise.all([api.request("/a"), api.request("/b"), api.request("/c")]);
      assert.equal(authorization(), "Bearer two");
    });

    test("goes before a token in the file, which counts while it cannot be read", async () => {
      const user = { tokenFile: join(folder, "token"), token: "in-place" };
      const api = await open({ kubeconfig: await write("k", config(user)) });
      await api.request("/a");
      assert.equal(authorization(), "Bearer in-place");
      await write("token", "from-file");
      await api.request("/a");
      assert.equal(authorization(), "Bearer from-file");
    });

    test("that is missing is an error that names it", async () => {
      const api = await open({ kubeconfig: await write("k", config({ tokenFile: "nowhere" })) });
      await assert.rejects(api.request("/a"), {
        code: "unauthorized",
        message: /no credentials.*token file .*\/nowhere cannot be read: ENOENT/,
      });
    });
  });

  test("a password of a removed authentication provider is refused with a reason", async () => {
    const api = await open({ kubeconfig: await write("k", config({ "auth-provider": { name: "gcp", config: {} } })) });
    await assert.rejects(api.request("/a"), {
      code: "unauthorized",
      message: /gcp was removed from kubectl; use a credential plugin/,
    });
  });

  test("nothing is sent over plain HTTP", async () => {
    const file = await write("k", config({ exec: { command: "false" } }, { server: "http://127.0.0.1:1" }));
    await assert.rejects((await open({ kubeconfig: file })).request("/a"), { reason: "ECONNREFUSED" });
  });

  test("a certificate for the client is read from files and from data", async () => {
    const certificate = await write("cert.pem", server.certificate);
    const data = (await readFile(certificate)).toString("base64");
    for (const user of [
      { "client-certificate": "cert.pem", "client-key": "missing.pem" },
      { "client-certificate-data": data, "client-key": "missing.pem" },
    ]) {
      const api = await open({ kubeconfig: await write("k", config(user)) });
      await assert.rejects(api.request("/a"), { code: "unauthorized", message: /missing\.pem/ });
    }
  });
});
