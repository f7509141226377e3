import assert from "node:assert/strict";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import type { IncomingMessage, ServerResponse } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { production, until } from "../../../../testing/production-resolver.ts";

type Misbehaviour = (request: IncomingMessage, response: ServerResponse) => boolean;

const problem = (status: number, body: object, headers: Record<string, string> = {}): Misbehaviour => {
  return (_, response) => {
    response.writeHead(status, { "content-type": "application/problem+json", ...headers }).end(JSON.stringify(body));
    return true;
  };
};
const notReady = problem(503, { code: "not-ready", detail: "not looked at yet: main" }, { "retry-after": "5" });
const INCOMPLETE = "source main could not be read: it answers 503";
const poorer = problem(404, { code: "unknown-type", detail: 'no image of "ml" is known', incomplete: [INCOMPLETE] });

let folder = "";
before(async () => (folder = await mkdtemp(join(tmpdir(), "unready-"))));
after(() => rm(folder, { recursive: true }));

for (const [what, misbehaviour] of [
  ["is only starting", notReady],
  ["could not read everything", poorer],
] as const) {
  describe(`red-05: a service that ${what}`, () => {
    test("takes no answer away", async () => {
      await using world = await production();
      const known = await world.resolver.resolve("ml");
      world.registry.misbehave(misbehaviour);
      await world.clock.advance(120_000);
      const { image, stale } = await world.resolver.resolve("ml");
      assert.deepEqual([image, stale], [known.image, true]);
      world.registry.misbehave(undefined);
      await world.clock.advance(10_000);
      await until(async () => !(await world.resolver.resolve("ml")).stale);
    });

    test("takes nothing out of the file of last answers", async () => {
      const cacheFile = join(folder, `${what}.json`);
      await using world = await production({ cacheFile });
      const known = await world.resolver.resolve("ml");
      await world.resolver.close();
      world.registry.misbehave(misbehaviour);
      const restarted = world.another();
      const { image, stale } = await restarted.resolve("ml");
      assert.deepEqual([image, stale], [known.image, true]);
      await restarted.close();
      assert.match(await readFile(cacheFile, "utf8"), /executor-ml@sha256/);
    });

    test("is passed over for one that knows", async () => {
      await using world = await production();
      await using other = await production();
      world.registry.misbehave(misbehaviour);
      const resolver = world.another({ url: [world.registry.url, other.registry.url] });
      assert.equal((await resolver.resolve("ml")).stale, false);
    });

    test("is asked about other types all the same", async () => {
      await using world = await production();
      world.registry.misbehave(
        (request, response) => !request.url?.endsWith("/nlp") && misbehaviour(request, response),
      );
      for (const type of ["a", "b", "c", "d"]) await assert.rejects(world.resolver.resolve(type));
      assert.equal((await world.resolver.resolve("nlp")).stale, false);
    });
  });
}

test("red-05: a cold resolver says what could not be read, and asks again once it may be known", async () => {
  await using world = await production();
  world.registry.misbehave(notReady);
  await assert.rejects(world.resolver.resolve("ml"), { code: "not-ready", message: /not looked at yet: main/ });
  world.registry.misbehave(poorer);
  await world.clock.advance(5000);
  await assert.rejects(world.resolver.resolve("ml"), { code: "unknown-type", incomplete: [INCOMPLETE] });
  world.registry.misbehave(undefined);
  await world.clock.advance(5000);
  assert.equal((await world.resolver.resolve("ml")).stale, false);
});

test("red-05: a list that lacks a known type is no proof that it is gone", async () => {
  await using world = await production();
  await world.resolver.list();
  await world.clock.advance(120_000);
  world.registry.misbehave((request, response) => {
    if (request.url?.endsWith("/executors")) {
      response.writeHead(200, { "content-type": "application/json" }).end("{}");
      return true;
    }
    return poorer(request, response);
  });
  const { image, stale } = await world.resolver.resolve("ml");
  assert.deepEqual([/executor-ml@/.test(image), stale], [true, true]);
  assert.deepEqual(
    (await world.resolver.list()).map(({ type }) => type),
    ["ml", "nlp"],
  );
});

test("an internal error of the service is told as one, and harms no other type", async () => {
  await using world = await production();
  world.registry.misbehave((request, response) =>
    request.url?.endsWith("/nlp")
      ? false
      : problem(500, { code: "internal", detail: "see the log" })(request, response),
  );
  for (const type of ["a", "b", "c", "d"]) await assert.rejects(world.resolver.resolve(type), { code: "internal" });
  assert.equal((await world.resolver.resolve("nlp")).stale, false);
});
