import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { serving } from "../../../testing/serving.ts";
import { startSqsServer } from "../../../testing/sqs-server.ts";

/** AWS's client looks for credentials in the process's own environment. */
const ANY = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };

interface Health {
  readonly status: string;
  readonly reason: string;
  readonly queues: readonly { readonly name: string; readonly failing: boolean }[];
}

test(
  "a queue whose events cannot be taken is named by /health, which is degraded, and keeps nobody out",
  { timeout: 60_000 },
  async () => {
    await using server = await startSqsServer();
    for (let nth = 0; nth < 100; nth++) server.failNext(403, "AccessDeniedException");
    const queue = `{name: ecr, kind: sqs, queueUrl: "${server.queueUrl}", region: eu-west-1}`;
    const folder = await mkdtemp(join(tmpdir(), "queue-health-"));
    const file = join(folder, "registry.yaml");
    await writeFile(file, `listen: {host: 127.0.0.1, port: 0}\nqueues: [${queue}]\n`);
    await using service = await serving(file, ANY);
    const health = async (): Promise<Health> => (await (await fetch(`${service.url}/health`)).json()) as Health;
    try {
      let now = await health();
      while (now.status === "ok") now = await health();
      assert.deepEqual([now.status, now.queues], ["degraded", [{ name: "ecr", failing: true }]]);
      assert.match(now.reason, /events cannot be taken from: ecr/);
      assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
);
