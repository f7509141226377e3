import assert from "node:assert/strict";
import { Writable } from "node:stream";
import { test } from "node:test";
import { pino } from "pino";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const TOKEN = "path-token-of-a-sender";
const CONFIG = `listen: {host: 127.0.0.1, port: 0}
webhooks: [{name: hub, kind: docker-hub, pathToken: {env: TEST_PATH_TOKEN}}]
log: {level: debug}
`;

test("a token in a webhook's path is in no log, metric or answer", async () => {
  let told = "";
  const log = pino({ level: "trace" }, new Writable({ write: (chunk, _, done) => ((told += String(chunk)), done()) }));
  const config = parseConfig(CONFIG, "test.yaml", { TEST_PATH_TOKEN: TOKEN });
  const service = await startService({ config, log });
  try {
    const statuses: number[] = [];
    const ask = async (path: string, init: RequestInit = {}): Promise<void> => {
      const response = await fetch(`${service.url}${path}`, init);
      statuses.push(response.status);
      told += await response.text();
    };
    const event = { push_data: { tag: "1.0.0" }, repository: { repo_name: "team/executor-ml" } };
    const post = { method: "POST", headers: { "content-type": "application/json" }, body: "{}" };
    await ask(`/webhooks/hub/${TOKEN}`, { ...post, body: JSON.stringify(event) });
    await ask(`/webhooks/hub/${TOKEN}`, { ...post, body: "{" });
    await ask(`/webhooks/hub/${TOKEN}`, { ...post, body: "x".repeat(2 << 20) });
    await ask(`/webhooks/hub/${TOKEN}/more`, post);
    await ask(`/webhooks/other/${TOKEN}`, post);
    await ask(`/webhooks/hub/${TOKEN}%zz`, post);
    await ask(`/webhooks/hub/${TOKEN}`);
    await ask(`/webhooks/hub/${TOKEN}wrong`, { ...post, body: JSON.stringify(event) });
    await ask("/metrics");
    assert.deepEqual(statuses, [202, 400, 413, 404, 404, 400, 405, 401, 200]);
  } finally {
    await service.close();
  }
  assert.match(told, /answered/);
  assert.ok(!told.includes(TOKEN), told.slice(Math.max(0, told.indexOf(TOKEN) - 300), told.indexOf(TOKEN) + 60));
});
