import assert from "node:assert/strict";
import { createHash, generateKeyPairSync } from "node:crypto";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { pino } from "pino";
import { startOddRegistry } from "../../../testing/odd-registry.ts";
import { startRegistryProxy } from "../../../testing/registry-proxy.ts";
import { attackedService } from "./testing/attacked-service.ts";

describe("what may be read by those who keep logs and backups", { timeout: 60_000 }, () => {
  let folder: string;
  before(async () => void (folder = await mkdtemp(join(tmpdir(), "logged-"))));
  after(() => rm(folder, { recursive: true }));

  /** A log of everything, as text. */
  function fullLog(): { readonly log: pino.Logger; text(): string } {
    let text = "";
    const stream = new Writable({ write: (chunk, _, done) => ((text += String(chunk)), done()) });
    return { log: pino({ level: "trace" }, stream), text: () => text };
  }

  test("no password, key or token is in the store, the log or an answer", async () => {
    await using registry = await startOddRegistry();
    registry.image("team/executor-ml", "1.0.0");
    const { privateKey } = generateKeyPairSync("ed25519");
    const pem = String(privateKey.export({ type: "pkcs8", format: "pem" }));
    const secrets = {
      password: "planted-password",
      header: "planted-header",
      webhookSecret: "planted-secret-of-a-webhook",
      caller: "planted-caller",
      stranger: "planted-stranger",
      key: pem.split("\n")[1] ?? "",
    };
    // It wants a password, and refuses what it gets.
    await using locked = await startRegistryProxy();
    let basic: string | undefined;
    locked.intercept(({ headers }, response) => {
      basic = headers.authorization ?? basic;
      response.writeHead(basic === undefined ? 401 : 403, { "www-authenticate": 'Basic realm="locked"' }).end();
      return true;
    });
    const store = await mkdtemp(join(folder, "store-"));
    const file = async (name: string, text: string): Promise<object> => {
      await writeFile(join(folder, name), text);
      return { file: join(folder, name) };
    };
    const { log, text } = fullLog();
    const config = {
      log: { level: "debug" },
      store: `sqlite:${join(store, "catalogue.db")}`,
      sources: [
        { name: "main", kind: "oci", host: registry.host, insecure: true, repositories: ["team/*"] },
        {
          name: "locked",
          kind: "oci",
          host: locked.host,
          insecure: true,
          repositories: ["team/executor-ml"],
          credentials: { username: "robot", password: await file("password", secrets.password) },
        },
      ],
      checks: { approvedNamespaces: [`${registry.host}/team/*`] },
      webhooks: [
        { name: "own", kind: "distribution", headers: { Authorization: await file("header", secrets.header) } },
        { name: "hub", kind: "ghcr", secret: await file("webhook", secrets.webhookSecret) },
      ],
      audit: { checkpoints: { key: await file("key", pem), every: "1s" } },
      auth: {
        tokens: [{ name: "job", role: "operator", sha256: createHash("sha256").update(secrets.caller).digest("hex") }],
      },
    };
    let told = "";
    {
      await using attacked = await attackedService(config, { log });
      const statuses: number[] = [];
      const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
        const response = await fetch(`${attacked.url}${path}`, init);
        statuses.push(response.status);
        told += await response.text();
      };
      const authorization = (token: string) => ({
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      });
      const body = JSON.stringify({ reason: "a test" });
      await ask("/executors/refresh?wait=true", { method: "POST", ...authorization(secrets.caller) });
      await ask("/executors/refresh", { method: "POST", ...authorization(secrets.stranger) });
      await ask("/executors/ml/rollback", { method: "POST", body, ...authorization(secrets.caller) });
      await ask("/webhooks/own", { method: "POST", body: "{}", headers: { authorization: secrets.header } });
      await ask("/webhooks/hub", { method: "POST", body: "{}", ...authorization(secrets.webhookSecret) });
      assert.deepEqual(statuses, [200, 401, 409, 400, 401]);
      while (!told.includes('"checkpoint"')) await ask("/journal");
      for (const path of ["/executors", "/executors/ml/versions", "/health", "/metrics", "/openapi.json"])
        await ask(path);
    }
    assert.match(text(), /answered/);
    assert.equal(basic, `Basic ${Buffer.from(`robot:${secrets.password}`).toString("base64")}`);
    const places: Record<string, string> = { "the log": text(), "an answer": told };
    for (const name of await readdir(store)) places[name] = await readFile(join(store, name), "latin1");
    assert.ok((places["catalogue.db"] ?? "").includes("executor-ml"));
    for (const [place, held] of Object.entries(places)) {
      for (const [name, secret] of Object.entries(secrets)) {
        for (const form of [secret, Buffer.from(`robot:${secret}`).toString("base64")]) {
          assert.ok(!held.includes(form), `${place} holds ${name}`);
        }
      }
    }
  });

  test("what a registry says makes no second line of the log, and steers no terminal", async () => {
    await using good = await startOddRegistry();
    good.image("team/executor-ml", "1.0.0");
    await using hostile = await startRegistryProxy();
    const forged = `away\n{"level":30,"msg":"all is well"}\r\n\u001b[2J\u009b2J\u2028`;
    hostile.intercept((_request, response) => {
      response.writeHead(403, { "content-type": "application/json" });
      response.end(JSON.stringify({ errors: [{ code: "DENIED", message: forged }] }));
      return true;
    });
    const { log, text } = fullLog();
    const source = { kind: "oci", insecure: true, repositories: ["team/executor-ml"] };
    const sources = [
      { ...source, name: "good", host: good.host },
      { ...source, name: "hostile", host: hostile.host },
    ];
    {
      await using attacked = await attackedService(
        { sources, checks: { approvedNamespaces: [`${good.host}/team/*`] } },
        { log },
      );
      await attacked.refresh();
    }
    const lines = text().trimEnd().split("\n");
    assert.ok(text().includes("all is well"));
    for (const line of lines) assert.notEqual((JSON.parse(line) as { msg?: string }).msg, "all is well");
    // oxlint-disable-next-line no-control-regex
    assert.doesNotMatch(text(), /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/);
  });
});
