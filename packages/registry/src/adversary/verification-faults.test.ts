import assert from "node:assert/strict";
import { sign } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { makeSigningKey, simplePayload } from "../../../../testing/sigstore.ts";
import { type TimedService, timedService } from "../../../../testing/timed-service.ts";
import { startTufRepository } from "../../../../testing/tuf-repository.ts";

const NAME = "team/executor-ml";
const NEWER = { config: { created: "2026-11-12T00:00:00Z" } };
const key = makeSigningKey();
const env = { RELEASE_KEY: key.pem };

function signedImage(registry: OddRegistry, tag: string, options: object = {}): void {
  const { digest } = registry.image(NAME, tag, options);
  const payload = simplePayload(digest);
  const signature = sign("sha256", payload, key.privateKey).toString("base64");
  const layer = {
    ...registry.blob(NAME, payload, "application/vnd.dev.cosign.simplesigning.v1+json"),
    annotations: { "dev.cosignproject.cosign/signature": signature },
  };
  const config = registry.blob(NAME, "{}", "application/vnd.oci.image.config.v1+json");
  registry.manifest(NAME, `${digest.replace(":", "-")}.sig`, { schemaVersion: 2, config, layers: [layer] });
}

async function journal(t: TestContext): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  t.after(() => rm(folder, { recursive: true }));
  return `sqlite:${join(folder, "catalogue.db")}`;
}

function start(registry: OddRegistry, store: string, signature: object, at?: number): Promise<TimedService> {
  const source = `kind: oci, host: "${registry.host}", insecure: true, repositories: ["${NAME}"], interval: 1d`;
  const policy = { name: "all", namespaces: { allow: [`${registry.host}/team/*`] }, signature };
  const more = `store: "${store}"\nchecks: ${JSON.stringify({ policies: [policy] })}\n`;
  return timedService(source, more, env, at);
}

const KEYS = [{ env: "RELEASE_KEY" }];

describe("signatures that cannot be verified now", { timeout: 120_000 }, () => {
  for (const [name, status] of [
    ["refuses so many requests", 429],
    ["fails", 500],
    ["never answers", undefined],
  ] as const) {
    test(`because the registry ${name}, let nothing new be served, and take nothing away`, async (t) => {
      await using registry = await startOddRegistry();
      const store = await journal(t);
      signedImage(registry, "1.0.0");
      await using service = await start(registry, store, { keys: KEYS });
      await service.passUntil(async () => (await service.version("ml")) === "1.0.0");
      const heal = registry.intercept(({ url = "" }, response) => {
        if (!/sha256-|referrers/.test(url)) return false;
        if (status !== undefined) response.writeHead(status, { "retry-after": "1" }).end();
        return true;
      });
      signedImage(registry, "2.0.0", NEWER);
      assert.equal(await service.refresh(), 200);
      const end = service.clock.now() + 20 * 60_000;
      await service.passUntil(async () => {
        assert.deepEqual(await service.states("ml"), { "1.0.0": "admitted", "2.0.0": "pending" });
        return service.clock.now() > end;
      }, 15_000);
      assert.equal(await service.version("ml"), "1.0.0");
      heal();
      await service.passUntil(async () => (await service.version("ml")) === "2.0.0", 5000);
    });
  }

  test("because the trusted root cannot be fetched, let nothing new be served, and take nothing away for a day", async (t) => {
    await using registry = await startOddRegistry();
    await using tuf = await startTufRepository("{}");
    const store = await journal(t);
    signedImage(registry, "1.0.0");
    const before = await start(registry, store, { keys: KEYS });
    await before.passUntil(async () => (await before.version("ml")) === "1.0.0");
    await before[Symbol.asyncDispose]();
    tuf.available = false;
    signedImage(registry, "2.0.0", NEWER);
    const identities = [{ issuer: "https://issuer.test", subject: "https://subject.test/a" }];
    const stricter = {
      keys: KEYS,
      identities,
      require: "all",
      tuf: { mirror: tuf.url, root: { file: join(store.slice("sqlite:".length), "..", "root.json") } },
    };
    await writeFile(stricter.tuf.root.file, tuf.root);
    await using service = await start(registry, store, stricter, before.clock.now());
    assert.equal(await service.version("ml"), "1.0.0");
    await service.passUntil(async () => "2.0.0" in (await service.states("ml")));
    const began = service.clock.now();
    await service.passUntil(async () => {
      assert.deepEqual(await service.states("ml"), { "1.0.0": "admitted", "2.0.0": "pending" });
      return service.clock.now() > began + 3_600_000;
    }, 60_000);
    await service.passUntil(async () => (await service.version("ml")) === 404, 900_000);
    assert.ok(service.clock.now() > began + 23 * 3_600_000, "the deadline has passed");
    // It was found later, and so is its deadline.
    await service.passUntil(async () => (await service.states("ml"))["2.0.0"] === "rejected", 900_000);
    assert.deepEqual(await service.states("ml"), { "1.0.0": "rejected", "2.0.0": "rejected" });
  });
});
