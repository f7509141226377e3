import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type KubernetesServer, kubernetesServer } from "../../../../../testing/kubernetes-server.ts";
import { type ManualClock, manualClock } from "../../../../../testing/manual-clock.ts";
import { type Recorder, recorder } from "../../../../../testing/recorder.ts";
import type { Logger } from "../../tools/logger.ts";
import { type ReflectionHandler, reflect } from "./reflector.ts";

interface Following extends Recorder, AsyncDisposable {
  readonly server: KubernetesServer;
  readonly clock: ManualClock;
  /** Level and message of what was logged, in order. */
  readonly logged: string[];
  readonly stop: AbortController;
  readonly done: Promise<void>;
}

interface Setup {
  readonly handler?: Partial<ReflectionHandler>;
  readonly prepare?: (server: KubernetesServer) => void;
  /** Lets the client's time limits too go by the manual clock. */
  readonly sharedClock?: boolean;
}

async function follow({ handler, prepare, sharedClock }: Setup = {}): Promise<Following> {
  const server = await kubernetesServer();
  prepare?.(server);
  const clock = manualClock();
  const stop = new AbortController();
  const record = recorder(handler);
  const logged: string[] = [];
  const level = (level: string) => (_: object, message: string) => void logged.push(`${level}: ${message}`);
  const log: Logger = { debug: level("debug"), info: level("info"), warn: level("warn"), error: level("error") };
  const api = server.api(sharedClock ? clock : undefined);
  const { signal } = stop;
  const path = "/api/v1/things";
  const done = reflect({ api, path, handler: record.handler, signal, log, clock, random: () => 0.5, pageSize: 2 });
  return {
    ...record,
    server,
    clock,
    logged,
    stop,
    done,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await done;
      api.close();
      await server[Symbol.asyncDispose]();
    },
  };
}

/** Lets the pending back-off pass; resolves to its length. */
async function passBackoff(clock: ManualClock): Promise<number> {
  const ms = await clock.nextSleep();
  await clock.advance(ms);
  return ms;
}

const threeThings = (server: KubernetesServer): void => {
  for (const name of ["a", "b", "c"]) server.put(name);
};

describe("reflect", () => {
  test("lists page by page, then follows", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    assert.deepEqual(one.fresh(), ["begin", "listed a", "listed b", "listed c", "synced", "contact ok"]);
    const watch = (await one.server.seen(3)).query;
    assert.deepEqual(
      one.server.requests.map(({ query }) => [query.get("limit"), query.get("continue"), query.get("resourceVersion")]),
      [
        ["2", null, null],
        ["2", "103:2", null],
        [null, null, "103"],
      ],
    );
    assert.equal(watch.get("allowWatchBookmarks"), "true");
    assert.equal(watch.get("timeoutSeconds"), "360");

    one.server.put("b");
    one.server.put("d");
    one.server.remove("a");
    await one.until("remove a");
    assert.deepEqual(one.fresh(), ["upsert b", "upsert d", "remove a"]);
    assert.deepEqual(one.logged, ["debug: listed"]);
  });

  test("resumes at once where a watch with events ended, after a wait where one without did", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    const version = one.server.put("b");
    await one.until("upsert b");
    one.server.end();
    assert.equal((await one.server.seen(4)).query.get("resourceVersion"), version);
    one.server.end();
    assert.equal(await passBackoff(one.clock), 500);
    assert.equal((await one.server.seen(5)).query.get("resourceVersion"), version);
    one.server.put("d");
    await one.until("upsert d");
    assert.deepEqual(
      one.recorded.filter((what) => /begin|contact/.test(what)),
      ["begin", "contact ok"],
    );
  });

  test("resumes a broken connection from the last bookmark, without listing", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    const bookmark = one.server.bookmark();
    one.server.end();
    assert.equal((await one.server.seen(4)).query.get("resourceVersion"), bookmark);
    one.server.drop();
    await one.until("contact unreachable");
    one.server.put("b");
    assert.equal(await passBackoff(one.clock), 500);
    await one.until("upsert b");
    assert.equal((await one.server.seen(5)).query.get("resourceVersion"), bookmark);
    assert.deepEqual(one.recorded.slice(-3), ["contact unreachable", "contact ok", "upsert b"]);
    assert.deepEqual(one.logged, ["debug: listed", "warn: no contact, trying again", "info: contact again"]);
  });

  test("lists again after 410 as an event; what vanished is not listed", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    one.fresh();
    one.server.expire();
    await one.clock.nextSleep();
    one.server.remove("b");
    await passBackoff(one.clock);
    await one.until("contact ok", 2);
    assert.deepEqual(one.fresh(), ["begin", "listed a", "listed c", "synced", "contact ok"]);
    assert.deepEqual(
      one.logged.filter((line) => !line.startsWith("debug")),
      ["info: listed again"],
    );
  });

  test("lists again after 410 as a status", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    one.server.drop();
    await one.until("contact unreachable");
    one.fresh();
    one.server.expire();
    await passBackoff(one.clock);
    assert.equal((await one.server.seen(4)).query.get("watch"), "true");
    assert.equal(await passBackoff(one.clock), 1000);
    await one.until("contact ok", 2);
    assert.deepEqual(one.fresh(), ["begin", "listed a", "listed b", "listed c", "synced", "contact ok"]);
  });

  test("starts over when a page's token expires", async () => {
    let expired = false;
    const told: string[] = [];
    await using one = await follow({
      prepare: threeThings,
      handler: {
        begin: () => void told.push("begin"),
        upsert: () => {
          if (!expired) one.server.expire();
          expired = true;
        },
        synced: () => void told.push("synced"),
      },
    });
    await passBackoff(one.clock);
    await one.until("contact ok");
    assert.deepEqual(told, ["begin", "begin", "synced"]);
    const lists = one.server.requests
      .slice(0, 4)
      .map(({ query }) => [query.get("continue"), query.get("resourceVersion")]);
    assert.deepEqual(lists, [
      [null, null],
      ["103:2", null],
      [null, null],
      ["104:2", null],
    ]);
  });

  test("backs off up to 30 s while the server fails, says so once, and begins again after success", async () => {
    await using one = await follow({ prepare: (server) => server.refuse(500) });
    const waits: number[] = [];
    for (let i = 0; i < 7; i++) {
      await one.server.seen(i + 1);
      waits.push(await passBackoff(one.clock));
    }
    assert.deepEqual(waits, [500, 1000, 2000, 4000, 8000, 15_000, 15_000]);
    await one.server.seen(8);
    one.server.accept();
    await passBackoff(one.clock);
    await one.until("contact ok");
    assert.deepEqual(
      one.recorded.filter((what) => what.startsWith("contact")),
      ["contact kubernetes-api", "contact ok"],
    );
    assert.deepEqual(one.logged, ["warn: no contact, trying again", "debug: listed", "info: contact again"]);
    one.server.put("a");
    await one.until("upsert a");
    one.server.drop();
    assert.equal(await one.clock.nextSleep(), 500);
  });

  test("lists again when the server cannot make sense of the watch", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    one.server.put("a");
    await one.until("upsert a");
    one.server.refuse(500, { match: ({ query }) => query.has("watch") });
    one.server.end();
    await one.until("contact kubernetes-api");
    one.server.accept();
    await passBackoff(one.clock);
    await one.until("contact ok", 2);
    assert.deepEqual(one.recorded.slice(-6), ["begin", "listed a", "listed b", "listed c", "synced", "contact ok"]);
  });

  test("waits as long as a throttling server asks", async () => {
    await using one = await follow({ prepare: (server) => server.refuse(429, { headers: { "retry-after": "7" } }) });
    await one.until("contact throttled");
    assert.equal(await one.clock.nextSleep(), 7500);
  });

  for (const [status, code] of [
    [403, "forbidden"],
    [404, "not-found"],
    [401, "unauthorized"],
  ] as const) {
    test(`keeps trying after ${status} mid-way, and resumes when it is over`, async () => {
      await using one = await follow({ prepare: threeThings });
      await one.until("contact ok");
      one.server.put("a");
      await one.until("upsert a");
      one.server.refuse(status);
      one.server.end();
      await one.until(`contact ${code}`);
      await passBackoff(one.clock);
      await one.server.seen(5);
      one.server.accept();
      await passBackoff(one.clock);
      await one.until("contact ok", 2);
      assert.equal(one.recorded.filter((what) => what === "begin").length, 1);
      assert.equal(one.recorded.filter((what) => what === `contact ${code}`).length, 1);
    });
  }

  test("takes a silent connection for dead, and resumes without alarm", async () => {
    await using one = await follow({ prepare: threeThings, sharedClock: true });
    await one.until("contact ok");
    assert.equal(await one.clock.nextSleep(), 75_000);
    await one.clock.advance(75_000);
    assert.equal((await one.server.seen(4)).query.get("resourceVersion"), "103");
    one.server.put("a");
    await one.until("upsert a");
    assert.equal(one.recorded.filter((what) => what.startsWith("contact")).length, 1);
    assert.deepEqual(one.logged, ["debug: listed"]);
  });

  test("a skipped line is not parsed, and its position counts", async () => {
    const offered: string[] = [];
    await using one = await follow({
      prepare: threeThings,
      handler: {
        skip: (line) => {
          offered.push(line.toString());
          return line.includes("boring");
        },
      },
    });
    await one.until("contact ok");
    one.server.put("a", { boring: true, managed: '"resourceVersion":"7"' });
    const version = one.server.put("b", { boring: true, nested: { resourceVersion: "8" } });
    one.server.end();
    assert.equal((await one.server.seen(4)).query.get("resourceVersion"), version);
    one.server.put("d", { boring: true });
    one.server.put("c");
    await one.until("upsert c");
    assert.deepEqual(one.recorded.slice(-2), ["upsert d", "upsert c"]);
    assert.equal(offered.length, 3);
  });

  test("a handler that throws is logged, and the rest goes on", async () => {
    const seen: unknown[] = [];
    await using one = await follow({
      prepare: threeThings,
      handler: {
        upsert: (object) => {
          seen.push(object);
          throw new Error("no");
        },
      },
    });
    await one.until("contact ok");
    one.server.put("a");
    one.server.remove("a");
    await one.until("remove a");
    assert.equal(seen.length, 4);
    assert.equal(one.logged.filter((line) => line === "error: a handler's upsert failed").length, 4);
  });

  test("an event of an unknown type is left out", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    one.server.raw('{"type":"SHRUGGED","object":{}}\n');
    one.server.put("a");
    await one.until("upsert a");
    assert.deepEqual(one.logged, ["debug: listed", "debug: a watch event of the unknown type SHRUGGED is left out"]);
  });

  test("a line cut in the middle is asked for again", async () => {
    await using one = await follow({ prepare: threeThings });
    await one.until("contact ok");
    one.server.raw('{"type":"ADDED","object":{"metadata":{"name":"ha');
    one.server.end();
    await one.until("contact kubernetes-api");
    one.server.put("half");
    await passBackoff(one.clock);
    await one.until("upsert half");
    assert.deepEqual(one.recorded.filter((what) => what === "begin").length, 1);
  });

  test("an answer that is no list is a problem, not a list", async () => {
    const prepare = (server: KubernetesServer): void => server.refuse(200, { body: '{"kind":"APIVersions"}' });
    await using one = await follow({ prepare });
    await one.until("contact kubernetes-api");
    assert.deepEqual(one.recorded, ["begin", "contact kubernetes-api"]);
  });

  const phases: readonly [string, Setup, (one: Following) => Promise<unknown>][] = [
    ["a list", { prepare: (server) => server.refuse(0) }, (one) => one.server.seen(1)],
    ["a watch", {}, (one) => one.until("contact ok")],
    [
      "a watch's handshake",
      { prepare: (server) => server.refuse(0, { match: ({ query }) => query.has("watch") }) },
      (one) => one.server.seen(2),
    ],
    ["a back-off", { prepare: (server) => server.refuse(500) }, (one) => one.clock.nextSleep()],
  ];
  for (const [phase, setup, reached] of phases) {
    test(`ends promptly when aborted during ${phase}`, async () => {
      await using one = await follow(setup);
      await reached(one);
      one.fresh();
      one.stop.abort();
      assert.equal(await one.done, undefined);
      assert.deepEqual(one.fresh(), []);
    });
  }
});
