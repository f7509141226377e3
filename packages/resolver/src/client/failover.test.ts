import assert from "node:assert/strict";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { production, until } from "../../../../testing/production-resolver.ts";

const broken = (_: IncomingMessage, response: ServerResponse): boolean => {
  response.writeHead(500).end();
  return true;
};

/** Two services that know the same, and a resolver that prefers the first. */
async function two() {
  const first = await production();
  const second = await production();
  return {
    clock: first.clock,
    first: first.registry,
    second: second.registry,
    resolver: first.another({ url: [first.registry.url, second.registry.url] }),
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

describe("of several addresses", () => {
  test("the first that answers counts, and the others are not asked", async () => {
    await using world = await two();
    await world.resolver.resolve("ml");
    assert.deepEqual([world.first.received.length, world.second.received.length], [1, 0]);
  });

  test("the next one answers when one is gone, breaks, or is no registry", async () => {
    await using world = await two();
    world.first.misbehave(broken);
    assert.equal((await world.resolver.resolve("ml")).stale, false);
    world.first.misbehave((_, response) => {
      response.writeHead(404, { "content-type": "text/html" }).end("<h1>no such page</h1>");
      return true;
    });
    assert.equal((await world.resolver.resolve("nlp")).stale, false);
    await world.first.stop();
    assert.equal((await world.resolver.list()).length, 2);
    assert.deepEqual([world.first.received.length, world.second.received.length], [2, 3]);
  });

  test("one that says that a type is unknown is believed", async () => {
    await using world = await two();
    await assert.rejects(world.resolver.resolve("cv"), { code: "unknown-type" });
    assert.equal(world.second.received.length, 0);
  });

  test("one that failed three times in a row is left alone for a while, then tried once", async () => {
    await using world = await two();
    const { clock, first, resolver } = world;
    first.misbehave(broken);
    for (const type of ["a", "b", "c", "d", "e"])
      await assert.rejects(resolver.resolve(type), { code: "unknown-type" });
    assert.equal(first.received.length, 3);
    await clock.advance(500);
    for (const type of ["f", "g"]) await assert.rejects(resolver.resolve(type), { code: "unknown-type" });
    assert.equal(first.received.length, 4);
    first.misbehave(undefined);
    await clock.advance(1000);
    await resolver.resolve("ml");
    await resolver.resolve("nlp");
    assert.equal(first.received.length, 6);
  });

  test("one that let a request wait for its whole time costs that time once", async () => {
    await using world = await two();
    const { clock, first, resolver } = world;
    first.misbehave(() => true);
    const answer = resolver.resolve("ml");
    await until(() => first.received.length === 1);
    await clock.advance(3000);
    assert.equal((await answer).type, "ml");
    await resolver.resolve("nlp");
    assert.equal(first.received.length, 1);
  });

  test("one that asks for patience gets it", async () => {
    await using world = await two();
    const { clock, first, resolver } = world;
    first.misbehave((_, response) => {
      response.writeHead(503, { "retry-after": "60" }).end();
      return true;
    });
    await resolver.resolve("ml");
    first.misbehave(undefined);
    await clock.advance(60_000);
    await resolver.resolve("nlp");
    assert.equal(first.received.length, 1);
    await clock.advance(1000);
    await assert.rejects(resolver.resolve("cv"), { code: "unknown-type" });
    assert.equal(first.received.length, 2);
  });
});

describe("one address alone", () => {
  test("is not asked on and on while it is broken, and what is said names the last failure", async () => {
    await using world = await production();
    world.registry.misbehave(broken);
    for (let call = 0; call < 10; call += 1) {
      await assert.rejects(world.resolver.resolve("ml"), { code: "unreachable", message: /it answers 500/ });
    }
    assert.equal(world.registry.received.length, 3);
  });

  test("says how it refused", async () => {
    await using world = await production();
    for (const [status, code] of [
      [401, "unauthorized"],
      [403, "forbidden"],
      [429, "throttled"],
    ] as const) {
      world.registry.misbehave((_, response) => {
        response.writeHead(status).end(JSON.stringify({ code, detail: "for a reason" }));
        return true;
      });
      await assert.rejects(world.resolver.resolve("ml"), { code, status, message: /for a reason/ });
      if (code === "unauthorized")
        await assert.rejects(world.resolver.resolve("ml"), { message: /set EXECUTOR_REGISTRY_TOKEN_FILE/ });
    }
  });
});
