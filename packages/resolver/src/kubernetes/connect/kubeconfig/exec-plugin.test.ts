import assert from "node:assert/strict";
import { chmod, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, afterEach, before, beforeEach, describe, test } from "node:test";
import { eventually } from "../../../../../../testing/cluster.ts";
import { manualClock } from "../../../../../../testing/manual-clock.ts";
import { noOpenssl } from "../../../../../../testing/self-signed.ts";
import { startTlsServer, type TlsServer } from "../../../../../../testing/tls-server.ts";
import type { KubernetesApi } from "../../api/api.ts";
import { connect, type ConnectEnvironment } from "../connect.ts";

const apiVersion = "client.authentication.k8s.io/v1";

describe("dev-07: a credential plugin", { skip: noOpenssl }, () => {
  let server: TlsServer;
  let folder = "";
  /** The token that the server takes. */
  let valid = "";
  const seen: (string | undefined)[] = [];
  const opened: KubernetesApi[] = [];
  before(async () => {
    server = await startTlsServer(["kubernetes.test"], ({ headers }, response) => {
      seen.push(headers.authorization);
      response.writeHead(headers.authorization === `Bearer ${valid}` ? 200 : 401).end("{}");
    });
  });
  after(() => server[Symbol.asyncDispose]());
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "plugin-"));
    seen.length = 0;
  });
  afterEach(async () => {
    for (const api of opened.splice(0)) api.close();
    await rm(folder, { recursive: true });
  });

  /** Writes a script, which notes each start. */
  async function plugin(body: string, name = "plugin.sh"): Promise<string> {
    await writeFile(join(folder, name), `#!/bin/sh\necho started >> ${folder}/starts\n${body}\n`);
    await chmod(join(folder, name), 0o755);
    return join(folder, name);
  }
  /** A script that answers with a file's text as its status. */
  const answering = async (status: object, version = apiVersion): Promise<string> => {
    await answer(status, version);
    return plugin(`cat ${folder}/answer`);
  };
  const answer = (status: object, version = apiVersion): Promise<void> =>
    writeFile(join(folder, "answer"), JSON.stringify({ apiVersion: version, kind: "ExecCredential", status }));
  const starts = async (): Promise<number> =>
    (await readFile(join(folder, "starts"), "utf8").catch(() => "")).split("started").length - 1;

  async function open(
    exec: object,
    environment: ConnectEnvironment = {},
    cluster: object = {},
  ): Promise<KubernetesApi> {
    const authority = Buffer.from(server.certificate).toString("base64");
    const access = { server: `https://127.0.0.1:${server.port}`, "certificate-authority-data": authority, ...cluster };
    const config = {
      clusters: [{ name: "c", cluster: access }],
      users: [{ name: "u", user: { exec: { apiVersion, interactiveMode: "Never", ...exec } } }],
      contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
      "current-context": "here",
    };
    const kubeconfig = join(folder, "config");
    await writeFile(kubeconfig, JSON.stringify(config));
    const api = await connect({ kubeconfig }, { home: folder, ...environment });
    opened.push(api);
    return api;
  }

  test("(a) is asked again when its token without an expiry is refused, once for all that were refused", async () => {
    valid = "one";
    const api = await open({ command: await answering({ token: "one" }) });
    await api.request("/a");
    await api.request("/a");
    assert.equal(await starts(), 1);
    valid = "two";
    await answer({ token: "two" });
    await Promise.all(["/a", "/b", "/c", "/d"].map((path) => api.request(path as "/a")));
    assert.equal(await starts(), 2);
    assert.equal(seen.at(-1), "Bearer two");
  });

  test("(a) a token that stays refused is no loop: one more start and one error for each request", async () => {
    valid = "never";
    const api = await open({ command: await answering({ token: "one" }) });
    await assert.rejects(api.request("/a"), { code: "unauthorized", status: 401 });
    assert.deepEqual([await starts(), seen.length], [2, 1]);
  });

  test("(b) is asked once by all that ask at the same time", async () => {
    valid = "one";
    const api = await open({ command: await answering({ token: "one" }) });
    await Promise.all(["/a", "/b", "/c", "/d"].map((path) => api.request(path as "/a")));
    assert.equal(await starts(), 1);
  });

  test("is asked again once its token has expired", async () => {
    const clock = manualClock();
    valid = "one";
    const expirationTimestamp = new Date(clock.now() + 60_000).toISOString();
    const api = await open({ command: await answering({ token: "one", expirationTimestamp }) }, { clock });
    await api.request("/a");
    await clock.advance(59_999);
    await api.request("/a");
    assert.equal(await starts(), 1);
    await clock.advance(1);
    await api.request("/a");
    assert.equal(await starts(), 2);
  });

  test("(c) that waits is named in an error after 30 s, and ended with all that it started", async () => {
    const clock = manualClock();
    const command = await plugin(`sleep 1000 & echo $! > ${folder}/child; wait`);
    const api = await open({ command }, { clock });
    const answered = assert.rejects(api.request("/a"), {
      code: "unauthorized",
      message: /the credential plugin .*plugin\.sh did not answer within 30 s and was ended; does it wait for input/,
    });
    const child = await eventually("the plugin's child", 5000, async () => {
      return Number(await readFile(join(folder, "child"), "utf8").catch(() => "")) || undefined;
    });
    await clock.advance(30_000);
    await answered;
    await eventually("its end", 5000, async () => (isRunning(child) ? undefined : true));
  });

  test("(c) that waits ends with its request's signal at once, and itself when the connection is closed", async () => {
    const command = await plugin(`echo $$ > ${folder}/child; exec sleep 1000`);
    const api = await open({ command });
    const stop = new AbortController();
    const answered = api.request("/a", { signal: stop.signal });
    const child = await eventually("the plugin", 5000, async () => {
      return Number(await readFile(join(folder, "child"), "utf8").catch(() => "")) || undefined;
    });
    stop.abort(new Error("enough"));
    await assert.rejects(answered, /enough/);
    api.close();
    await eventually("its end", 5000, async () => (isRunning(child) ? undefined : true));
  });

  test("(d) that is not installed is an error with its installHint", async () => {
    const api = await open({
      command: "aws-iam-authenticator-x",
      installHint: "Install it with:\n  brew install aws-x",
    });
    await assert.rejects(api.request("/a"), {
      code: "unauthorized",
      message:
        /credential plugin aws-iam-authenticator-x was not found; is it installed\?\nInstall it with:\n {2}brew install aws-x/,
    });
  });

  test("(e) is found relative to the kubeconfig, and by its name in PATH", async () => {
    valid = "one";
    await answering({ token: "one" });
    await (await open({ command: "./plugin.sh" })).request("/a");
    const variables = { ...process.env, PATH: `${folder}:${process.env["PATH"]}` };
    await (await open({ command: "plugin.sh" }, { variables })).request("/a");
    assert.equal(await starts(), 2);
  });

  test("(f) is given the cluster where it asks for that, and whether it may ask", async () => {
    valid = "one";
    await answer({ token: "one" });
    const command = await plugin(`printf %s "$KUBERNETES_EXEC_INFO" > ${folder}/info; cat ${folder}/answer`);
    const extensions = [{ name: "client.authentication.k8s.io/exec", extension: { audience: "me" } }];
    const api = await open(
      { command, provideClusterInfo: true },
      {},
      { extensions, "tls-server-name": "kubernetes.test" },
    );
    await api.request("/a");
    assert.deepEqual(JSON.parse(await readFile(join(folder, "info"), "utf8")), {
      apiVersion,
      kind: "ExecCredential",
      spec: {
        interactive: false,
        cluster: {
          server: `https://127.0.0.1:${server.port}`,
          "tls-server-name": "kubernetes.test",
          "certificate-authority-data": Buffer.from(server.certificate).toString("base64"),
          config: { audience: "me" },
        },
      },
    });
    await (await open({ command })).request("/a");
    const { spec } = JSON.parse(await readFile(join(folder, "info"), "utf8")) as { spec: object };
    assert.deepEqual(spec, { interactive: false });
  });

  test("may ask at a terminal, unless it says Never; one that always asks needs a terminal", async () => {
    valid = "one";
    await answer({ token: "one" });
    const command = await plugin(`printf %s "$KUBERNETES_EXEC_INFO" > ${folder}/info; cat ${folder}/answer`);
    for (const [interactiveMode, terminal, expected] of [
      ["Never", true, false],
      ["IfAvailable", true, true],
      ["IfAvailable", false, false],
      ["Always", true, true],
    ] as const) {
      await (await open({ command, interactiveMode }, { terminal })).request("/a");
      const { spec } = JSON.parse(await readFile(join(folder, "info"), "utf8")) as { spec: { interactive: boolean } };
      assert.equal(spec.interactive, expected);
    }
    const api = await open({ command, interactiveMode: "Always" }, { terminal: false });
    await assert.rejects(api.request("/a"), { message: /asks at a terminal .*standard input is not a terminal/ });
  });

  test("gets its arguments and its variables, and answers in v1beta1 too", async () => {
    valid = "a b/c";
    const version = "client.authentication.k8s.io/v1beta1";
    const command = await plugin(
      `echo '{"apiVersion":"${version}","kind":"ExecCredential","status":{"token":"'"$1/$OWN"'"}}'`,
    );
    const exec = { apiVersion: version, command, args: ["a b"], env: [{ name: "OWN", value: "c" }] };
    await (await open(exec)).request("/a");
  });

  const wrong: readonly (readonly [string, string, RegExp])[] = [
    ["fails", "echo session expired >&2; exit 3", /failed with exit code 3: session expired/],
    ["is killed", "kill -9 $$", /was ended by SIGKILL/],
    ["answers no JSON", "echo secret-token", /answers with what is not JSON/],
    ["answers something else", "echo '{}'", /answers with what is no ExecCredential/],
    [
      "answers without a token",
      `echo '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{}}'`,
      /neither a token nor a certificate/,
    ],
    [
      "answers another version",
      `echo '{"apiVersion":"x","kind":"ExecCredential","status":{"token":"a"}}'`,
      /another version of the protocol/,
    ],
    [
      "answers half a certificate",
      `echo '{"apiVersion":"${apiVersion}","kind":"ExecCredential","status":{"clientKeyData":"a"}}'`,
      /a certificate or a key without the other/,
    ],
    ["answers too much", "head -c 2000000 /dev/zero", /answers with over 1048576 bytes/],
  ];
  for (const [name, body, message] of wrong) {
    test(`that ${name} is an error that says so, and is asked again by the next request`, async () => {
      const api = await open({ command: await plugin(body) });
      const expected = (error: Error & { code?: string }): boolean =>
        error.code === "unauthorized" && message.test(error.message) && !error.message.includes("secret-token");
      await assert.rejects(api.request("/a"), expected);
      await assert.rejects(api.request("/a"), expected);
      assert.equal(await starts(), 2);
    });
  }

  test("of a version that is gone is refused", async () => {
    const api = await open({ command: "x", apiVersion: "client.authentication.k8s.io/v1alpha1" });
    await assert.rejects(api.request("/a"), {
      message: /speaks client.authentication.k8s.io\/v1alpha1 of the protocol/,
    });
  });

  test("that leaves a child with its output open has answered when it ends", { timeout: 20_000 }, async () => {
    await answer({ token: (valid = "t") });
    const command = await plugin(`sleep 300 &\necho $! > ${folder}/child\ncat ${folder}/answer`);
    const api = await open({ command });
    await api.request("/a");
    assert.equal(seen.at(-1), "Bearer t");
    process.kill(Number(await readFile(join(folder, "child"), "utf8")));
  });
});

function isRunning(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
