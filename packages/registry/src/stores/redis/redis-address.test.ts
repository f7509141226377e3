import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { parseRedisAddress } from "./redis-address.ts";

describe("the address of a Redis store", () => {
  test("names servers, a user, a database and a prefix", () => {
    const { description, ...parsed } = parseRedisAddress("rediss://me%40here@a,b:7000,[::1]:7001/3?prefix=team/a");
    assert.deepEqual(parsed, {
      tls: true,
      user: "me@here",
      nodes: [
        { host: "a", port: 6379 },
        { host: "b", port: 7000 },
        { host: "::1", port: 7001 },
      ],
      sentinel: undefined,
      database: 3,
      prefix: "team/a",
    });
    assert.equal(description, "rediss://me%40here@a:6379,b:7000,[::1]:7001/3?prefix=team%2Fa");
    assert.equal(parseRedisAddress(description).description, description);
  });

  test("names sentinels, which have a port of their own", () => {
    const { nodes, sentinel, description } = parseRedisAddress("redis://s1,s2:7000/?sentinel=mymaster");
    assert.deepEqual([sentinel, nodes.map(({ port }) => port)], ["mymaster", [26_379, 7000]]);
    assert.equal(description, "redis://s1:26379,s2:7000?sentinel=mymaster");
  });

  test("is refused with what is wrong, and never repeated", () => {
    const cases = {
      "redis://": /names at least a host/,
      "redis:host": /names at least a host/,
      "redis:///0": /names at least a host/,
      "redis://a:b": /HOST:PORT/,
      "redis://a:0": /HOST:PORT/,
      "redis://a:99999": /HOST:PORT/,
      "redis://a,,b": /HOST:PORT/,
      "redis://a/db": /number of a database/,
      "redis://a?password=hunter2": /`prefix` and `sentinel` alone/,
      "redis://a?prefix=": /its prefix has letters/,
      "redis://a?prefix={hunter2}": /its prefix has letters/,
      "redis://a?sentinel=": /know the primary/,
      "redis://u:hunter2@a": /a password does not stand in it/,
      "redis://%zz@a": /percent-encoded/,
      "redis://a#hunter2": /names at least a host/,
    };
    for (const [address, message] of Object.entries(cases)) {
      assert.throws(
        () => parseRedisAddress(address),
        (problem: Error & { code: string }) => {
          assert.equal(problem.code, "configuration");
          assert.match(problem.message, message, address);
          assert.doesNotMatch(problem.message, /hunter2/);
          return true;
        },
      );
    }
  });
});
