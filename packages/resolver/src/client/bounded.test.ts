import assert from "node:assert/strict";
import type { ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { production } from "../../../../testing/production-resolver.ts";

const json = (response: ServerResponse, body: object): true => {
  response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(body));
  return true;
};

describe("red-06: a document that cannot be read", () => {
  const unreadable: readonly (readonly [string, (response: ServerResponse) => true])[] = [
    [
      "since it is too large",
      (response) =>
        json(response, {
          ...documentOf("ml", "executor-ml:1.0"),
          tags: "0123456789abcdef".repeat(20_000).match(/.{16}/g),
        }),
    ],
    [
      "since its image is no reference",
      (response) =>
        json(response, {
          ...documentOf("ml", "executor-ml:1.0"),
          image: `registry.example/${"a".repeat(300)}@sha256:1`,
        }),
    ],
    [
      "since its 404 lists too many types",
      (response) => {
        const body = {
          code: "unknown-type",
          detail: "",
          knownTypes: "0123456789abcdef".repeat(20_000).match(/.{16}/g),
        };
        response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
        return true;
      },
    ],
  ];
  for (const [why, answer] of unreadable) {
    test(`${why} keeps no other type from being answered`, async () => {
      await using world = await production();
      world.registry.misbehave(({ url }, response) => !url?.endsWith("/nlp") && answer(response));
      for (let call = 0; call < 5; call += 1) await assert.rejects(world.resolver.resolve(`t${call}`));
      assert.equal((await world.resolver.resolve("nlp")).stale, false);
    });
  }

  test("is left out of the list, with a warning", async () => {
    await using world = await production();
    world.registry.misbehave((_, response) =>
      json(response, { ml: { type: "ml", image: "::" }, nlp: documentOf("nlp", "executor-nlp:2.0") }),
    );
    assert.deepEqual(
      (await world.resolver.list()).map(({ type }) => type),
      ["nlp"],
    );
    assert.ok(world.logged.includes("warn 1 executors of the list cannot be read and are left out"));
  });
});

test("red-06: a type that was confirmed too long ago does not take the others out of the list", async () => {
  await using world = await production({ maxStale: 100_000 });
  await world.resolver.resolve("ml");
  await world.clock.advance(60_000);
  await world.resolver.resolve("nlp");
  await world.registry.stop();
  await world.clock.advance(60_000);
  assert.deepEqual(
    (await world.resolver.list()).map(({ type }) => type),
    ["nlp"],
  );
});

describe("red-17: a cold resolver that is asked", () => {
  test("for thousands of subjects of one type makes one request", async () => {
    await using world = await production();
    const all = await Promise.all(
      Array.from({ length: 3000 }, (_, index) => world.resolver.resolve("ml", { subject: `run-${index}` })),
    );
    assert.equal(new Set(all).size, 1);
    assert.equal(world.registry.received.length, 1);
  });

  test("for subjects with answers of their own asks for each", async () => {
    await using world = await production({}, { shared: false });
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => world.resolver.resolve("ml", { subject: `run-${index}` })),
    );
    assert.equal(new Set(world.registry.received.map(({ path }) => path)).size, 100);
  });

  test("for thousands of types opens few connections", async () => {
    await using world = await production();
    let most = 0;
    let open = 0;
    world.registry.misbehave(({ url = "" }, response) => {
      open += 1;
      most = Math.max(most, open);
      const type = url.slice(url.lastIndexOf("/") + 1);
      setImmediate(() => {
        open -= 1;
        json(response, documentOf(type, `executor-${type}:1.0`));
      });
      return true;
    });
    const types = Array.from({ length: 3000 }, (_, index) => `t${index}`);
    const answers = await Promise.all(types.map((type) => world.resolver.resolve(type)));
    assert.equal(answers.length, 3000);
    assert.ok(most <= 32, `${most} requests at once`);
  });
});
