import assert from "node:assert/strict";
import { once } from "node:events";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { startCli } from "../../../testing/cli.ts";
import { noOpenssl } from "../../../testing/self-signed.ts";
import { startTlsServer, type TlsServer } from "../../../testing/tls-server.ts";
import { fakeIo, runHere } from "./testing/fake-io.ts";

describe("credentials that a user lacks", { skip: noOpenssl }, () => {
  let folder = "";
  let server: TlsServer;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "credentials-"));
    // As an API server that lets strangers in, and refuses them what they ask for.
    server = await startTlsServer([], ({ headers }, response) => {
      const message = 'cronjobs.batch is forbidden: User "system:anonymous" cannot list resource "cronjobs"';
      response.writeHead(headers.authorization === undefined ? 403 : 401);
      response.end(JSON.stringify({ kind: "Status", reason: "Forbidden", message }));
    });
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const kubeconfig = async (user: object, port = server.port): Promise<string> => {
    const authority = Buffer.from(server.certificate).toString("base64");
    const cluster = { server: `https://127.0.0.1:${port}`, "certificate-authority-data": authority };
    const config = {
      clusters: [{ name: "c", cluster }],
      users: [{ name: "u", user }],
      contexts: [{ name: "here", context: { cluster: "c", user: "u" } }],
      "current-context": "here",
    };
    const path = join(folder, "kubeconfig");
    await writeFile(path, JSON.stringify(config));
    return path;
  };
  const exec = { apiVersion: "client.authentication.k8s.io/v1", interactiveMode: "Never" };

  for (const command of ["list", "resolve ml", "doctor"]) {
    test(`dev-08: ${command} of a user without any says to log in, and never what to give to strangers`, async () => {
      const file = await kubeconfig({});
      const io = fakeIo({ clock: systemClock });
      const { code, stdout, stderr } = await runHere([...command.split(" "), "--kubeconfig", file], io);
      assert.equal(code, command === "doctor" ? 1 : 4);
      assert.match(stdout + stderr, /no credentials/);
      assert.match(stdout + stderr, /log in/);
      assert.doesNotMatch(stdout + stderr, /kind:|RoleBinding|apply/);
    });
  }

  test("dev-07: a plugin that is not installed is reported with its installHint alone", async () => {
    const file = await kubeconfig({ exec: { ...exec, command: "aws-x", installHint: "get aws-x from example.com" } });
    const { code, stderr } = await runHere(["list", "--kubeconfig", file], fakeIo({ clock: systemClock }));
    assert.equal(code, 4);
    assert.match(
      stderr,
      /credential plugin aws-x was not found; is it installed\?\n {2}get aws-x from example\.com\n$/,
    );
  });

  test("dev-07: the first Ctrl-C ends a process whose plugin waits, and the plugin", async () => {
    const asked = createServer((_, response) => void response.end()).listen(0, "127.0.0.1");
    await once(asked, "listening");
    const { port } = asked.address() as { port: number };
    // The connection stands as long as the plugin does.
    const script = `const s = require("node:net").connect(${port}, "127.0.0.1"); s.write("GET / HTTP/1.1\\r\\n");`;
    await writeFile(join(folder, "plugin.cjs"), `#!${process.execPath}\n${script}\n`);
    await chmod(join(folder, "plugin.cjs"), 0o755);
    const connected = once(asked, "connection");
    const child = startCli(["list", "--kubeconfig", await kubeconfig({ exec: { ...exec, command: "./plugin.cjs" } })]);
    const [socket] = await connected;
    const gone = new Promise((resolve) => socket.once("close", resolve));
    socket.on("error", () => {});
    child.kill("SIGINT");
    assert.deepEqual(await once(child, "exit"), [130, null]);
    await gone;
    asked.close();
  });
});
