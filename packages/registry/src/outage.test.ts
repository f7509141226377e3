import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { noDockerRegistry, startDockerRegistry } from "../../../testing/docker-registry.ts";
import { pushImage } from "../../../testing/push.ts";
import { timedService } from "../../../testing/timed-service.ts";

const MINUTE = 60_000;

describe("a registry that is down for an hour", { skip: noDockerRegistry, timeout: 60_000 }, () => {
  for (const repositories of ['["team/executor-ml", "team/executor-nlp"]', '["team/*"]']) {
    test(`is answered for, and caught up with by the next scan: ${repositories}`, async () => {
      await using registry = await startDockerRegistry();
      const push = (name: string, tag: string, day: number): Promise<unknown> =>
        pushImage(registry, `team/${name}`, tag, { created: new Date(Date.UTC(2026, 0, day)).toISOString() });
      await push("executor-ml", "1.0.0", 1);
      await push("executor-nlp", "1.0.0", 1);
      const source = `kind: oci, host: "${registry.host}", insecure: true, repositories: ${repositories}, interval: 5m`;
      await using service = await timedService(source);
      const { clock } = service;
      const [before] = (await service.health()).sources;

      await registry.stop();
      service.away = true;
      const end = clock.now() + 60 * MINUTE;
      while (clock.now() < end) {
        await service.poll(5 * MINUTE);
        const { status, executors, sources } = await service.health();
        assert.deepEqual([status, executors], ["degraded", 2]);
        assert.deepEqual([sources[0]?.state, sources[0]?.completed], ["failing", before?.completed]);
        assert.ok(sources[0]?.problem, "it is said what is wrong");
        assert.equal((await fetch(`${service.url}/readyz`)).status, 200);
        assert.deepEqual([await service.version("ml"), await service.version("nlp")], ["1.0.0", "1.0.0"]);
      }
      assert.equal(await service.refresh(), 200, "a refresh ends, and says what it could not read");

      await registry.start();
      await push("executor-ml", "1.1.0", 2);
      service.away = false;
      const back = clock.now();
      await service.until("ok");
      assert.ok(clock.now() - back <= 5 * MINUTE, "with the first scan that is due");
      const { status, sources } = await service.health();
      assert.deepEqual([status, sources[0]?.state, sources[0]?.problem], ["ok", "ready", undefined]);
      assert.deepEqual(await service.states("ml"), { "1.0.0": "admitted", "1.1.0": "admitted" });
      assert.deepEqual([await service.version("ml"), await service.version("nlp")], ["1.1.0", "1.0.0"]);
      const withdrawn = await fetch(`${service.url}/journal?kind=image-withdrawn`);
      assert.deepEqual(await withdrawn.json(), { entries: [] });
    });
  }
});
