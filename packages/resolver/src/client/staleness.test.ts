import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { production, until } from "../../../../testing/production-resolver.ts";

const SECOND = 1000;
const HOUR = 3600 * SECOND;

describe("an answer of the registry service", () => {
  test("counts for its time without another request", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    const answer = await resolver.resolve("ml");
    await clock.advance(29 * SECOND);
    assert.equal(await resolver.resolve("ml"), answer);
    assert.equal(registry.received.length, 1);
  });

  test("is given at once after its time, while one request behind confirms it", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    const answer = await resolver.resolve("ml");
    await clock.advance(31 * SECOND);
    registry.set("ml", documentOf("ml", "executor-ml:1.1"));
    assert.equal(await resolver.resolve("ml"), answer);
    assert.equal(await resolver.resolve("ml"), answer);
    await until(async () => (await resolver.resolve("ml")).version === "1.1");
    assert.equal(registry.received.length, 2);
  });

  test("costs no bytes and stays the same object when it did not change", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    const answer = await resolver.resolve("ml");
    await clock.advance(90 * SECOND);
    assert.equal(await resolver.resolve("ml"), answer);
    assert.deepEqual(
      registry.received.map(({ status }) => status),
      [200, 304],
    );
  });

  test("is waited for when it is long past its time: who asks once an hour gets no image of an hour ago", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    await resolver.resolve("ml");
    await clock.advance(HOUR);
    registry.set("ml", documentOf("ml", "executor-ml:1.1"));
    assert.equal((await resolver.resolve("ml")).version, "1.1");
  });
});

describe("after the service is gone", () => {
  test("the last answer counts on, visibly stale, and is fresh again when the service is back", async () => {
    await using world = await production();
    const { clock, registry, resolver, logged } = world;
    const began = clock.now();
    const answer = await resolver.resolve("ml");
    await registry.stop();
    await clock.advance(HOUR);
    const stale = await resolver.resolve("ml");
    const { staleSince, ...rest } = stale;
    assert.deepEqual(rest, { ...answer, stale: true });
    assert.equal(staleSince, new Date(began).toISOString());
    assert.equal(await resolver.resolve("ml"), stale);
    assert.equal((await resolver.sources())[0]?.status.state, "stale");
    assert.deepEqual(logged, ["warn the registry service gives no answer"]);

    await registry.start();
    // Nobody asks: it is tried behind.
    await clock.advance(40 * SECOND);
    await until(async () => !(await resolver.resolve("ml")).stale);
    assert.deepEqual(await resolver.resolve("ml"), answer);
    assert.deepEqual(logged.slice(1), ["info the registry service answers again"]);
  });

  test("the list counts on too", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    await resolver.list();
    await registry.stop();
    await clock.advance(HOUR);
    assert.deepEqual(
      (await resolver.list()).map(({ type, stale }) => [type, stale]),
      [
        ["ml", true],
        ["nlp", true],
      ],
    );
    await clock.advance(24 * HOUR);
    await assert.rejects(resolver.list(), { code: "too-stale" });
  });

  test("an answer older than maxStale is none, until the service is back", async () => {
    await using world = await production({ maxStale: HOUR });
    const { clock, registry, resolver } = world;
    const began = clock.now();
    await resolver.resolve("ml");
    await registry.stop();
    await clock.advance(HOUR - 1);
    assert.equal((await resolver.resolve("ml")).stale, true);
    await clock.advance(1);
    await assert.rejects(resolver.resolve("ml"), {
      name: "TooStaleError",
      code: "too-stale",
      retryable: true,
      staleSince: new Date(began).toISOString(),
      message: /executor type "ml" was last confirmed at .* ECONNREFUSED/,
    });
    await registry.start();
    await clock.advance(40 * SECOND);
    await until(() => resolver.resolve("ml").then(({ stale }) => !stale));
  });

  test("a type that was never asked for is an error that names every address", async () => {
    await using first = await production();
    await using second = await production();
    const resolver = first.another({ url: [first.registry.url, second.registry.url] });
    await Promise.all([first.registry.stop(), second.registry.stop()]);
    await assert.rejects(resolver.resolve("ml"), (error: Error & { attempts?: { url: string }[] }) => {
      assert.equal((error as Error & { code?: string }).code, "unreachable");
      assert.deepEqual(
        error.attempts?.map(({ url }) => url),
        [`${first.registry.url}/`, `${second.registry.url}/`],
      );
      for (const { url } of [first.registry, second.registry]) assert.ok(error.message.includes(url));
      return true;
    });
  });
});

describe("a clock that jumps", () => {
  /** A clock that a test can set. */
  async function jumping(by: number) {
    const world = await production();
    const { clock } = world;
    const now = clock.now.bind(clock);
    return { ...world, jump: () => (clock.now = () => now() + by), [Symbol.asyncDispose]: world[Symbol.asyncDispose] };
  }

  for (const [where, by] of [
    ["back by a year", -365 * 24 * HOUR],
    ["ahead by a year", 365 * 24 * HOUR],
  ] as const) {
    test(`${where} makes it ask again, once`, async () => {
      await using world = await jumping(by);
      const { registry, resolver } = world;
      const answer = await resolver.resolve("ml");
      world.jump();
      assert.equal(await resolver.resolve("ml"), answer);
      assert.equal(await resolver.resolve("ml"), answer);
      assert.deepEqual(
        registry.received.map(({ status }) => status),
        [200, 304],
      );
    });
  }

  test("back while the service is away leaves the last answer, which still grows too old", async () => {
    await using world = await jumping(-24 * HOUR);
    const { clock, registry, resolver } = world;
    await resolver.resolve("ml");
    await registry.stop();
    world.jump();
    assert.equal((await resolver.resolve("ml")).staleSince, new Date(clock.now()).toISOString());
    await clock.advance(24 * HOUR);
    await assert.rejects(resolver.resolve("ml"), { code: "too-stale" });
  });
});
