import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { setTimeout } from "node:timers/promises";
import { DURABLE, noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { EMPTY_HEAD, verifyChain } from "../../journal/chain.ts";
import type { Head } from "../../journal/entry.ts";
import type { Store } from "../../journal/store.ts";
import { sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";

const KEY = "{executor-registry}:journal";

describe("a Redis store on several servers", { skip: noRedisServer }, () => {
  test("goes on with the replica that sentinels make the primary, and has what was acknowledged", async () => {
    await using primary = await startRedisServer({ ...DURABLE, "repl-diskless-sync-delay": "0" });
    const followers = { ...DURABLE, replicaof: `127.0.0.1 ${primary.port}` };
    await using first = await startRedisServer(followers);
    await using second = await startRedisServer(followers);
    for (const replica of [first, second])
      await until(() => replica.cli("INFO", "replication").includes("link_status:up"));
    const sentinels: RedisServer[] = [];
    for (let nth = 0; nth < 3; nth++) {
      const monitored = {
        "sentinel monitor": `mymaster 127.0.0.1 ${primary.port} 2`,
        "sentinel down-after-milliseconds": "mymaster 1000",
        "sentinel failover-timeout": "mymaster 5000",
      };
      sentinels.push(await startRedisServer(monitored, { mode: "sentinel" }));
    }
    try {
      await until(() => sentinels.every((one) => /slaves=2,sentinels=3/.test(one.cli("INFO", "sentinel"))));
      const address = `redis://${sentinels.map(({ host }) => host).join(",")}/?sentinel=mymaster`;
      await assert.rejects(openStore(address.replace("mymaster", "other")), {
        message: /knows no primary named other/,
      });
      const store = await openStore(address);
      assert.equal(store.description, address.replace("/?", "?"));
      let head: Head = EMPTY_HEAD;
      for (let nth = 0; nth < 20; nth++) head = await appended(store, head);
      const heard = await hearing(store);
      await primary.stop();
      head = await appended(store, head);
      await heard.next;
      const entries = await store.read(0, 100);
      assert.deepEqual(verifyChain(entries), head);
      // A failover that took the sentinels too long is begun again, with the other replica; then they make one of the two follow.
      await until(() => [first, second].filter(({ cli }) => cli("ROLE").startsWith("master")).length === 1);
      await store.close();
    } finally {
      for (const sentinel of sentinels) await sentinel[Symbol.asyncDispose]();
    }
  });

  test("has its keys in one slot of a cluster, and follows them when another node has it", async () => {
    const nodes: RedisServer[] = [];
    const clustered = {
      ...DURABLE,
      "cluster-enabled": "yes",
      "cluster-node-timeout": "1000",
      "repl-diskless-sync-delay": "0",
    };
    try {
      for (let nth = 0; nth < 6; nth++) nodes.push(await startRedisServer(clustered, { busPort: true }));
      const [one] = nodes;
      assert.ok(one);
      one.cli("--cluster", "create", ...nodes.map(({ host }) => host), "--cluster-replicas", "1", "--cluster-yes");
      await until(() => nodes.every(({ cli }) => cli("CLUSTER", "INFO").includes("cluster_state:ok")));
      await until(() => nodes.every(({ cli }) => !/slave/.test(cli("ROLE")) || /connected/.test(cli("ROLE"))));
      const address = `redis://${nodes.map(({ host }) => host).join(",")}`;
      const store = await openStore(address);
      let head: Head = EMPTY_HEAD;
      for (let nth = 0; nth < 20; nth++) head = await appended(store, head);
      await store.saveSnapshot({ head, format: 1, parts: 1 }, [{ key: "ml", text: "one" }], true);
      assert.equal((await store.sharing?.lease("leader", "a", 60_000, ""))?.holder, "a");
      assert.equal((await store.list({ type: "ml", limit: 5 })).length, 5);
      const heard = await hearing(store);
      const owner = nodes.find(({ cli }) => cli("ROLE").startsWith("master") && /^20$/.test(cli("XLEN", KEY)));
      assert.ok(owner);
      await owner.stop();
      head = await appended(store, head);
      await heard.next;
      assert.deepEqual(verifyChain(await store.read(0, 100)), head);
      await store.close();
    } finally {
      for (const node of nodes) await node[Symbol.asyncDispose]();
    }
  });
});

/** Appends one entry as a journal does, until a server takes it. */
async function appended(store: Store, head: Head): Promise<Head> {
  const entries = sealedAfter(head, [tagged("ml", String(head.sequence))]);
  for (;;) {
    try {
      await store.append(head, entries);
      return { sequence: head.sequence + 1, hash: entries[0]?.hash ?? "" };
    } catch (problem) {
      assert.equal((problem as { retryable?: boolean }).retryable, true, String(problem));
    }
  }
}

/** Resolves when a store's announcements are heard; `next` when they are again, or something is announced. */
async function hearing(store: Store): Promise<{ readonly next: Promise<void> }> {
  let times = 0;
  return new Promise((heard) => {
    const next = new Promise<void>((again) => {
      const stop = store.sharing?.watch(() => {
        times += 1;
        if (times === 1) return heard({ next });
        stop?.();
        again();
      });
    });
  });
}

/** Servers tell each other about changes once in a while; nothing announces it here. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await setTimeout(50);
}
