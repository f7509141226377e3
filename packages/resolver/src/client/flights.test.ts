import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { documentOf } from "../../../../testing/registry-double.ts";
import { production, until } from "../../../../testing/production-resolver.ts";

describe("many who ask at once", () => {
  test("make one request", async () => {
    await using world = await production();
    const answers = await Promise.all(Array.from({ length: 100 }, () => world.resolver.resolve("ml")));
    assert.equal(new Set(answers).size, 1);
    assert.equal(world.registry.received.length, 1);
  });

  test("go on when one of them gives up", async () => {
    await using world = await production();
    const stop = new AbortController();
    const [given, other] = [world.resolver.resolve("ml", { signal: stop.signal }), world.resolver.resolve("ml")];
    stop.abort(new Error("enough"));
    await assert.rejects(given, { message: "enough" });
    assert.equal((await other).type, "ml");
    assert.equal(world.registry.received.length, 1);
  });

  test("all learn that the resolver was closed", async () => {
    await using world = await production();
    world.registry.misbehave(() => true);
    const asked = [world.resolver.resolve("ml"), world.resolver.resolve("nlp"), world.resolver.list()];
    await until(() => world.registry.received.length === 3);
    const ends = asked.map((call) => assert.rejects(call, { code: "closed" }));
    await world.resolver.close();
    await Promise.all(ends);
  });
});

describe("an unknown type", () => {
  test("is not asked for again at once, and found once its short time is over", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    for (let call = 0; call < 3; call += 1) await assert.rejects(resolver.resolve("cv"), { code: "unknown-type" });
    assert.equal(registry.received.length, 1);
    registry.set("cv", documentOf("cv", "executor-cv:1.0"));
    await clock.advance(5000);
    assert.equal((await resolver.resolve("cv")).version, "1.0");
  });

  test("is told in the service's own words", async () => {
    await using world = await production();
    world.registry.misbehave((_, response) => {
      const body = { code: "unknown-type", detail: 'executor type "cv" has 2 images, none admitted: unsigned' };
      response.writeHead(404, { "content-type": "application/problem+json" }).end(JSON.stringify(body));
      return true;
    });
    await assert.rejects(world.resolver.resolve("cv"), { code: "unknown-type", message: /none admitted: unsigned/ });
  });

  test("that was known before is unknown from then on, however recently it was known", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    await resolver.resolve("ml");
    registry.set("ml", undefined);
    await clock.advance(120_000);
    await assert.rejects(resolver.resolve("ml"), { code: "unknown-type", knownTypes: ["nlp"] });
    assert.deepEqual(
      (await resolver.list()).map(({ type }) => type),
      ["nlp"],
    );
  });
});

describe("a subject", () => {
  test("is told to the service, once for all when the answer does not depend on it", async () => {
    await using world = await production();
    const { registry, resolver } = world;
    const answer = await resolver.resolve("ml", { subject: "tenant/1 & co" });
    assert.equal(await resolver.resolve("ml", { subject: "tenant 2" }), answer);
    assert.equal(await resolver.resolve("ml"), answer);
    assert.deepEqual(
      registry.received.map(({ path }) => path),
      ["/registry/executors/ml?subject=tenant%2F1%20%26%20co"],
    );
  });

  test("has its own answer when it depends on it", async () => {
    await using world = await production({}, { shared: false });
    const { registry, resolver } = world;
    await resolver.resolve("ml", { subject: "a" });
    await resolver.resolve("ml", { subject: "b" });
    await resolver.resolve("ml", { subject: "a" });
    await resolver.resolve("ml");
    assert.deepEqual(
      registry.received.map(({ path }) => path),
      ["/registry/executors/ml?subject=a", "/registry/executors/ml?subject=b", "/registry/executors/ml"],
    );
  });

  test("is not asked about again when its type is unknown to everybody", async () => {
    await using world = await production({}, { shared: false });
    const { clock, registry, resolver } = world;
    for (const subject of ["a", "b", "c"])
      await assert.rejects(resolver.resolve("cv", { subject }), { code: "unknown-type" });
    assert.equal(registry.received.length, 1);
    registry.set("cv", documentOf("cv", "executor-cv:1.0"));
    await clock.advance(5000);
    assert.equal((await resolver.resolve("cv", { subject: "d" })).version, "1.0");
    assert.equal(registry.received.at(-1)?.path, "/registry/executors/cv?subject=d");
  });

  test("that comes anew while the service is away gets what its type was last known to be", async () => {
    await using world = await production({}, { shared: false });
    const { clock, registry, resolver } = world;
    const known = await resolver.resolve("ml");
    await registry.stop();
    assert.equal(await resolver.resolve("ml", { subject: "new" }), known);
    await clock.advance(120_000);
    assert.equal((await resolver.resolve("ml", { subject: "newer" })).stale, true);
    await assert.rejects(resolver.resolve("nlp", { subject: "new" }), { code: "unreachable" });
  });
});
