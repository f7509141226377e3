import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { readToken, tokenRequest } from "./bearer-token.ts";
import { createTokenCache } from "./token-cache.ts";

const place = { host: "registry.example.com" };
const server = { realm: new URL("https://auth.example.com/token?tenant=1"), service: "registry" };
const clock = manualClock(0);
const read = (body: string): ReturnType<typeof readToken> =>
  readToken({ status: 200, headers: {}, body: Buffer.from(body), url: server.realm }, place, clock);

describe("a token", () => {
  test("is asked for with every scope by itself, and what the realm says already", () => {
    const { url } = tokenRequest(server, "repository:a:pull repository:b:pull", undefined, place);
    assert.equal(url.search, "?tenant=1&service=registry&scope=repository%3Aa%3Apull&scope=repository%3Ab%3Apull");
  });

  test("goes by either name, and lives a minute unless the answer says otherwise", () => {
    assert.deepEqual(read('{"token":"t"}'), { value: "t", renewAt: 48_000 });
    assert.deepEqual(read('{"access_token":"a","expires_in":300}'), { value: "a", renewAt: 240_000 });
    assert.deepEqual(read('{"token":"t","expires_in":"soon"}'), { value: "t", renewAt: 48_000 });
    assert.equal(read('{"token":"t","expires_in":1e12}').renewAt, 86_400_000 * 0.8);
  });

  test("reg-17: is found whichever member holds it, and whatever the other one holds", () => {
    for (const body of [
      '{"token":"","access_token":"abc"}',
      '{"token":"abc","access_token":null}',
      '{"token":null,"access_token":"abc"}',
      '{"token":"abc","access_token":""}',
      '{"token":7,"access_token":"abc"}',
      '{"token":{},"access_token":"abc","expires_in":null}',
      '{"token":"abc","access_token":"a\\nb","refresh_token":null,"issued_at":null}',
    ]) {
      assert.deepEqual(read(body), { value: "abc", renewAt: 48_000 }, body);
    }
  });

  test("is not taken where it cannot stand in a header", () => {
    for (const body of ["{}", "[]", "<html>", '{"token":""}', '{"token":"a\\r\\nx: y"}', '{"token":1}']) {
      assert.throws(() => read(body), { code: "registry-protocol" }, body);
    }
  });

  test("that was fetched with credentials of the past is not kept", async () => {
    const cache = createTokenCache(clock);
    let give: (value: string) => void = () => {};
    const old = cache.get("k", () => new Promise((resolve) => (give = (value) => resolve({ value, renewAt: 1000 }))));
    cache.clear();
    give("old");
    assert.equal(await old, "old");
    assert.equal(await cache.get("k", async () => ({ value: "new", renewAt: 1000 })), "new");
  });

  test("is fetched again after a failure", async () => {
    const cache = createTokenCache(clock);
    await assert.rejects(
      cache.get("k", () => Promise.reject(new Error("away"))),
      { message: "away" },
    );
    assert.equal(await cache.get("k", async () => ({ value: "new", renewAt: 1000 })), "new");
  });
});
