import assert from "node:assert/strict";
import { test } from "node:test";
import { clusterTool, hasProcess, killProcess, noNode, testNamespace } from "../../../../../testing/cluster.ts";
import { recorder } from "../../../../../testing/recorder.ts";
import { systemClock } from "../../tools/clock.ts";
import type { Logger } from "../../tools/logger.ts";
import type { ApiPath } from "./api.ts";
import { reflect } from "./reflector.ts";

const skip = noNode || (hasProcess("apiserver") ? false : "the API server is not this machine's own process");

test(
  "a killed API server: the reflector recovers by itself and misses nothing",
  { skip, timeout: 180_000 },
  async () => {
    await using space = await testNamespace("restart");
    const path: ApiPath = `/api/v1/namespaces/${space.name}/configmaps`;
    const create = (name: string): Promise<unknown> =>
      space.api.request(path, { method: "POST", body: { metadata: { name } } });
    await create("before");
    await create("doomed");

    const record = recorder();
    const logged: string[] = [];
    const keep = (_: object, message: string): void => void logged.push(message);
    const log: Logger = { debug: () => {}, info: keep, warn: keep, error: keep };
    const stop = new AbortController();
    const query = { fieldSelector: "metadata.name!=kube-root-ca.crt" };
    const { signal } = stop;
    const { api } = space;
    const done = reflect({
      api,
      path,
      query,
      handler: record.handler,
      signal,
      log,
      clock: systemClock,
      random: Math.random,
    });
    await record.until("contact ok");
    record.fresh();

    await killProcess("apiserver");
    await record.until("contact unreachable");
    await clusterTool("up");
    await create("after");
    await space.api.request(`${path}/doomed`, { method: "DELETE" });
    await record.until("contact ok", 2);
    await create("later");
    await record.until("upsert later");

    const told = record.fresh();
    stop.abort();
    await done;
    assert.equal(told[0], "contact unreachable");
    assert.ok(told.some((what) => what === "upsert after" || what === "listed after"));
    // A deletion is either an event or an absence from a new list.
    assert.ok(told.includes("remove doomed") || (told.includes("synced") && !told.includes("listed doomed")));
    assert.deepEqual(logged.slice(0, 2), ["no contact, trying again", "contact again"]);
  },
);
