import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Resolution } from "../contract/resolution.ts";
import type { Resolver } from "../contract/resolver.ts";
import type { ResolutionChange } from "../contract/watch.ts";

/** A resolver, and the world it answers from. */
export interface Resolved extends AsyncDisposable {
  readonly resolver: Resolver;
  /** Makes these, and no others, the executors there are: `{ ml: "executor-ml:1.0" }`. */
  know(images: Readonly<Record<string, string>>): void;
}

/** What a dispatcher may rely on in every environment. @param open knows `images` from the start */
export function resolverConformance(
  name: string,
  open: (images: Readonly<Record<string, string>>) => Promise<Resolved>,
): void {
  const two = { nlp: "executor-nlp:2.0", ml: "executor-ml:1.0" };

  describe(`${name} answers as every resolver does`, () => {
    test("with an image to run, and why", async () => {
      await using world = await open(two);
      const { resolver } = world;
      const answer = await resolver.resolve("ml");
      assert.equal(answer.type, "ml");
      assert.equal(answer.environment, resolver.environment);
      assert.match(answer.image, /executor-ml[:@]/);
      assert.equal(answer.candidates[0]?.image, answer.image);
      assert.equal(answer.stale, false);
      assert.equal(answer.staleSince, undefined);
      assert.notEqual(answer.reason, "");
      assert.ok(Object.isFrozen(answer));
    });

    test("with the same object until something changes, also to many at once", async () => {
      await using world = await open(two);
      const { resolver } = world;
      const answers = await Promise.all(Array.from({ length: 20 }, () => resolver.resolve("ml")));
      assert.equal(new Set(answers).size, 1);
      assert.equal(await resolver.resolve("ml", { subject: "run-1" }), answers[0]);
      assert.equal((await resolver.list())[0], answers[0]);
    });

    test("an unknown type with the types that may have been meant", async () => {
      await using world = await open(two);
      await assert.rejects(world.resolver.resolve("mll"), {
        name: "UnknownTypeError",
        code: "unknown-type",
        type: "mll",
        nearMisses: ["ml"],
        knownTypes: ["ml", "nlp"],
      });
    });

    test("what is no type with an InvalidTypeError, without asking anybody", async () => {
      await using world = await open(two);
      await assert.rejects(world.resolver.resolve("ML!"), { code: "invalid-type" });
      assert.throws(() => world.resolver.watch("ML!"), { code: "invalid-type" });
    });

    test("who has given up with the reason", async () => {
      await using world = await open(two);
      const signal = AbortSignal.abort(new Error("enough"));
      for (const call of ["list", "sources"] as const) {
        await assert.rejects(world.resolver[call]({ signal }), { message: "enough" });
      }
      await assert.rejects(world.resolver.resolve("ml", { signal }), { message: "enough" });
      assert.deepEqual(await take(world.resolver.watch("ml", { signal })), []);
    });

    test("a list sorted by type", async () => {
      await using world = await open(two);
      const list = await world.resolver.list();
      assert.deepEqual(
        list.map(({ type }) => type),
        ["ml", "nlp"],
      );
    });

    test("how its sources fare", async () => {
      await using world = await open(two);
      const sources = await world.resolver.sources();
      assert.notEqual(sources.length, 0);
      for (const { status } of sources) assert.equal(status.state, "ready");
    });

    test("who watches with what is, then with what changes", async () => {
      await using world = await open(two);
      const changes = iterate(world.resolver.watch());
      // In no order: what arrives while the rest is still being read may come first.
      const first = [described(await next(changes)), described(await next(changes))];
      assert.deepEqual(
        new Set(first),
        new Set([
          ["ml", undefined, "1.0"],
          ["nlp", undefined, "2.0"],
        ]),
      );
      world.know({ ...two, ml: "executor-ml:1.1" });
      assert.deepEqual(described(await next(changes)), ["ml", "1.0", "1.1"]);
      assert.equal(versionOf(await world.resolver.resolve("ml")), "1.1");
      world.know({ ml: "executor-ml:1.1" });
      assert.deepEqual(described(await next(changes)), ["nlp", "2.0", undefined]);
      await assert.rejects(world.resolver.resolve("nlp"), { code: "unknown-type" });
      await changes.return?.();
    });

    test("who watches one type with its absence, and with its arrival", async () => {
      await using world = await open({ nlp: "executor-nlp:2.0" });
      const changes = iterate(world.resolver.watch("ml"));
      assert.deepEqual(await next(changes), { type: "ml" });
      world.know(two);
      assert.deepEqual(described(await next(changes)), ["ml", undefined, "1.0"]);
      await changes.return?.();
    });

    test("nobody after it was closed", async () => {
      await using world = await open(two);
      const { resolver } = world;
      await resolver.resolve("ml");
      const changes = iterate(resolver.watch("ml"));
      await next(changes);
      const end = changes.next();
      await resolver.close();
      await resolver.close();
      assert.equal((await end).done, true);
      for (const call of [resolver.resolve("ml"), resolver.list(), resolver.sources()]) {
        await assert.rejects(call, { name: "ClosedError", code: "closed" });
      }
    });
  });
}

function iterate(changes: AsyncIterable<ResolutionChange>): AsyncIterator<ResolutionChange> {
  return changes[Symbol.asyncIterator]();
}

async function next(changes: AsyncIterator<ResolutionChange>): Promise<ResolutionChange> {
  const { done, value } = await changes.next();
  assert.ok(!done, "the watch ended");
  return value;
}

async function take(changes: AsyncIterable<ResolutionChange>): Promise<ResolutionChange[]> {
  const all: ResolutionChange[] = [];
  for await (const change of changes) all.push(change);
  return all;
}

function described({ type, previous, resolution }: ResolutionChange): unknown[] {
  return [type, previous && versionOf(previous), resolution && versionOf(resolution)];
}

function versionOf({ version }: Resolution): string {
  return version;
}
