import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { serving } from "../../../../testing/serving.ts";
import { untilDiscovered } from "../../../../testing/until-discovered.ts";
import { runHere } from "../testing/process-io.ts";

describe("a journal whose entries were changed behind the service's back", { timeout: 60_000 }, () => {
  let folder: string;
  let file: string;
  let store: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "verify-"));
    file = join(folder, "registry.yaml");
    store = join(folder, "catalogue.db");
    await writeLayout(join(folder, "layout"), {
      "registry.test/executor-ml:1.0.0": {},
      "registry.test/executor-nlp:1": {},
    });
    await writeFile(
      file,
      `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${store}"
sources: [{ name: main, kind: oci-layout, path: ${join(folder, "layout")} }]
`,
    );
  });
  after(() => rm(folder, { recursive: true }));

  test("red-10: is found by the verification after a start, by /health, by metrics, by a listing and by `journal verify`", async () => {
    let entries = 0;
    {
      await using service = await serving(file);
      await untilDiscovered(service.url);
      const health = async () =>
        (await (await fetch(`${service.url}/health`)).json()) as {
          status: string;
          journal: { sequence: number; verified?: { sequence: number } };
        };
      entries = (await health()).journal.sequence;
      const running = await runHere(["journal", "verify", "--config", file]);
      assert.deepEqual([running.code, running.stderr], [0, ""]);
      assert.match(
        running.stdout,
        new RegExp(`^sqlite:.*: entries 1 to ${entries} are as written; the last has hash [0-9a-f]{64}\n$`),
      );
      service.signal("SIGINT");
      await service.ended;
    }
    const meddler = new DatabaseSync(store);
    meddler.exec("UPDATE entries SET entry = replace(entry, 'source:main', 'source:mallory') WHERE sequence = 1");
    meddler.close();

    const { code, stderr } = await runHere(["journal", "verify", "--store", `sqlite:${store}`]);
    assert.equal(code, 1);
    assert.match(
      stderr,
      /^error: the journal is broken at entry 1: its hash should be .*Restore the store from a backup/,
    );

    await using service = await serving(file);
    const alert = await service.logged(stderr.slice("error: ".length).trimEnd());
    assert.deepEqual([alert["level"], alert["code"], alert["sequence"]], ["error", "broken-journal", 1]);
    const health = (await (await fetch(`${service.url}/health`)).json()) as {
      status: string;
      reason: string;
      journal: { broken: { sequence: number } };
    };
    assert.deepEqual([health.status, health.journal.broken.sequence], ["degraded", 1]);
    assert.match(health.reason, /broken at entry 1/);
    assert.match(await (await fetch(`${service.url}/metrics`)).text(), /^executor_registry_journal_broken 1$/m);
    const page = await fetch(`${service.url}/journal`);
    const problem = (await page.json()) as { code: string; detail: string };
    assert.deepEqual([page.status, problem.code], [500, "broken-journal"]);
    assert.match(problem.detail, /entry 1/);
    assert.equal((await fetch(`${service.url}/journal?limit=1`)).status, 200, "what is sound is listed");
    assert.equal((await fetch(`${service.url}/executors/ml`)).status, 200, "answers are from the catalogue");
  });

  test("knows no other action", async () => {
    const { code, stderr } = await runHere(["journal", "check"]);
    assert.equal(code, 2);
    assert.match(stderr, /journal has no command check, only verify/);
  });
});
