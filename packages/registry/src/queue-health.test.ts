import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { pino } from "pino";
import { startSqsServer } from "../../../testing/sqs-server.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const ANY = { AWS_ACCESS_KEY_ID: "a", AWS_SECRET_ACCESS_KEY: "s" };
before(() => void Object.assign(process.env, ANY));
after(() => {
  for (const name of Object.keys(ANY)) delete process.env[name];
});

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
    const config = parseConfig(`listen: {host: 127.0.0.1, port: 0}\nqueues: [${queue}]\n`, "test.yaml");
    const service = await startService({ config, log: pino({ level: "silent" }) });
    const health = async (): Promise<Health> => (await (await fetch(`${service.url}/health`)).json()) as Health;
    try {
      let now = await health();
      while (now.status === "ok") now = await health();
      assert.deepEqual([now.status, now.queues], ["degraded", [{ name: "ecr", failing: true }]]);
      assert.match(now.reason, /events cannot be taken from: ecr/);
      assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
    } finally {
      await service.close();
    }
  },
);
