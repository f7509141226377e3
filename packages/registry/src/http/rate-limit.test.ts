import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { parseConfig } from "../config/parse-config.ts";
import { startService } from "../service.ts";

process.env["TEST_RATE_LIMIT_SECRET"] = "Bearer registry-secret";
const CONFIG = `listen: {host: 127.0.0.1, port: 0, trustProxy: true}
auth: {writes: open}
limits: {writesPerMinute: 3, webhooksPerMinute: 5}
webhooks: [{name: main, kind: distribution, headers: {Authorization: {env: TEST_RATE_LIMIT_SECRET}}}]
`;

describe("a limit of requests per minute", () => {
  for (const [what, path, limit, taken] of [
    ["writes", "/executors/refresh", 3, 202],
    ["webhooks, forged ones too,", "/webhooks/main", 5, 401],
  ] as const) {
    test(`of ${what} is told as a problem with the time to wait, to the address that exceeds it alone`, async () => {
      const service = await startService({ config: parseConfig(CONFIG, "test.yaml"), log: pino({ level: "silent" }) });
      try {
        const post = (address: string): Promise<Response> =>
          fetch(service.url + path, { method: "POST", headers: { "x-forwarded-for": address } });
        const statuses: number[] = [];
        for (let nth = 0; nth < limit; nth++) statuses.push((await post("192.0.2.1")).status);
        assert.deepEqual(new Set(statuses), new Set([taken]));

        const refused = await post("192.0.2.1");
        const { status, headers } = refused;
        assert.deepEqual([status, headers.get("content-type")], [429, "application/problem+json; charset=utf-8"]);
        const seconds = Number(headers.get("retry-after"));
        assert.ok(Number.isInteger(seconds) && seconds >= 1 && seconds <= 60, `again after ${seconds} s`);
        const problem = (await refused.json()) as Record<string, unknown>;
        assert.deepEqual([problem["code"], problem["status"]], ["throttled", 429]);
        assert.match(String(problem["detail"]), /too many requests from this address; again in \d+ s/);

        assert.equal((await post("192.0.2.2")).status, taken);
        for (let nth = 0; nth < 20; nth++) {
          const read = await fetch(`${service.url}/executors`, { headers: { "x-forwarded-for": "192.0.2.1" } });
          assert.equal(read.status, 200);
          await read.arrayBuffer();
        }
        assert.equal((await post("192.0.2.1")).status, 429);
      } finally {
        await service.close();
      }
    });
  }
});
