import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { manualClock } from "../../../testing/manual-clock.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

const CONFIG = `listen: {host: 127.0.0.1, port: 0, trustProxy: true}
auth: {writes: open}
limits: {writesPerMinute: 3, refusedEventsPerMinute: 5}
webhooks: [{name: main, kind: distribution, headers: {Authorization: {env: TEST_RATE_LIMIT_SECRET}}}]
`;
const config = parseConfig(CONFIG, "test.yaml", { TEST_RATE_LIMIT_SECRET: "Bearer registry-secret" });

describe("a limit of requests per minute", () => {
  for (const [what, path, limit, taken] of [
    ["writes", "/executors/refresh", 3, 202],
    ["forged events", "/webhooks/main", 5, 401],
  ] as const) {
    test(`of ${what} is answered with a problem and the time to wait, to the address that exceeds it alone`, async () => {
      const service = await startService({ config, log: pino({ level: "silent" }) });
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
        assert.match(String(problem["detail"]), /too many (requests|refused events) from this address; again in \d+ s/);

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

  test("of forged events lets a sender send as much as it has, and the address back in after a minute", async () => {
    const clock = manualClock();
    const log = pino({ level: "silent" });
    const service = await startService({ config, log, clock });
    const post = async (authorization: string): Promise<number> => {
      const headers = { "content-type": "application/json", authorization };
      const body = JSON.stringify({ events: [] });
      return (await fetch(`${service.url}/webhooks/main`, { method: "POST", headers, body })).status;
    };
    try {
      for (let nth = 0; nth < 50; nth++) assert.ok((await post("Bearer registry-secret")) < 300);
      for (let nth = 0; nth < 5; nth++) assert.equal(await post("forged"), 401);
      assert.equal(await post("Bearer registry-secret"), 429);
      await clock.advance(60_000);
      assert.ok((await post("Bearer registry-secret")) < 300);
    } finally {
      await service.close();
    }
  });
});
