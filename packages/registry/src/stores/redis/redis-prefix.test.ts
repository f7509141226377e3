import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore, verifyStore } from "../open.ts";
import { redisPlace } from "../testing/redis-place.ts";

describe("a prefix on a Redis server", { skip: noRedisServer }, () => {
  let server: RedisServer;
  before(async () => void (server = await startRedisServer()));
  after(() => server[Symbol.asyncDispose]());

  test("is not taken where another application has a key under it", async () => {
    const makers = [
      [
        "layout",
        (key: string) => server.cli("RPUSH", key, "theirs"),
        /layout is another application's: a list, not a string/,
      ],
      ["layout", (key: string) => server.cli("SET", key, "theirs 1"), /layout is another application's/],
      [
        "journal",
        (key: string) => server.cli("SET", key, "theirs"),
        /journal is another application's: a string, not a stream/,
      ],
      [
        "journal",
        (key: string) => server.cli("XADD", key, "*", "their", "event"),
        /journal is another application's stream/,
      ],
      [
        "index",
        (key: string) => server.cli("SADD", key, "theirs"),
        /index is another application's: a set, not a zset/,
      ],
      [
        "cursors",
        (key: string) => server.cli("SET", key, "1"),
        /cursors is another application's: a string, not a hash/,
      ],
    ] as const;
    for (const [name, make, message] of makers) {
      const place = redisPlace(server.host);
      make(`{${place.prefix}}:${name}`);
      await assert.rejects(place.open(), { code: "store", retryable: false, message });
      assert.deepEqual(server.cli("KEYS", `{${place.prefix}}:*`).split("\n"), [`{${place.prefix}}:${name}`]);
    }
  });

  test("is left alone where a newer release has written it", async () => {
    const place = redisPlace(server.host);
    server.cli("SET", `{${place.prefix}}:layout`, "executor-registry 99");
    await assert.rejects(place.open(), {
      code: "store",
      retryable: false,
      message: /layout is 99.*a newer release wrote it/,
    });
    await assert.rejects(verifyStore(place.address), { message: /a newer release wrote it/ });
  });

  test("has keys in one slot of a cluster alone, and none that ends but leases", async () => {
    const place = redisPlace(server.host);
    const store = await place.open();
    await store.append(EMPTY_HEAD, journalOf(20));
    await store.saveSnapshot({ head: EMPTY_HEAD, format: 7, parts: 2 }, [{ key: "a", text: "b" }], true);
    await store.saveCursor("audit", 3);
    await store.sharing?.lease("leader", "a", 60_000, "note");
    const keys = server.cli("KEYS", `{${place.prefix}}:*`).split("\n").toSorted();
    const names = [
      "cursors",
      "index",
      "journal",
      "layout",
      "lease:=leader",
      "note:=leader",
      "snapshot:7",
      "snapshot:7:parts",
    ];
    assert.deepEqual(
      keys,
      names.map((name) => `{${place.prefix}}:${name}`),
    );
    const ending = keys.filter((key) => server.cli("PTTL", key) !== "-1");
    assert.deepEqual(ending, [`{${place.prefix}}:lease:=leader`]);
    await store.close();
  });

  test("keeps a snapshot for each of the last two formats, since two releases may run", async () => {
    const place = redisPlace(server.host);
    const store = await place.open();
    const save = (format: number, complete: boolean): Promise<void> => {
      const head = { sequence: format, hash: String(format).repeat(64) };
      return store.saveSnapshot({ head, format, parts: 1 }, [{ key: "ml", text: `of ${format}` }], complete);
    };
    const loaded = async (format: number): Promise<readonly unknown[]> => {
      const texts: string[] = [];
      const snapshot = await store.loadSnapshot(({ text }) => void texts.push(text), format);
      return [snapshot?.format, ...texts];
    };
    await save(4, true);
    await save(3, true);
    await save(3, false);
    assert.deepEqual([await loaded(3), await loaded(4), await loaded(5)], [[3, "of 3"], [4, "of 4"], [undefined]]);
    await save(5, true);
    assert.deepEqual([await loaded(3), await loaded(4), await loaded(5)], [[undefined], [4, "of 4"], [5, "of 5"]]);
    await store.close();
  });

  test("is read whole by a verification, which changes nothing and names an entry that was changed", async () => {
    const place = redisPlace(server.host);
    await assert.rejects(verifyStore(place.address), {
      code: "store",
      message: /there is no journal under the prefix/,
    });
    assert.equal(server.cli("KEYS", `{${place.prefix}}:*`), "");
    const entries = journalOf(50);
    const store = await place.open();
    await store.append(EMPTY_HEAD, entries);
    await store.close();
    assert.equal((await verifyStore(place.address)).sequence, 50);
    const key = `{${place.prefix}}:journal`;
    server.cli("DEL", key);
    for (const { sequence, hash, ...entry } of entries) {
      const text = JSON.stringify({ sequence, ...entry, reason: sequence === 17 ? "forged" : entry.reason, hash });
      server.cli("XADD", key, `${sequence}-0`, "h", hash, "e", text);
    }
    await assert.rejects(verifyStore(place.address), { code: "broken-journal", message: /17/ });
    server.cli("XDEL", key, "12-0");
    await assert.rejects(verifyStore(place.address), { code: "broken-journal", message: /12/ });
  });

  test("tells what of the server's settings may lose entries, and what to set", async () => {
    const findings = async (address: string): Promise<string> => {
      const store = await openStore(address);
      await store.close();
      return store.findings.map(({ message }) => message).join("\n");
    };
    const { address } = redisPlace(server.host);
    assert.equal(await findings(address), "");
    server.cli("CONFIG", "SET", "appendfsync", "everysec");
    const waits = server.cli("COMMAND", "INFO", "WAITAOF") !== "";
    const what = waits ? "each append waits up to a second for that" : "a power failure may lose the last two seconds";
    assert.equal(await findings(address), `the server's file is synced once a second: ${what}; set appendfsync always`);
    server.cli("CONFIG", "SET", "appendfsync", "no", "maxmemory-policy", "allkeys-lru");
    assert.match(await findings(address), /set appendfsync always\n.*\(maxmemory-policy allkeys-lru\).*noeviction$/);
    server.cli("CONFIG", "SET", "appendonly", "no");
    assert.match(await findings(address), /^the server keeps no append-only file: .*; set appendonly yes\n/);
    server.cli("ACL", "SETUSER", "default", "-config");
    assert.match(await findings(address), /^the server keeps no append-only file: .*\n.*allkeys-lru/);
    server.cli("ACL", "SETUSER", "default", "-info");
    assert.match(await findings(address), /^whether the server keeps what is written cannot be seen/);
    server.cli("ACL", "SETUSER", "default", "+config", "+info");
    server.cli("CONFIG", "SET", "appendonly", "yes", "appendfsync", "always", "maxmemory-policy", "noeviction");
  });

  test("keeps what it has where the server's memory is full, and goes on when there is room", async () => {
    const place = redisPlace(server.host);
    const store = await place.open();
    const entries = journalOf(30);
    await store.append(EMPTY_HEAD, entries.slice(0, 10));
    server.cli("CONFIG", "SET", "maxmemory", "1mb");
    const { hash = "", sequence = 0 } = entries[9] ?? {};
    await assert.rejects(store.append({ sequence, hash }, entries.slice(10)), {
      code: "store",
      retryable: true,
      message: /memory is full; raise maxmemory/,
    });
    assert.deepEqual(await store.read(0, 100), entries.slice(0, 10));
    server.cli("CONFIG", "SET", "maxmemory", "0");
    await store.append({ sequence, hash }, entries.slice(10));
    assert.deepEqual(await store.read(0, 100), entries);
    await store.close();
  });
});
