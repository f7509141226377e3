import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { writeLayout } from "../../../../testing/images.ts";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { serving } from "../../../../testing/serving.ts";
import { runHere } from "../testing/process-io.ts";

interface Health {
  readonly status: string;
  readonly reason: string;
  readonly journal: { readonly sequence: number };
  readonly followers?: readonly { readonly name: string; readonly failing: boolean; readonly behind: number }[];
}

describe("a service whose journal is followed", { timeout: 120_000 }, () => {
  let folder: string;
  const at = (name: string): string => join(folder, name);
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "delivered-"));
    await writeLayout(at("layout"), { "registry.test/executor-ml:1.0.0": {}, "registry.test/executor-nlp:1": {} });
    await writeFile(at("secret"), `whsec_${Buffer.alloc(32, 1).toString("base64")}\n`);
  });
  after(() => rm(folder, { recursive: true }));

  const health = async (url: string): Promise<Health> => (await (await fetch(`${url}/health`)).json()) as Health;
  const lag = ({ followers = [] }: Health): number => Math.max(...followers.map(({ behind }) => behind));

  test("says so while a receiver is down, and delivers everything after it was killed and the receiver is back", async () => {
    let down = true;
    await using receiver = await startLoopbackServer((_request, response) => {
      response.writeHead(down ? 500 : 204, down ? { "retry-after": "1" } : {}).end();
    });
    const file = at("registry.yaml");
    await writeFile(
      file,
      `listen: { host: 127.0.0.1, port: 0 }
store: "sqlite:${at("catalogue.db")}"
sources: [{ name: main, kind: oci-layout, path: ${at("layout")} }]
audit:
  forward:
    - { name: siem, kind: http, url: "${receiver.url}/in", secret: { file: ${at("secret")} } }
    - { name: local, kind: file, path: ${at("audit.ndjson")} }
notifications: [{ name: hook, kind: cloudevents, url: "${receiver.url}/hook", secret: { file: ${at("secret")} } }]
`,
    );
    let written = 0;
    {
      await using service = await serving(file);
      const { msg } = await service.logged("entries of the journal cannot be delivered now, trying again");
      assert.ok(msg);
      const now = await health(service.url);
      written = now.journal.sequence;
      assert.equal(now.status, "degraded");
      assert.match(now.reason, /the journal cannot be delivered to: siem/);
      const metrics = await (await fetch(`${service.url}/metrics`)).text();
      assert.match(metrics, /^executor_registry_follower_up\{follower="siem"\} 0$/m);
      assert.match(metrics, /^executor_registry_follower_lag_entries\{follower="siem"\} [1-9]/m);
      service.signal("SIGKILL");
      await service.ended;
    }
    down = false;
    const before = receiver.received.length;
    await using service = await serving(file);
    while (lag(await health(service.url)) > 0);
    assert.equal((await health(service.url)).status, "ok");
    const delivered = receiver.received
      .slice(before)
      .filter(({ path }) => path === "/in")
      .flatMap(({ body }) => body.toString().trimEnd().split("\n"));
    const sequences = new Set(delivered.map((line) => (JSON.parse(line) as { sequence: number }).sequence));
    for (let sequence = 1; sequence <= written; sequence++) assert.ok(sequences.has(sequence), String(sequence));
    await writeFile(at("delivered.ndjson"), `${delivered.join("\n")}\n`);
    for (const name of ["delivered.ndjson", "audit.ndjson"]) {
      const { code, stdout } = await runHere(["journal", "verify", "--export", at(name)]);
      assert.equal(code, 0);
      assert.match(stdout, /: entries 1 to \d+ are as written/);
    }
    const events = receiver.received.slice(before).filter(({ path }) => path === "/hook");
    const types = events.map(({ body }) => (JSON.parse(body.toString()) as { data: { executorType: string } }).data);
    assert.deepEqual([...new Set(types.map(({ executorType }) => executorType))].sort(), ["ml", "nlp"]);
  });

  test("refuses names that are taken twice, and secrets that are none", async () => {
    const file = at("wrong.yaml");
    await writeFile(at("short"), "whsec_c2hvcnQ=");
    await writeFile(
      file,
      `sources: []
audit:
  forward:
    - { name: a, kind: stdout }
    - { name: a, kind: stdout }
notifications:
  - { name: b, kind: cloudevents, url: "https://hook.test", secret: { file: ${at("short")} } }
  - { name: c, kind: slack, url: { file: ${at("short")} } }
`,
    );
    const { code, stderr } = await runHere(["config", "check", file]);
    assert.equal(code, 2);
    assert.match(stderr, /audit\.forward\[1\]\.name: "a" is the name of another/);
    assert.match(stderr, /notifications\[0\]\.secret: expected whsec_ and 24 to 64 bytes/);
    assert.match(stderr, /notifications\[1\]\.url: expected an http or https URL/);
    assert.ok(!stderr.includes("c2hvcnQ"));
  });
});
