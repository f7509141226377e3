import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { timedService } from "../../../testing/timed-service.ts";
import { noOpenssl } from "../../../testing/self-signed.ts";
import { startTokenServer } from "../../../testing/token-server.ts";
import { verifyChain } from "./journal/chain.ts";
import type { Entry } from "./journal/entry.ts";

const INTERVAL = 300_000;
const DAY = 24 * 3_600_000;

describe("a service whose clock is set", { skip: noDockerRegistry || noOpenssl, timeout: 60_000 }, () => {
  for (const [where, by] of [
    ["back by a day", -DAY],
    ["ahead by a day", DAY],
  ] as const) {
    test(`${where} scans and answers on, withdraws nothing, and its journal holds`, async () => {
      await using tokens = await startTokenServer();
      await using registry = await startDockerRegistry({ token: tokens.auth });
      const target = { url: registry.url, authorization: await tokens.pushToken("executor-ml") };
      const push = (tag: string, hour: number): Promise<unknown> =>
        pushImage(target, "executor-ml", tag, { created: new Date(Date.UTC(2026, 0, 1, hour)).toISOString() });
      await push("1.0.0", 0);
      const host = `host: "${registry.host}", insecure: true, allowPrivateAddresses: true`;
      await using service = await timedService(`kind: oci, ${host}, repositories: [executor-ml], interval: 5m`);
      const { clock } = service;
      assert.equal(await service.version("ml"), "1.0.0");
      const asked = tokens.asked.length;

      clock.jump(by);
      await push("1.1.0", 1);
      assert.equal(await service.refresh(), 200);
      assert.equal(await service.version("ml"), "1.1.0");
      await push("1.2.0", 2);
      await service.poll(INTERVAL);
      assert.equal(await service.version("ml"), "1.2.0");
      // More requests than a rest allows at once.
      for (let nth = 0; nth < 40; nth++) assert.equal(await service.refresh(), 200);
      assert.ok(tokens.asked.length - asked <= 3, `${tokens.asked.length - asked} tokens`);
      await push("1.3.0", 3);
      clock.jump(-by);
      await service.poll(INTERVAL);

      assert.deepEqual(await service.states("ml"), {
        "1.0.0": "admitted",
        "1.1.0": "admitted",
        "1.2.0": "admitted",
        "1.3.0": "admitted",
      });
      assert.equal(await service.version("ml"), "1.3.0");
      assert.equal((await service.health()).status, "ok");
      const { entries } = (await (await fetch(`${service.url}/journal?limit=1000`)).json()) as { entries: Entry[] };
      const oldestFirst = entries.toReversed();
      verifyChain(oldestFirst);
      const times = oldestFirst.map(({ at }) => at);
      assert.deepEqual(times, times.toSorted(), "time does not go back in it");
    });
  }
});
