import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, test, type TestContext } from "node:test";
import { createResolver } from "@executor-registry/resolver";
import { HARBOR_ACCOUNT, type HarborDouble, startHarborDouble } from "../../../../testing/harbor-double.ts";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import type { Canned } from "../../../../testing/registry-proxy.ts";
import { type TimedService, timedService } from "../../../../testing/timed-service.ts";

const MINUTE = 60_000;
const TEAM = "team";
const NEWER = { config: { created: "2026-11-12T00:00:00Z" } };

interface Held extends AsyncDisposable {
  readonly registry: OddRegistry;
  readonly harbor: HarborDouble;
  readonly service: TimedService;
  /** What a dispatcher's resolver says that `ml` is now. */
  resolved(): Promise<string>;
  /** Ends the service, and starts another of the same journal. */
  restart(): Promise<void>;
  clean(digest: string): void;
}

async function open(t: TestContext): Promise<Held> {
  const registry = await startOddRegistry();
  const harbor = await startHarborDouble();
  const folder = await mkdtemp(join(tmpdir(), "faults-"));
  t.after(() => rm(folder, { recursive: true }));
  const clean = (digest: string): void => {
    const report = { generated_at: "2026-11-22T10:00:00.000Z", vulnerabilities: [] };
    harbor.set(`${TEAM}/executor-ml@${digest}`, { status: "Success", report });
  };
  clean(registry.image(`${TEAM}/executor-ml`, "1.0.0").digest);
  const source = `kind: oci, host: "${registry.host}", insecure: true, repositories: ["${TEAM}/*"], interval: 1d`;
  const provider = `{kind: harbor, endpoint: "${harbor.endpoint}", username: "${HARBOR_ACCOUNT.username}", password: {env: PASSWORD}}`;
  const more = `store: "sqlite:${join(folder, "catalogue.db")}"
checks:
  policies:
    - {name: all, revalidate: 10m, deadline: 30m, namespaces: {allow: ["${registry.host}/${TEAM}/*"]}, vulnerabilities: {maxSeverity: high, provider: ${provider}}}
`;
  const start = (at?: number): Promise<TimedService> =>
    timedService(source, more, { PASSWORD: HARBOR_ACCOUNT.password }, at);
  let service = await start();
  await service.passUntil(async () => (await service.version("ml")) === "1.0.0");
  return {
    registry,
    harbor,
    get service() {
      return service;
    },
    clean,
    async resolved() {
      const resolver = createResolver({ environment: "production", registry: { url: service.url, events: false } });
      try {
        return (await resolver.resolve("ml")).version;
      } finally {
        await resolver.close();
      }
    },
    async restart() {
      await service[Symbol.asyncDispose]();
      service = await start(service.clock.now());
    },
    async [Symbol.asyncDispose]() {
      await service[Symbol.asyncDispose]();
      await harbor[Symbol.asyncDispose]();
      await registry[Symbol.asyncDispose]();
    },
  };
}

/** What a scanner answers that does not work; `undefined`: nothing at all. */
const FAULTS: Readonly<Record<string, Canned | undefined>> = {
  "is down": { status: 503 },
  "refuses so many requests": { status: 429, headers: { "retry-after": "1" } },
  "refuses the account": { status: 401 },
  "says that there is no such image": { status: 404, body: "{}" },
  "never answers": undefined,
  "answers with a page": { status: 200, headers: { "content-type": "text/html" }, body: "<h1>clean</h1>" },
  "answers with an empty object": { status: 200, body: "{}" },
  "answers with a list": { status: 200, body: "[]" },
  "answers with half of it": { status: 200, body: '{"digest":"sha256:' },
  "answers about another image": {
    status: 200,
    body: JSON.stringify({ digest: `sha256:${"0".repeat(64)}`, scan_overview: {} }),
  },
};

describe("a scanner that does not work when images are due to be judged again", { timeout: 120_000 }, () => {
  for (const [name, answer] of Object.entries(FAULTS)) {
    test(`because it ${name}, lets nothing new be served, and takes nothing away before the deadline`, async (t) => {
      await using held = await open(t);
      const { harbor, registry, clean } = held;
      const heal = harbor.fail(answer);
      const { digest } = registry.image(`${TEAM}/executor-ml`, "2.0.0", NEWER);
      clean(digest);
      assert.equal(await held.service.refresh(), 200);
      const began = held.service.clock.now();
      const passed = (): number => (held.service.clock.now() - began) / MINUTE;
      const holds = (minutes: number): Promise<void> =>
        held.service.passUntil(async () => {
          const states = await held.service.states("ml");
          assert.deepEqual(states, { "1.0.0": "admitted", "2.0.0": "pending" }, `after ${passed()} minutes`);
          return passed() > minutes;
        }, 15_000);
      await holds(15);
      assert.equal(await held.resolved(), "1.0.0");
      await held.restart();
      assert.equal(await held.resolved(), "1.0.0");
      await holds(25);
      assert.equal(await held.resolved(), "1.0.0");
      heal();
      await held.service.passUntil(async () => (await held.service.version("ml")) === "2.0.0", 5000);
      assert.equal(await held.resolved(), "2.0.0");
    });
  }
});
