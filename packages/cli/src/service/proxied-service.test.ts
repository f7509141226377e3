import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { systemClock } from "@executor-registry/resolver";
import { createServiceClient, PROBLEM_TYPES, type ServiceOperation } from "@executor-registry/resolver/internal";
import { connect } from "@executor-registry/resolver/kubernetes";
import type { Outcome } from "../../../../testing/cli.ts";
import { exampleService } from "../../../../testing/example-service.ts";
import { fakeIo, runHere } from "../testing/fake-io.ts";
import { proxiedService } from "./proxied-service.ts";

const sha256 = createHash("sha256").update("open-sesame").digest("hex");
const CLOSED = `auth: { reads: token, tokens: [{ name: ci, role: reader, sha256: ${sha256} }] }`;

const PRECONDITION = `${PROBLEM_TYPES}precondition-failed`;
const CHANGE = {
  id: "change",
  method: "PUT",
  path: "/executors/{type}/thing",
  query: [],
  parse: (json: unknown) => json,
} as const satisfies ServiceOperation;

describe("the cluster's registry service, through an API server's proxy", () => {
  const services = new Map<string, string>();
  const held = new AsyncDisposableStack();
  let kubeconfig = "";
  // As the API server does: it passes on what the service answers, and has a Status for what it has no way to.
  const server = createServer((request, response) => void passOn(request, response));
  async function passOn(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { url = "", method = "GET" } = request;
    const [, name = "", rest = ""] =
      /^\/api\/v1\/namespaces\/team\/services\/http:([^/]+):80\/proxy(.*)$/.exec(url) ?? [];
    const service = services.get(name);
    if (name === "asleep") {
      return refuse(response, 503, "ServiceUnavailable", 'no endpoints available for service "asleep"');
    }
    if (service === undefined) return refuse(response, 404, "NotFound", `services "${name}" not found`);
    const { host: _, connection: __, "content-length": ___, ...headers } = request.headers;
    const body = Buffer.concat(await request.toArray());
    const sent = { method, headers: headers as Record<string, string>, ...(body.length > 0 && { body }) };
    const answer = await fetch(`${service}${rest}`, sent);
    const [type, etag] = ["content-type", "etag"].map((name) => answer.headers.get(name) ?? "");
    response.writeHead(answer.status, { "content-type": type, ...(etag && { etag }) }).end(await answer.text());
  }
  before(async () => {
    const folder = await mkdtemp(join(tmpdir(), "proxied-"));
    held.defer(() => rm(folder, { recursive: true }));
    const open = held.use(await exampleService("auth: { writes: open }"));
    const closed = held.use(await exampleService(CLOSED));
    services.set("executor-registry", open.url).set("other", open.url).set("closed", closed.url);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    held.defer(() => void server.close());
    kubeconfig = join(folder, "kubeconfig");
    const { port } = server.address() as AddressInfo;
    const config = {
      clusters: [{ name: "a", cluster: { server: `http://127.0.0.1:${port}` } }],
      users: [],
      contexts: [{ name: "a", context: { cluster: "a", namespace: "team" } }],
      "current-context": "a",
    };
    await writeFile(kubeconfig, JSON.stringify(config));
  });
  after(() => held.disposeAsync());

  const ask = (...args: string[]): Promise<Outcome> =>
    runHere([...args, "--kubeconfig", kubeconfig], fakeIo({ clock: systemClock }));

  test("get, versions, journal and refresh need the kubeconfig alone", async () => {
    assert.match((await ask("get", "ml")).stdout, /^image: docker\.io\/library\/executor-ml@sha256:3f31356a/m);
    assert.match((await ask("versions", "ml")).stdout, /^1\.4\.0 +admitted +yes /m);
    assert.match((await ask("journal", "--limit", "1", "-o", "name")).stdout, /^entry\/\d+$/m);
    assert.match((await ask("refresh", "--wait")).stdout, /^examples +3 /m);
    assert.deepEqual((await ask("refresh", "ml")).stderr, "the service will scan now\n");
  });

  test("a version is pinned and unpinned through it", async () => {
    const because = ["--reason", "a test"];
    assert.match((await ask("pin", "ml", "--to", "1.3.0", ...because)).stdout, /^executor\/ml pinned to 1\.3\.0 /);
    assert.match((await ask("history", "ml")).stdout, /^2 +1\.3\.0 /m);
    assert.match((await ask("pin", "ml", "--to", "9.9.9", ...because)).stderr, /^error: ml has no image 9\.9\.9/);
    assert.equal((await ask("unpin", "ml", ...because)).stdout, "executor/ml unpinned\n");
  });

  test("a change goes through with its body, its conditions and its answer's entity tag", async () => {
    const asked: unknown[] = [];
    const answer = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
      const { method, url, headers } = request;
      const body: unknown = JSON.parse(Buffer.concat(await request.toArray()).toString());
      asked.push({ method, url, ifMatch: headers["if-match"], key: headers["idempotency-key"], body });
      response.writeHead(asked.length === 1 ? 200 : 412, { "content-type": "application/json", etag: '"8"' });
      response.end(JSON.stringify({ code: "precondition-failed", detail: "it changed", type: PRECONDITION }));
    };
    const echo = createServer((request, response) => void answer(request, response)).listen(0, "127.0.0.1");
    await once(echo, "listening");
    services.set("echo", `http://127.0.0.1:${(echo.address() as AddressInfo).port}`);
    const api = await connect({ kubeconfig });
    const client = createServiceClient(proxiedService(api, { name: "echo", port: "80" }, systemClock));
    const { signal } = new AbortController();
    const question = { body: { to: "1" }, ifMatch: '"7"', idempotencyKey: "key", signal };
    assert.equal((await client.look(CHANGE, { type: "ml" }, question)).etag, '"8"');
    assert.deepEqual(asked, [
      { method: "PUT", url: "/executors/ml/thing", ifMatch: '"7"', key: '"key"', body: { to: "1" } },
    ]);
    const refused = client.ask(CHANGE, { type: "ml" }, question);
    await assert.rejects(refused, { code: "precondition-failed", message: "it changed" });
    api.close();
    echo.close();
  });

  test("list and resolve ask the one that --service names", async () => {
    assert.equal(
      (await ask("list", "-o", "name", "--service", "other")).stdout,
      "executor/etl\nexecutor/ml\nexecutor/nlp\n",
    );
    assert.match((await ask("resolve", "ml", "--service", "other:80")).stdout, /executor-ml@sha256:3f31356a/);
  });

  for (const command of ["get", "versions", "resolve"]) {
    test(`${command}: what the service refuses is said in its words`, async () => {
      const { code, stdout, stderr } = await ask(command, "mll", "--service", "other");
      assert.deepEqual([code, stdout], [3, ""]);
      assert.match(stderr, /did you mean ml\?/);
    });

    test(`${command}: a service that requires a token names the other way to reach it`, async () => {
      const { code, stderr } = await ask(command, "ml", "--service", "closed");
      assert.equal(code, 4);
      assert.match(stderr, /proxy does not pass one on.*kubectl port-forward -n team service\/closed 8080:80/);
    });

    test(`${command}: where there is none, or nothing behind it, its name and namespace are told`, async () => {
      for (const [name, why] of [
        ["nowhere", "the cluster has no Service of this name"],
        ["asleep", 'no endpoints available for service "asleep"'],
      ] as const) {
        const { code, stderr } = await ask(command, "ml", "--service", name);
        assert.equal(code, 5);
        assert.ok(stderr.includes(`service team/${name} of the cluster cannot be asked: ${why}`), stderr);
      }
    });
  }
});

function refuse(response: ServerResponse, code: number, reason: string, message: string): void {
  response.writeHead(code, { "content-type": "application/json" });
  response.end(JSON.stringify({ kind: "Status", code, reason, message }));
}
