import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type Production, production, until } from "../../../../testing/production-resolver.ts";
import { documentOf } from "../../../../testing/registry-double.ts";

/** Connected, and sure to have read all that was sent so far: a watch has told of what came last. */
async function connected(): Promise<Production> {
  const world = await production({ events: true });
  await world.registry.connected(1);
  await told(world, "sentinel:1");
  return world;
}

/** Makes a change and waits until it is heard. */
async function told({ registry, resolver }: Production, image: string): Promise<void> {
  const stop = new AbortController();
  registry.set("sentinel", documentOf("sentinel", image));
  for await (const { resolution } of resolver.watch("sentinel", { signal: stop.signal })) {
    if (
      resolution &&
      resolution.candidates[0]?.names[0]?.includes("sentinel") &&
      resolution.version === image.split(":")[1]
    ) {
      stop.abort();
    } else registry.send('event: executor\ndata: {"type":"sentinel"}\n\n');
  }
}

describe("while events are received", () => {
  test("a change counts at once", async () => {
    await using world = await connected();
    const { registry, resolver } = world;
    assert.equal((await resolver.resolve("ml")).version, "1.0");
    registry.know({ ml: "executor-ml:1.1" });
    await until(async () => (await resolver.resolve("ml")).version === "1.1");
    await until(() =>
      resolver.resolve("nlp").then(
        () => false,
        () => true,
      ),
    );
  });

  test("an answer need not be asked for again, for five minutes", async () => {
    await using world = await connected();
    const { clock, registry, resolver } = world;
    await resolver.resolve("ml");
    const { length } = registry.received;
    const asked = (): number => registry.received.slice(length).filter(({ path }) => path.endsWith("/ml")).length;
    /** With signs of life in between. */
    const wait = async (times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        await clock.advance(40_000);
        await told(world, `sentinel:at-${clock.now()}`);
        await resolver.resolve("ml");
      }
    };
    await wait(7);
    assert.equal(asked(), 0);
    await wait(1);
    await until(() => asked() === 1);
  });

  test("the answers for subjects are asked for again too, when their type changed", async () => {
    await using world = await production({ events: true }, { shared: false });
    const { registry, resolver } = world;
    await registry.connected(1);
    assert.equal((await resolver.resolve("ml", { subject: "a" })).version, "1.0");
    registry.know({ ml: "executor-ml:1.1" });
    await until(async () => (await resolver.resolve("ml", { subject: "a" })).version === "1.1");
  });

  test("a reset makes it ask for everything again", async () => {
    await using world = await connected();
    const { registry, resolver } = world;
    await Promise.all([resolver.resolve("ml"), resolver.resolve("nlp")]);
    registry.set("ml", documentOf("ml", "executor-ml:1.1"));
    registry.set("nlp", documentOf("nlp", "executor-nlp:2.1"));
    registry.send("event: reset\n\n");
    await until(async () => (await resolver.resolve("ml")).version === "1.1");
    await until(async () => (await resolver.resolve("nlp")).version === "2.1");
  });

  test("what an event says is not believed, and what is no event is passed over", async () => {
    await using world = await connected();
    const { registry, resolver } = world;
    const answer = await resolver.resolve("ml");
    registry.send('event: executor\ndata: {"type":"ml","image":"evil.example/x@sha256:0"}\n\n');
    for (const data of ["{", "null", '{"type":"../../x"}']) registry.send(`event: executor\ndata: ${data}\n\n`);
    await told(world, "sentinel:2");
    assert.equal(await resolver.resolve("ml"), answer);
    assert.ok(registry.received.every(({ path }) => !path.includes("..")));
  });
});

describe("when the connection for events", () => {
  test("is cut, it is made again, and what happened in between is told", async () => {
    await using world = await connected();
    const { clock, registry, resolver } = world;
    registry.know({ ml: "executor-ml:1.0" });
    const changes = resolver.watch("ml")[Symbol.asyncIterator]();
    await changes.next();
    await told(world, "sentinel:2");
    await registry.stop();
    await registry.start();
    registry.know({ ml: "executor-ml:1.1" });
    const change = changes.next();
    await until(async () => (await clock.advance(1000), registry.listeners === 1));
    assert.equal((await change).value?.resolution?.version, "1.1");
    assert.equal(registry.received.findLast(({ path }) => path.endsWith("/events"))?.headers["last-event-id"], "4");
    await changes.return?.();
  });

  test("is silent, it is not trusted any longer, and made again", async () => {
    await using world = await connected();
    const { clock, registry } = world;
    await clock.advance(45_000);
    await until(
      async () => (
        await clock.advance(1000),
        registry.received.filter(({ path }) => path.endsWith("/events")).length > 1
      ),
    );
    await registry.connected(2);
  });

  test("cannot be made, answers are asked for as their time ends, and only the debug log tells", async () => {
    await using world = await production({ events: true }, { events: false });
    const { clock, registry, resolver, logged } = world;
    await resolver.resolve("ml");
    registry.know({ ml: "executor-ml:1.1" });
    await clock.advance(120_000);
    assert.equal((await resolver.resolve("ml")).version, "1.1");
    assert.deepEqual(
      logged.filter((line) => !line.startsWith("debug")),
      [],
    );
  });

  test("is refused for want of room, answers are asked for, and it is tried again when the service says so", async () => {
    await using world = await production({ events: true });
    const { clock, registry } = world;
    await world.resolver.close();
    registry.misbehave((request, response) => {
      if (!request.url?.endsWith("/events")) return false;
      response.writeHead(429, { "retry-after": "60" }).end();
      return true;
    });
    const { length } = registry.received;
    const listened = (): number =>
      registry.received.slice(length).filter(({ path }) => path.endsWith("/events")).length;
    const refused = world.another();
    assert.equal((await refused.resolve("ml")).version, "1.0");
    await until(() => listened() === 1);
    registry.know({ ml: "executor-ml:1.1" });
    for (let second = 0; second < 59; second += 1) await clock.advance(1000);
    await until(async () => (await refused.resolve("ml")).version === "1.1");
    assert.equal(listened(), 1);
    registry.misbehave(undefined);
    await until(async () => (await clock.advance(100), registry.listeners === 1));
  });

  test("is not wanted, who watches hears of changes by asking", async () => {
    await using world = await production();
    const { clock, registry, resolver } = world;
    const changes = resolver.watch()[Symbol.asyncIterator]();
    for (const type of ["ml", "nlp"]) assert.equal((await changes.next()).value?.type, type);
    registry.know({ ml: "executor-ml:1.1", cv: "executor-cv:1.0" });
    const next = [changes.next(), changes.next(), changes.next()];
    await clock.advance(33_000);
    const told = (await Promise.all(next)).map(({ value }) => [value?.type, value?.resolution?.version]);
    assert.deepEqual(
      new Map(told as [string, string][]),
      new Map([
        ["ml", "1.1"],
        ["nlp", undefined],
        ["cv", "1.0"],
      ]),
    );
    await changes.return?.();
  });
});

describe("who watches while the service is away from the start", () => {
  for (const [what, type] of [
    ["all types", undefined],
    ["one type", "ml"],
  ] as const) {
    test(`hears of ${what} when it comes`, async () => {
      await using world = await production();
      const { clock, registry, resolver } = world;
      await registry.stop();
      const changes = resolver.watch(type)[Symbol.asyncIterator]();
      const first = changes.next();
      await until(async () => (await resolver.sources())[0]?.status.state === "unavailable");
      await registry.start();
      const done = first.then(() => true);
      let heard = false;
      done.then(
        () => (heard = true),
        () => {},
      );
      await until(async () => (await clock.advance(1000), heard));
      assert.equal((await first).value?.resolution?.type, "ml");
      await changes.return?.();
    });
  }
});
