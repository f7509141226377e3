import assert from "node:assert/strict";
import { after, afterEach, before, describe, test } from "node:test";
import { type Clock, silentLogger, systemClock } from "@executor-registry/resolver";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { tcpProxy } from "../../../../../testing/tcp-proxy.ts";
import { EMPTY_HEAD, verifyChain } from "../../journal/chain.ts";
import type { Head } from "../../journal/entry.ts";
import type { Store } from "../../journal/store.ts";
import { journalOf, sealedAfter, tagged } from "../../journal/testing/toy.ts";
import { openStore } from "../open.ts";
import { postgresPlace } from "../testing/postgres-place.ts";
import { watchOf } from "../testing/watched.ts";

describe("a PostgreSQL store whose server or network goes away", { skip: noPostgresServer }, () => {
  let server: PostgresServer;
  before(async () => void (server = await startPostgresServer()));
  after(() => server[Symbol.asyncDispose]());

  // A store that stays open after a test that failed goes on looking for its server, and the process with it.
  const opened: Store[] = [];
  const open: typeof openStore = async (...how) => {
    const store = await openStore(...how);
    opened.push(store);
    return store;
  };
  afterEach(() => Promise.all(opened.splice(0).map((store) => store.close())));

  /** A store that reaches the server through a proxy. */
  const throughProxy = async (clock: Clock = systemClock) => {
    const proxy = await tcpProxy(server.port);
    const { address } = postgresPlace(server.address.replace(String(server.port), String(proxy.port)));
    return { proxy, address, store: await open(address, { clock }) };
  };

  test("appends once what it has to send again, since the answer was lost", async () => {
    const { proxy, store } = await throughProxy();
    await using _ = proxy;
    const entries = journalOf(30);
    for (let at = 0; at < 30; at += 3) {
      const head = await store.head();
      proxy.loseReplies(1);
      await store.append(head, entries.slice(at, at + 3));
    }
    assert.equal(proxy.cuts, 10);
    assert.deepEqual(await store.read(0, 100), entries);
  });

  test("says that a conflict is one, also when the answer to an append was lost", async () => {
    const { proxy, address, store } = await throughProxy();
    await using _ = proxy;
    const other = await open(address);
    await store.head();
    const [first] = journalOf(1);
    assert.ok(first);
    await other.append(EMPTY_HEAD, [first]);
    proxy.loseReplies(1);
    await assert.rejects(store.append(EMPTY_HEAD, sealedAfter(EMPTY_HEAD, [tagged("ml", "other")])), {
      code: "conflict",
      actual: { sequence: 1, hash: first.hash },
    });
  });

  test("says that it is not known whether an append was written, where no connection comes back in time", async () => {
    const { proxy, store } = await throughProxy(quickClock);
    await using _ = proxy;
    const entries = journalOf(2);
    await store.head();
    proxy.loseReplies(1);
    const appending = store.append(EMPTY_HEAD, entries);
    // From the moment of the cut on, nobody gets through for longer than it tries.
    while (proxy.cuts === 0) await systemClock.sleep(1);
    proxy.cut(60_000);
    await assert.rejects(appending, { code: "store", retryable: true, message: /whether it was written is not known/ });
    await assert.rejects(store.head(), { code: "store", retryable: true, message: /the connection was lost/ });
    proxy.cut(0);
    assert.deepEqual(await store.read(0, 10), entries);
  });

  test("loses nothing that was acknowledged when the server is killed again and again, and goes on after each", async () => {
    const { address } = postgresPlace(server.address);
    const store = await open(address);
    let acknowledged: Head = EMPTY_HEAD;
    const ending = new AbortController();
    const writing = (async () => {
      for (let nth = 0; !ending.signal.aborted; nth++) {
        const entries = sealedAfter(acknowledged, [tagged("ml", String(nth)), tagged("ml", `${nth}.1`)]);
        await store.append(acknowledged, entries);
        acknowledged = entries.at(-1) ?? acknowledged;
      }
    })();
    for (let round = 0; round < 2; round++) {
      const reached = acknowledged.sequence + 20;
      while (acknowledged.sequence < reached) await systemClock.sleep(1);
      await server.stop();
      await server.start();
    }
    ending.abort();
    await writing;
    const { sequence, hash } = acknowledged;
    assert.deepEqual(verifyChain(await store.read(0, 1_000_000)), { sequence, hash });
  });

  test("listens again after a restart, and is asked more often until then", async () => {
    const { address } = postgresPlace(server.address);
    const logged: string[] = [];
    const log = {
      ...silentLogger,
      warn: (_: object, text: string) => logged.push(text),
      info: (_: object, text: string) => logged.push(text),
    };
    const [store, other] = await Promise.all([open(address, { log }), open(address)]);
    const watch = watchOf(store);
    await watch.announced();
    const head = await appendOne(other, EMPTY_HEAD);
    await watch.woken();
    await server.stop();
    while (store.sharing?.pollMs !== 100) await systemClock.sleep(1);
    await server.start();
    await watch.announced();
    const before = watch.count;
    await appendOne(other, head);
    while (watch.count === before) await systemClock.sleep(1);
    assert.deepEqual(
      logged.map((text) => text.replace(/\d+/, "N")),
      ["nobody announces what others append: asking every N ms", "what others append is announced again"],
    );
  });

  test("does not wake who appends for what they have appended", async () => {
    const { address } = postgresPlace(server.address);
    const [store, other] = await Promise.all([open(address), open(address)]);
    const [watch, others] = [watchOf(store), watchOf(other)];
    await watch.announced();
    await others.announced();
    const before = watch.count;
    await appendOne(store, EMPTY_HEAD);
    await others.woken();
    assert.equal(watch.count, before);
  });

  test("waits a minute for a server that is away, says so once, and opens when it is back", async () => {
    const { address } = postgresPlace(server.address);
    await server.stop();
    const logged: object[] = [];
    const log = { ...silentLogger, warn: (fields: object) => logged.push(fields) };
    const clock = manualClock();
    const failing = assert.rejects(openStore(address, { clock, log }), {
      code: "store",
      retryable: true,
      message: /nothing listens there/,
    });
    let waited = 0;
    const over = failing.then(() => true);
    while (!(await Promise.race([over, clock.nextSleep().then(() => false)]))) {
      const ms = await clock.nextSleep();
      waited += ms;
      await clock.advance(ms);
    }
    assert.ok(waited > 50_000 && waited <= 60_000, `${waited} ms`);
    assert.equal(logged.length, 1);

    const opening = openStore(address);
    await server.start();
    await (await opening).close();
  });
});

/** Its seconds last a twentieth of one. */
const quickClock: Clock = {
  now: () => Date.now() * 20,
  sleep: (ms, signal) => systemClock.sleep(ms / 20, signal),
};

async function appendOne(store: Store, head: Head): Promise<Head> {
  const [entry] = sealedAfter(head, [tagged("ml", String(head.sequence))]);
  assert.ok(entry);
  await store.append(head, [entry]);
  return { sequence: entry.sequence, hash: entry.hash };
}
