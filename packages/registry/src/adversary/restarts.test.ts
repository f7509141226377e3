import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, test, type TestContext } from "node:test";
import { pino } from "pino";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { startOddRegistry } from "../../../../testing/odd-registry.ts";
import { attackedService } from "../testing/attacked-service.ts";
import { passing } from "../testing/until-judged.ts";

const NAME = "ml-team/executor-ml";
const EVIL = "evil/executor-ml";

async function place(t: TestContext) {
  const folder = await mkdtemp(join(tmpdir(), "adversary-"));
  t.after(() => rm(folder, { recursive: true }));
  const file = join(folder, "catalogue.db");
  return {
    store: `sqlite:${file}`,
    /** Changes what is stored, while no service runs. */
    edit(statement: string): void {
      const database = new DatabaseSync(file);
      database.exec(statement);
      database.close();
    },
  };
}

const configuration = (host: string, store: string, allow = [`${host}/ml-team/*`], more: object = {}) => ({
  store,
  sources: [{ name: "main", kind: "oci", host, insecure: true, repositories: ["**"], interval: "1d" }],
  checks: { policies: [{ name: "all", namespaces: { allow }, ...more }] },
});

describe("a journal that is edited while no service runs", () => {
  test("does not get an image served that was rejected: the service does not start by it, or says that it is broken", async (t) => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    const evil = registry.image(EVIL, "9.0.0", { config: { created: "2099-01-01T00:00:00Z" } });
    const { store, edit } = await place(t);
    const config = configuration(registry.host, store);
    {
      await using attacked = await attackedService(config);
      await attacked.serves("ml", good.digest, [evil.digest]);
    }
    const forge = (table: string, column: string): string =>
      `UPDATE ${table} SET ${column} = replace(${column}, '"state":"rejected"', '"state":"admitted"');
       UPDATE ${table} SET ${column} = replace(${column}, '"state":"failed"', '"state":"passed"')`;

    edit(forge("snapshot_parts", "text"));
    {
      await using attacked = await attackedService(config);
      await attacked.serves("ml", good.digest, [evil.digest]);
      assert.match(await attacked.keptOut("ml", { digest: evil.digest }), /^namespace-not-allowed/);
    }

    edit(forge("entries", "entry"));
    {
      await using attacked = await attackedService(config);
      await attacked.serves("ml", good.digest, [evil.digest]);
      for (;;) {
        const { status, reason } = (await (await fetch(`${attacked.url}/health`)).json()) as Record<string, string>;
        if (status !== "degraded") continue;
        assert.match(reason ?? "", /journal/);
        break;
      }
    }

    edit("DELETE FROM snapshot; DELETE FROM snapshot_parts");
    await assert.rejects(attackedService(config), { code: "broken-journal" });
  });
});

describe("a configuration that is replaced", () => {
  test("by a restart, while a scanner hangs, is in force for what it does not approve when the service listens", async (t) => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    const evil = registry.image(EVIL, "9.0.0", { config: { created: "2099-01-01T00:00:00Z" } });
    const { store } = await place(t);
    {
      await using attacked = await attackedService(configuration(registry.host, store, [`${registry.host}/**`]));
      await attacked.serves("ml", evil.digest);
    }
    registry.intercept(({ url = "" }) => url.startsWith("/api/v2.0/"));
    const provider = { kind: "harbor", endpoint: registry.url, username: "u", password: { env: "PASSWORD" } };
    const vulnerabilities = { provider, maxSeverity: "high", mode: "warn" };
    const stricter = configuration(registry.host, store, [`${registry.host}/ml-team/*`], { vulnerabilities });
    const first: Promise<unknown>[] = [];
    const write = (line: string): void => {
      const { msg, url } = JSON.parse(line) as { readonly msg: string; readonly url: string };
      if (msg === "listening") first.push(fetch(`${url}/executors/ml`).then((response) => response.json()));
    };
    const clock = manualClock(Date.now());
    const starting = attackedService(stricter, { clock, log: pino({ level: "info" }, { write }) }, { PASSWORD: "p" });
    await passing(clock, starting);
    await using attacked = await starting;
    assert.deepEqual(
      (await Promise.all(first)).map((answer) => (answer as { readonly digest: string }).digest),
      [good.digest],
    );
    await attacked.serves("ml", good.digest, [evil.digest]);
  });

  test("many times over, while it is asked, never answers with what neither approves", async (t) => {
    await using registry = await startOddRegistry();
    const good = registry.image(NAME, "1.0.0");
    const other = registry.image("other-team/executor-ml", "2.0.0", { config: { created: "2026-11-12T00:00:00Z" } });
    const evil = registry.image(EVIL, "9.0.0", { config: { created: "2099-01-01T00:00:00Z" } });
    const { store } = await place(t);
    const allowed = [[`${registry.host}/ml-team/*`], [`${registry.host}/ml-team/*`, `${registry.host}/other-team/*`]];
    await using attacked = await attackedService(configuration(registry.host, store, allowed[0]));
    await attacked.serves("ml", good.digest);
    const seen = new Set<string>();
    const ended = new AbortController();
    const asking = (async () => {
      while (!ended.signal.aborted) seen.add((await attacked.answer("ml"))?.digest ?? "none");
    })();
    for (let n = 1; n <= 10; n += 1) await attacked.reconfigure(configuration(registry.host, store, allowed[n % 2]));
    ended.abort();
    await asking;
    for (const digest of [good.digest, other.digest]) seen.delete(digest);
    assert.deepEqual([...seen], []);
    await attacked.serves("ml", good.digest, [evil.digest]);
  });
});
