import assert from "node:assert/strict";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, describe, test } from "node:test";
import { noCluster, type TestNamespace, testNamespace } from "../../../../testing/cluster.ts";
import { cuttableProxy } from "../../../../testing/cuttable-proxy.ts";
import { serviceAccount, type TestServiceAccount } from "../../../../testing/service-account.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

const AUDIENCE = "executor-registry";

describe("service accounts' tokens, judged by a real API server", { skip: noCluster }, () => {
  let space: TestNamespace;
  let jobs: TestServiceAccount;
  let folder: string;
  let file: string;
  before(async () => {
    space = await testNamespace("review");
    jobs = await serviceAccount(space, "jobs");
    folder = await mkdtemp(join(tmpdir(), "review-"));
    file = join(folder, "registry.yaml");
    const readers = ["page", "away", "reader"].map((name) => `"${space.name}:${name}": reader`);
    const accounts = `{"${space.name}:jobs": dispatcher, ${readers.join(", ")}}`;
    await writeFile(
      file,
      `listen: {host: 127.0.0.1, port: 0}\nauth: {reads: token, kubernetes: {serviceAccounts: ${accounts}}}\n`,
    );
  });
  after(async () => {
    await jobs[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
    await space[Symbol.asyncDispose]();
  });

  /** What a read and a refresh are answered with. */
  const asked = async ({ url }: Serving, token: string): Promise<readonly number[]> => {
    const statuses: number[] = [];
    for (const [path, method] of [
      ["/executors", "GET"],
      ["/executors/refresh", "POST"],
    ] as const) {
      const response = await fetch(url + path, { method, headers: { authorization: `Bearer ${token}` } });
      await response.arrayBuffer();
      statuses.push(response.status);
    }
    return statuses;
  };

  test("one made for this service is its account's role, and for no other service", async () => {
    await using service = await serving(file);
    assert.deepEqual(await asked(service, await jobs.newToken(AUDIENCE)), [200, 202]);
    await using page = await serviceAccount(space, "page");
    assert.deepEqual(await asked(service, await page.newToken(AUDIENCE)), [200, 403]);
    await using stranger = await serviceAccount(space, "stranger");
    const refused: Readonly<Record<string, string>> = {
      "for another service": await jobs.newToken("vault"),
      "for the API server": await jobs.newToken(),
      "of an account that is not listed": await stranger.newToken(AUDIENCE),
      "with another's account": withSubject(await stranger.newToken(AUDIENCE), `${space.name}:jobs`),
      "without a signature": (await jobs.newToken(AUDIENCE)).replace(/[^.]+$/, ""),
      "of nothing": "a.b.c",
    };
    for (const [why, token] of Object.entries(refused)) assert.deepEqual(await asked(service, token), [401, 401], why);
  });

  test("one of an account that was deleted is not valid", async () => {
    await using service = await serving(file);
    await using away = await serviceAccount(space, "away");
    const token = await away.newToken(AUDIENCE);
    await space.api.request(`/api/v1/namespaces/${space.name}/serviceaccounts/away`, { method: "DELETE" });
    assert.deepEqual(await asked(service, token), [401, 401]);
  });

  test("while the API server is away, those that were judged are remembered and no other is refused for good", async () => {
    await using proxy = await cuttableProxy();
    await using service = await serving(file, { KUBECONFIG: proxy.kubeconfig });
    await using page = await serviceAccount(space, "reader");
    const [known, fresh] = [await jobs.newToken(AUDIENCE), await page.newToken(AUDIENCE)];
    assert.deepEqual(await asked(service, known), [200, 202]);
    proxy.cut(3_600_000);
    assert.deepEqual(await asked(service, known), [200, 202]);
    assert.deepEqual(await asked(service, fresh), [503, 503]);
    assert.equal((await fetch(`${service.url}/livez`)).status, 200);
    proxy.cut(0);
    assert.deepEqual(await asked(service, fresh), [200, 403]);
  });

  test("where the service itself may not have them judged, callers do not get a refusal", async () => {
    await using service = await serving(file, { KUBECONFIG: await kubeconfigOf(jobs) });
    const token = await jobs.newToken(AUDIENCE);
    assert.deepEqual(await asked(service, token), [503, 503]);
    const { err } = await service.logged("a request failed");
    assert.match(JSON.stringify(err), /cannot create resource .*tokenreviews/);
  });

  /** A kubeconfig of what a service account may. */
  async function kubeconfigOf({ tokenFile }: TestServiceAccount): Promise<string> {
    const path = join(folder, "kubeconfig");
    const cluster = { server: space.api.server, "certificate-authority": join(dirname(tokenFile), "ca.crt") };
    const config = {
      apiVersion: "v1",
      kind: "Config",
      clusters: [{ name: "it", cluster }],
      users: [{ name: "it", user: { token: await readFile(tokenFile, "utf8") } }],
      contexts: [{ name: "it", context: { cluster: "it", user: "it" } }],
      "current-context": "it",
    };
    await writeFile(path, JSON.stringify(config));
    return path;
  }
});

/** The token, saying that it is of another account. */
function withSubject(token: string, account: string): string {
  const [head = "", body = "", signature = ""] = token.split(".");
  const claims = JSON.parse(Buffer.from(body, "base64url").toString()) as object;
  const changed = JSON.stringify({ ...claims, sub: `system:serviceaccount:${account}` });
  return [head, Buffer.from(changed).toString("base64url"), signature].join(".");
}
