import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Logger } from "@executor-registry/resolver";
import { DURABLE, noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";

describe("a Redis server with a replica", { skip: noRedisServer }, () => {
  test("is waited for until the replica has an entry; where it has none in time, the entry stands, and the log says so once", async () => {
    await using primary = await startRedisServer({ ...DURABLE, "repl-diskless-sync-delay": "0" });
    await using replica = await startReplica(primary);
    const lines: string[] = [];
    const log = { debug() {}, info() {}, error() {}, warn: (_: object, line: string) => void lines.push(line) };
    const store = await openStore(`redis://${primary.host}`, { log: log satisfies Logger });
    assert.match(
      store.findings.map(({ message }) => message).join("\n"),
      /^the server writes without its replicas.*min-replicas-to-write 1$/,
    );
    const entries = journalOf(4);
    await store.append(EMPTY_HEAD, entries.slice(0, 1));
    assert.match(replica.cli("XLEN", "{executor-registry}:journal"), /^1$/);
    assert.deepEqual(lines, []);
    replica.freeze();
    for (const at of [1, 2]) await store.append(await store.head(), entries.slice(at, at + 1));
    assert.deepEqual(lines, ["entries are written, but 0 of 1 replicas have them yet: a failure now may lose them"]);
    assert.deepEqual(await store.read(0, 10), entries.slice(0, 3));
    replica.thaw();
    await store.append(await store.head(), entries.slice(3));
    assert.equal(lines.length, 1);
    await store.close();
  });

  test("is passed over itself for the one that may be written", async () => {
    await using primary = await startRedisServer({ ...DURABLE, "repl-diskless-sync-delay": "0" });
    await using replica = await startReplica(primary);
    const store = await openStore(`redis://${replica.host},${primary.host}`);
    await store.append(EMPTY_HEAD, journalOf(1));
    const clock = sleepless();
    const alone = openStore(`redis://${replica.host}`, { clock });
    await assert.rejects(alone, { code: "store", retryable: true, message: /is a replica, which cannot be written/ });
    // Operators make the other one the primary: the next append finds it.
    replica.cli("REPLICAOF", "NO", "ONE");
    primary.cli("REPLICAOF", "127.0.0.1", String(replica.port));
    await store.append(await store.head(), journalOf(2).slice(1));
    assert.equal(replica.cli("XLEN", "{executor-registry}:journal"), "2");
    await store.close();
  });

  test("refuses to write without the replicas that it is told to have", async () => {
    await using primary = await startRedisServer({ appendonly: "yes", appendfsync: "always" });
    const store = await openStore(`redis://${primary.host}`);
    primary.cli("CONFIG", "SET", "min-replicas-to-write", "1");
    const refused = store.append(EMPTY_HEAD, journalOf(1));
    await assert.rejects(refused, { code: "store", retryable: true, message: /too few replicas/ });
    assert.deepEqual(await store.head(), EMPTY_HEAD);
    await store.close();
  });
});

/** A replica that has what the primary has. */
async function startReplica(primary: RedisServer): Promise<RedisServer> {
  const replica = await startRedisServer({ appendonly: "yes", replicaof: `127.0.0.1 ${primary.port}` });
  while (!/master_link_status:up/.test(replica.cli("INFO", "replication"))) await new Promise(setImmediate);
  return replica;
}

function sleepless() {
  let slept = 0;
  return { now: () => slept, sleep: async (ms: number) => void (slept += ms) };
}
