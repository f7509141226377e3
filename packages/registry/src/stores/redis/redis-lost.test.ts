import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { type Clock, type Logger, silentLogger, systemClock } from "@executor-registry/resolver";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { tcpProxy } from "../../../../../testing/tcp-proxy.ts";
import { EMPTY_HEAD, verifyChain } from "../../journal/chain.ts";
import type { Entry } from "../../journal/entry.ts";
import { followOthers } from "../../journal/others.ts";
import type { Store } from "../../journal/store.ts";
import { journalOf, sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";
import { redisPlace } from "../testing/redis-place.ts";

describe("a Redis store whose connection is lost", { skip: noRedisServer }, () => {
  let server: RedisServer;
  before(async () => void (server = await startRedisServer()));
  after(() => server[Symbol.asyncDispose]());

  /** A store that is reached through a proxy. */
  const proxied = async (clock: Clock = systemClock) => {
    const proxy = await tcpProxy(server.port);
    const lines: string[] = [];
    const { address } = redisPlace(`127.0.0.1:${proxy.port}`);
    const store = await openStore(address, { clock, log: loggerOf(lines) });
    return {
      proxy,
      store,
      lines,
      async [Symbol.asyncDispose]() {
        await store.close();
        await proxy[Symbol.asyncDispose]();
      },
    };
  };

  test("appends once where the reply was lost, on the next connection", async () => {
    await using place = await proxied();
    const { proxy, store, lines } = place;
    const entries = journalOf(300);
    await store.append(EMPTY_HEAD, entries.slice(0, 1));
    proxy.loseReplies(1);
    await store.append(headOf(entries.slice(0, 1)), entries.slice(1));
    assert.equal(proxy.cuts, 1);
    assert.deepEqual(await store.read(0, 1000), entries);
    assert.deepEqual(
      lines.map((line) => line.replace(/\(.*\)/, "()")),
      ["warn: the store was lost: the server cannot be reached ()", "info: the store can be reached again"],
    );
  });

  test("says that it is not known whether entries were written, where no reply comes for a while", async () => {
    const clock = sleepless();
    await using place = await proxied(clock);
    const { proxy, store } = place;
    const entries = journalOf(2);
    proxy.loseReplies(Infinity);
    await assert.rejects(store.append(EMPTY_HEAD, entries), {
      code: "store",
      retryable: true,
      message: /cannot be reached .*; whether the entries were written is not known/,
    });
    assert.ok(clock.slept > 3000 && clock.slept <= 5000, String(clock.slept));
    proxy.loseReplies(0);
    assert.deepEqual(await store.head(), headOf(entries));
    await store.append(EMPTY_HEAD, entries);
  });

  test("says that nothing was written where no server could be asked", async () => {
    await using place = await proxied(sleepless());
    const { proxy, store } = place;
    proxy.cut(60_000);
    await assert.rejects(store.head(), { code: "store", retryable: true });
    const problem = await store.append(EMPTY_HEAD, journalOf(1)).catch((error: Error) => error.message);
    assert.match(String(problem), /the server cannot be reached/);
    assert.doesNotMatch(String(problem), /not known/);
  });

  test("loses no entry that was acknowledged when the server is killed, again and again", async () => {
    const store = await redisPlace(server.host).open();
    let head = EMPTY_HEAD;
    for (let round = 0; round < 5; round++) {
      const kill = 3 + round * 17;
      let killed: Promise<void> | undefined;
      for (let nth = 0; nth < kill + 20; nth++) {
        const drafts = Array.from({ length: 1 + (nth % 9) }, (_, part) => tagged("ml", `${round}.${nth}.${part}`));
        const entries = sealedAfter(head, drafts);
        const appended = store.append(head, entries);
        // While it is on its way.
        if (nth === kill) killed = server.stop().then(() => server.start());
        await appended;
        head = headOf(entries);
      }
      await killed;
      assert.deepEqual(await store.head(), head);
    }
    const all = await store.read(0, 100_000);
    assert.deepEqual(verifyChain(all), head);
    assert.equal((await store.list({ type: "ml", limit: 100_000 })).length, all.length);
    await store.close();
  });

  test("hears of what others append again after the server was started again", async () => {
    const place = redisPlace(server.host);
    const [store, other] = [await place.open(), await place.open()];
    assert.equal(store.sharing?.pollMs, 100);
    const heard = hearing(store);
    await heard.next();
    assert.equal(store.sharing?.pollMs, 150);
    await server.stop();
    while (store.sharing?.pollMs !== 100) await setImmediate();
    // It is told of the new connection, since something may have been missed.
    const again = heard.next();
    await server.start();
    await again;
    assert.equal(store.sharing?.pollMs, 150);
    const next = heard.next();
    await other.append(EMPTY_HEAD, journalOf(1));
    await next;
    heard.stop();
    await Promise.all([store.close(), other.close()]);
  });

  test("finds by asking what was appended while announcements were lost", async () => {
    const place = redisPlace(server.host);
    const [store, other] = [await place.open(), await place.open()];
    const heard = hearing(store);
    await heard.next();
    heard.stop();
    const ended = new AbortController();
    const { sharing } = store;
    assert.ok(sharing);
    const entries = journalOf(1);
    const refresh = async (): Promise<void> => {
      const [found] = await store.read(0, 1);
      if (found === undefined && ended.signal.aborted) return;
      if (found === undefined) await other.append(EMPTY_HEAD, entries);
      else ended.abort();
    };
    // Nobody publishes: who follows is woken by time alone.
    const deaf = { ...sharing, pollMs: sharing.pollMs, watch: () => () => {} };
    await followOthers(
      { refresh },
      { sharing: deaf, clock: systemClock, random: () => 1, log: silentLogger },
      ended.signal,
    );
    assert.deepEqual(await store.read(0, 10), entries);
    await Promise.all([store.close(), other.close()]);
  });

  test("waits for a server that is away or loads its data, and says so once", async () => {
    const place = redisPlace(server.host);
    const store = await place.open();
    const entries = journalOf(2000);
    for (let at = 0; at < 2000; at += 10) {
      await store.append(headOf(entries.slice(0, at)), entries.slice(at, at + 10));
    }
    await store.close();
    await server.stop();
    const lines: string[] = [];
    const clock = { now: systemClock.now, sleep: async () => setImmediate() };
    const opening = openStore(place.address, { log: loggerOf(lines), clock });
    await server.start();
    const again = await opening;
    assert.deepEqual(await again.head(), headOf(entries));
    assert.match(
      lines[0] ?? "",
      /^warn: waiting up to 60 s for the store: the server (?:cannot be reached|is starting)/,
    );
    assert.equal(new Set(lines).size, lines.length);
    await again.close();
  });

  test("gives up on a server that stays away", async () => {
    await using proxy = await tcpProxy(server.port);
    proxy.cut(60_000);
    const clock = sleepless();
    const { address } = redisPlace(`127.0.0.1:${proxy.port}`);
    await assert.rejects(openStore(address, { clock }), {
      code: "store",
      retryable: true,
      message: /cannot be reached/,
    });
    assert.ok(clock.slept > 58_000 && clock.slept <= 60_000, String(clock.slept));
  });

  test("ends what is being asked when it is closed", async () => {
    await using place = await proxied();
    const { proxy, store } = place;
    proxy.cut(60_000);
    const asked = store.head();
    await store.close();
    await assert.rejects(asked, { code: "store", message: /it is closed|cannot be reached/ });
    await assert.rejects(store.head(), { code: "store", message: /it is closed/ });
  });
});

const headOf = (entries: readonly Entry[]) => {
  const { sequence, hash } = entries.at(-1) ?? EMPTY_HEAD;
  return { sequence, hash };
};

function loggerOf(lines: string[]): Logger {
  const line = (level: string) => (_fields: object, message: string) => void lines.push(`${level}: ${message}`);
  return { debug() {}, info: line("info"), warn: line("warn"), error: line("error") };
}

/** A clock that moves by what is slept alone. */
function sleepless(): Clock & { readonly slept: number } {
  let slept = 0;
  return {
    get slept() {
      return slept;
    },
    now: () => slept,
    sleep: async (ms) => void (slept += ms),
  };
}

/** Waits for what a store announces. */
function hearing(store: Store): { next(): Promise<void>; stop(): void } {
  const waiting: (() => void)[] = [];
  const stop = store.sharing?.watch(() => {
    for (const wake of waiting.splice(0)) wake();
  });
  return { next: () => new Promise((resolve) => void waiting.push(resolve)), stop: () => stop?.() };
}
