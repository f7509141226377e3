import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:http";
import { type AddressInfo, connect as connectSocket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../../../../../testing/cluster.ts";
import { serviceAccount, type TestServiceAccount } from "../../../../../testing/service-account.ts";
import { connect } from "./connect.ts";

interface Review {
  readonly status: { readonly allowed: boolean };
}

describe("a kubeconfig on a real API server", { skip: noCluster, timeout: 60_000 }, () => {
  let folder = "";
  let space: TestNamespace;
  let account: TestServiceAccount;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "kubeconfig-"));
    space = await testNamespace("connect");
    account = await serviceAccount(space);
  });
  after(async () => {
    await account[Symbol.asyncDispose]();
    await space[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  /** Writes a kubeconfig for the service account; resolves to its path. */
  async function kubeconfig(name: string, cluster: object, user: object): Promise<string> {
    const path = join(folder, name);
    const authority = join(account.environment.serviceAccount ?? "", "ca.crt");
    const config = {
      clusters: [{ name, cluster: { server: space.api.server, "certificate-authority": authority, ...cluster } }],
      users: [{ name, user }],
      contexts: [{ name, context: { cluster: name, user: name, namespace: space.name } }],
      "current-context": name,
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }

  /** Whether the account may do something that the cluster's administrator may. */
  async function mayListNodes(path: string): Promise<boolean> {
    const api = await connect({ kubeconfig: path });
    const spec = { resourceAttributes: { verb: "list", resource: "nodes" } };
    const review = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews";
    const answer = (await api.request(review, { method: "POST", body: { spec } })) as Review;
    api.close();
    return answer.status.allowed;
  }

  test("an exec plugin's token is used", async () => {
    const credential = join(folder, "credential.json");
    const token = await account.newToken();
    const apiVersion = "client.authentication.k8s.io/v1";
    await writeFile(credential, JSON.stringify({ apiVersion, kind: "ExecCredential", status: { token } }));
    const exec = { apiVersion, command: "cat", args: [credential], interactiveMode: "Never" };
    assert.equal(await mayListNodes(await kubeconfig("exec", {}, { exec })), false);
  });

  test("an exec plugin that fails is reported with its output", async () => {
    const exec = { apiVersion: "client.authentication.k8s.io/v1", command: "cat", args: [join(folder, "none")] };
    const path = await kubeconfig("broken", {}, { exec });
    await assert.rejects(mayListNodes(path), { code: "unauthorized", message: /context broken: .*No such file/ });
  });

  test("the server name to expect is taken", async () => {
    const token = await readFile(account.tokenFile, "utf8");
    const path = await kubeconfig("name", { "tls-server-name": "nobody.example" }, { token });
    await assert.rejects(mayListNodes(path), { code: "unreachable", reason: "ERR_TLS_CERT_ALTNAME_INVALID" });
  });

  test("a proxy is gone through", async () => {
    const targets: (string | undefined)[] = [];
    const proxy = createServer().on("connect", (request, client) => {
      targets.push(request.url);
      const [host = "", port] = (request.url ?? "").split(":");
      const upstream = connectSocket(Number(port), host, () => {
        client.write("HTTP/1.1 200 OK\r\n\r\n");
        upstream.pipe(client).pipe(upstream);
      });
      upstream.on("error", () => client.destroy());
      client.on("error", () => upstream.destroy());
    });
    proxy.listen(0, "127.0.0.1");
    await once(proxy, "listening");
    const { port } = proxy.address() as AddressInfo;
    const token = await readFile(account.tokenFile, "utf8");
    const path = await kubeconfig("proxy", { "proxy-url": `http://127.0.0.1:${port}` }, { token });
    assert.equal(await mayListNodes(path), false);
    assert.deepEqual(targets, [new URL(space.api.server).host]);
    proxy.close();
  });
});
