import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Production, production, until } from "../../../../testing/production-resolver.ts";
import { documentOf } from "../../../../testing/registry-double.ts";

/** Two replicas that share a journal; events come from the second alone, and the first is asked first. */
async function replicas() {
  const [first, second] = [await production({}, { events: false }), await production()];
  for (const { registry } of [first, second]) registry.at("0a1b2c3d-7");
  const resolver = first.another({ url: [first.registry.url, second.registry.url], events: true });
  await second.registry.connected(1);
  assert.equal((await resolver.resolve("ml")).version, "1.0");
  return {
    clock: first.clock,
    first: first.registry,
    second: second.registry,
    resolver,
    async [Symbol.asyncDispose]() {
      await first[Symbol.asyncDispose]();
      await second[Symbol.asyncDispose]();
    },
  };
}

const versionOf = async (resolver: Production["resolver"]): Promise<string> => (await resolver.resolve("ml")).version;

describe("of several replicas", () => {
  test("one that does not have yet what another has announced is passed over", async () => {
    await using world = await replicas();
    const { first, second, resolver } = world;
    second.at("0a1b2c3d-8");
    second.know({ ml: "executor-ml:1.1", nlp: "executor-nlp:2.0" });
    await until(async () => (await versionOf(resolver)) === "1.1");
    assert.ok(first.received.length > 1);
  });

  test("where each that answers is behind, it is asked again until one is not, also when nobody resolves", async () => {
    await using world = await replicas();
    const { clock, first, second, resolver } = world;
    second.at("0a1b2c3d-8");
    second.misbehave((request, response) => {
      if (request.url?.endsWith("/events")) return false;
      response.writeHead(500).end();
      return true;
    });
    const asked = first.received.length;
    second.send('event: executor\ndata: {"type":"ml","journal":"0a1b2c3d-8"}\n\n');
    await until(() => first.received.length === asked + 1);
    first.at("0a1b2c3d-8");
    first.set("ml", documentOf("ml", "executor-ml:1.1"));
    await until(async () => {
      await clock.advance(50);
      return first.received.length === asked + 2;
    });
    await until(async () => (await versionOf(resolver)) === "1.1");
    await clock.advance(20_000);
    assert.equal(await versionOf(resolver), "1.1");
    assert.equal(first.received.length, asked + 2);
  });

  test("that the journal is not as far any more is believed when it has been so for half a minute", async () => {
    await using world = await replicas();
    const { clock, first, second, resolver } = world;
    second.send('event: executor\ndata: {"type":"ml","journal":"0a1b2c3d-900"}\n\n');
    await until(() => first.received.length > 1);
    // Less than the silence after which the stream counts as dead.
    for (let passed = 0; passed < 34; passed++) {
      await clock.advance(1000);
      assert.equal(await versionOf(resolver), "1.0");
    }
    const asked = first.received.length + second.received.length;
    for (let passed = 0; passed < 8; passed++) {
      await clock.advance(1000);
      await versionOf(resolver);
    }
    assert.equal(first.received.length + second.received.length, asked);
  });

  test("an answer of one that has lost its store is asked for again as if there were no events", async () => {
    await using world = await replicas();
    const { clock, first, second, resolver } = world;
    first.misbehave((_, response) => {
      response.setHeader("age", "7");
      return false;
    });
    second.send('event: executor\ndata: {"type":"ml","journal":"0a1b2c3d-7"}\n\n');
    await until(() => first.received.length === 2);
    await until(async () => (await versionOf(resolver)) === "1.0");
    first.misbehave(undefined);
    first.set("ml", documentOf("ml", "executor-ml:1.1"));
    // A sign of life in between: the stream goes on.
    await clock.advance(29_000);
    second.send(": heartbeat\n\n");
    assert.equal(await versionOf(resolver), "1.0");
    await clock.advance(1000);
    await until(async () => (await versionOf(resolver)) === "1.1");
  });

  test("places of another journal, and texts that are no place, say nothing", async () => {
    await using world = await replicas();
    const { first, second, resolver } = world;
    for (const journal of ["ffffffff-900", "7", "0a1b2c3d-", "0a1b2c3d-99999999999999999999", ""]) {
      first.at(journal);
      second.send(`event: executor\ndata: {"type":"ml","journal":"${journal}"}\n\n`);
    }
    const { length } = second.received;
    await until(() => first.received.length > 1);
    await until(async () => (await versionOf(resolver)) === "1.0");
    assert.equal(second.received.length, length);
  });
});
