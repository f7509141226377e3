import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { noDockerRegistry } from "../../../testing/docker-registry.ts";
import { noPostgresServer } from "../../../testing/postgres-server.ts";
import { noRedisServer } from "../../../testing/redis-server.ts";

const NODE = ["--conditions=executor-registry-source", "--disable-warning=ExperimentalWarning"];

for (const [store, missing] of [
  ["postgres", noPostgresServer],
  ["redis", noRedisServer],
] as const) {
  test(
    `three replicas on ${store} lose nothing and answer right while they are killed, cut off, and without their database`,
    { skip: missing || noDockerRegistry },
    async (context) => {
      const soak = spawn(process.execPath, [...NODE, "bench/soak.ts", "--store", store, "--short"], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      const ended = once(soak, "close");
      // It ends what it has started.
      context.after(async () => {
        soak.kill("SIGTERM");
        await ended;
      });
      let said = "";
      for (const stream of [soak.stdout, soak.stderr]) stream.on("data", (chunk) => (said += String(chunk)));
      const [code] = (await ended) as [number | null];
      context.diagnostic(said);
      assert.equal(code, 0, said);
      for (const name of ["failed resolutions", "wrong answers", "of them lost", "written twice"])
        assert.match(said, new RegExp(`^${name} +0 +0$`, "m"));
      assert.match(said, /^hash chain +intact +intact$/m);
      // What was asked of it was done.
      assert.match(said, /^acknowledged writes +\d{2}/m);
      assert.match(said, /^resolutions +\d{2,},\d{3}$/m);
      assert.match(said, /^the database was away +[\d.]+ s, (?:[5-9]|\d{2})\.\d s$/m);
    },
  );
}
