import assert from "node:assert/strict";
import { EventEmitter, once } from "node:events";
import { describe, test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import { createHostPacer } from "./pacing.ts";

const ok = { status: 200, body: "{}" };

describe("a registry that limits requests", () => {
  test("is not asked by any client of the host until the time it named", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    const random = (): number => 0;
    const pacer = createHostPacer(registry.host, { clock, random });
    const told = new EventEmitter();
    const log = { ...silentLogger, debug: () => told.emit("throttled") };
    await using one = testClient(registry.host, { pacer, clock, random, log });
    await using other = testClient(registry.host, { pacer, clock, random });
    registry.answerNext(/./, ok, Infinity);
    registry.answerNext(/./, { status: 429, headers: { "retry-after": "30" }, body: "{}" });

    const first = one.ping(signal);
    await once(told, "throttled");
    const second = other.ping(signal);
    await clock.advance(29_999);
    assert.equal(registry.requests.length, 1);
    await clock.advance(1);
    // From then on it is asked half as often.
    await clock.advance(1000);
    await Promise.all([first, second]);
    assert.equal(registry.requests.length, 3);
  });

  test("for longer than a request waits fails it at once, with the time, and is not asked until then", async ({
    signal,
  }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    const random = (): number => 0;
    const pacer = createHostPacer(registry.host, { clock, random });
    await using client = testClient(registry.host, { pacer, clock, random });
    registry.answerNext(/./, { status: 429, headers: { "retry-after": "21600" }, body: "{}" });
    await assert.rejects(client.ping(signal), { code: "throttled", retryAfter: 21_600_000 });
    await assert.rejects(client.ping(signal), { code: "throttled", message: /not asked for another 21600 s/ });
    assert.equal(registry.requests.length, 1);
    await clock.advance(21_600_000);
    registry.answerNext(/./, ok);
    await client.ping(signal);
  });

  test("is counted as often as it said so, not as often as it was not asked for that", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    const pacer = createHostPacer(registry.host, { clock, random: () => 0 });
    await using client = testClient(registry.host, { pacer, clock, random: () => 0 });
    registry.answerNext(/./, { status: 429, headers: { "retry-after": "90" }, body: "{}" });
    for (let times = 0; times < 3; times += 1) await assert.rejects(client.ping(signal), { code: "throttled" });
    assert.equal(client.throttled, 1);
    await clock.advance(90_000);
    registry.answerNext(/./, ok);
    await client.ping(signal);
    assert.equal(registry.requests.length, 2, "not asking it did not make the pause longer");
  });

  test("for a millisecond, in a sentence, as GitHub does, is asked again", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/./, ok);
    const message = "retry-after: 1.16676ms, allowed: 44000/minute";
    registry.answerNext(/./, { status: 429, body: JSON.stringify({ errors: [{ code: "TOOMANYREQUESTS", message }] }) });
    await client.ping(signal);
    assert.equal(registry.requests.length, 2);
  });
});

describe("a registry that fails", () => {
  test("is asked four times, then its status and its own message are reported", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(
      /./,
      {
        status: 502,
        headers: { "x-request-id": "abc-1" },
        body: JSON.stringify({ errors: [{ code: "UNKNOWN", message: "storage\r\nis \u0000gone" }] }),
      },
      Infinity,
    );
    await assert.rejects(client.ping(signal), {
      code: "unreachable",
      status: 502,
      requestId: "abc-1",
      message: `${registry.host}: it fails with status 502. It says: UNKNOWN storage is gone`,
    });
    assert.equal(registry.requests.length, 4);
  });

  test("red-02: and asks to wait for years is not waited for, so that its scan ends", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    await using client = testClient(registry.host, { clock });
    for (const asked of ["999999999", "Fri, 31 Dec 9999 23:59:59 GMT", "61"]) {
      registry.answerNext(/./, { status: 502, headers: { "retry-after": asked } });
      await assert.rejects(client.ping(signal), { code: "unreachable", status: 502 });
    }
    assert.equal(registry.requests.length, 3);
  });

  test("gets no more repetitions than its budget while it fails", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/./, { status: 500 }, Infinity);
    for (let asked = 0; asked < 20; asked += 1) await assert.rejects(client.ping(signal), { status: 500 });
    assert.equal(registry.requests.length, 20 + 10);
  });

  test("is not asked again for what cannot change", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    for (const [status, code] of [
      [401, "unauthorized"],
      [403, "forbidden"],
      [404, "registry-protocol"],
      [418, "registry-protocol"],
    ] as const) {
      const before = registry.requests.length;
      registry.answerNext(/./, { status });
      await assert.rejects(client.ping(signal), { code, status });
      assert.equal(registry.requests.length, before + 1);
    }
  });

  test("stops being asked when its reader gives up", async () => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const stop = new AbortController();
    registry.intercept(() => {
      stop.abort(new Error("enough"));
      return true;
    });
    await assert.rejects(client.ping(stop.signal), { message: "enough" });
    assert.equal(registry.requests.length, 1);
  });

  test("cannot be asked by a client that was closed", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const client = testClient(registry.host);
    await client.close();
    await assert.rejects(client.ping(signal), { code: "closed" });
  });
});

test("a registry that is down for long is unreachable, with the reason, and never throttled", async ({ signal }) => {
  await using registry = await startRegistryProxy();
  const clock = manualClock();
  const random = (): number => 1;
  const pacer = createHostPacer(registry.host, { clock, random });
  await using client = testClient(registry.host, { pacer, clock, random });
  for (let failures = 0; failures < 7; failures += 1) {
    await clock.advance(60_000);
    pacer.pause({ code: "unreachable", message: "connection refused" });
  }
  for (let times = 0; times < 2; times += 1) {
    await assert.rejects(client.ping(signal), {
      code: "unreachable",
      retryAfter: 60_000,
      message: `${registry.host}: not asked for another 60 s, because it keeps failing. The last failure: connection refused`,
    });
  }
  assert.equal(client.throttled, 0);
  await clock.advance(60_000);
  registry.answerNext(/./, ok);
  await client.ping(signal);
});
