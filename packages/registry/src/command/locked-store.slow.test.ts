import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, test } from "node:test";
import { server } from "../../../../testing/cli.ts";
import { writeLayout } from "../../../../testing/images.ts";
import { type Serving, serving } from "../../../../testing/serving.ts";

const IN_FORCE = "the new configuration is in force";
const NOT_TAKEN = "the new configuration could not be taken over; the old one stays in force";
const NOTHING_APPROVED = "checks: { approvedNamespaces: [approved.example/x] }\n";

describe("a service whose store another process locks", { timeout: 120_000 }, () => {
  let folder: string;
  beforeEach(async () => {
    folder = await mkdtemp(join(tmpdir(), "takeover-"));
    await push("1.0.0", 1);
  });
  afterEach(() => rm(folder, { recursive: true }));

  const push = (version: string, day: number): Promise<unknown> =>
    writeLayout(join(folder, "layout"), {
      [`registry.test/executor-ml:${version}`]: { created: new Date(Date.UTC(2026, 0, day)).toISOString() },
    });
  const configure = async (more = ""): Promise<string> => {
    const file = join(folder, "registry.yaml");
    const text = `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${join(folder, "catalogue.db")}"
sources: [{ name: main, kind: oci-layout, path: ${join(folder, "layout")}, interval: 1s, jitter: 0 }]
${more}`;
    await writeFile(file, text);
    return file;
  };
  /** As a backup does. */
  const lock = (): Disposable => {
    const holder = new DatabaseSync(join(folder, "catalogue.db"));
    holder.exec("BEGIN IMMEDIATE");
    return {
      [Symbol.dispose]() {
        holder.exec("ROLLBACK");
        holder.close();
      },
    };
  };
  const versionOf = async ({ url }: Serving): Promise<unknown> =>
    ((await (await fetch(`${url}/executors/ml`)).json()) as { version?: string }).version;
  const until = async (holds: () => Promise<boolean>): Promise<void> => {
    while (!(await holds()));
  };

  test("red-03: a configuration that could not be taken over leaves the old one running, and putting it back works", async () => {
    await using service = await serving(await configure());
    {
      using _ = lock();
      await configure(NOTHING_APPROVED);
      const { code, problem } = await service.logged(NOT_TAKEN);
      assert.equal(code, "store");
      assert.match(String(problem), /another process keeps it locked/);
      assert.equal(await versionOf(service), "1.0.0");
      await configure();
      await service.logged("the file says what is in force");
    }
    await push("1.1.0", 2);
    await until(async () => (await versionOf(service)) === "1.1.0");
    assert.equal(service.said(IN_FORCE), 0);
    await configure(NOTHING_APPROVED);
    await service.logged(IN_FORCE);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 404);
  });

  test("red-03: the new configuration is taken over by itself once the lock is gone, and the failure is said once", async () => {
    await using service = await serving(await configure());
    {
      using _ = lock();
      await configure(NOTHING_APPROVED);
      await service.logged(NOT_TAKEN);
      await push("1.1.0", 2);
      await until(async () => {
        const health = (await (await fetch(`${service.url}/health`)).json()) as { status: string };
        return health.status === "degraded";
      });
    }
    await service.logged(IN_FORCE);
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 404);
    assert.equal(service.said(NOT_TAKEN), 1);
  });

  test("red-03: a start that cannot be applied to the catalogue ends, and leaves nothing that listens", async () => {
    {
      await using service = await serving(await configure());
      service.signal("SIGINT");
      await service.ended;
    }
    using _ = lock();
    const { code, stdout, stderr } = await server(["serve", "--config", await configure(NOTHING_APPROVED)]);
    assert.equal(code, 1);
    assert.match(stderr, /^error: sqlite:.*another process keeps it locked/);
    const listening = stdout.split("\n").find((line) => line.includes('"listening"'));
    const { url } = JSON.parse(listening ?? "{}") as { url: string };
    await assert.rejects(fetch(`${url}/livez`));
  });
});
