import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { silentLogger } from "../tools/logger.ts";
import type { Source } from "../sources/source.ts";
import { SourcesResolver } from "./sources-resolver.ts";
import { fakeFinding, readySource } from "../testing/fake-source.ts";
import type { ResolutionChange } from "../contract/watch.ts";

const resolverOver = (...list: Source[]): SourcesResolver =>
  new SourcesResolver("development", Promise.resolve({ list, namespace: "team", close() {} }), silentLogger);
const iterate = (changes: AsyncIterable<ResolutionChange>) => changes[Symbol.asyncIterator]();
const brief = ({ type, resolution, previous }: ResolutionChange) => [type, previous?.image, resolution?.image];
async function next(changes: AsyncIterator<ResolutionChange>, count = 1): Promise<unknown[]> {
  const told = [];
  for (let index = 0; index < count; index += 1) {
    const { value, done } = await changes.next();
    told.push(done ? "end" : brief(value));
  }
  return told;
}
const known = (images: Readonly<Record<string, string>>) =>
  Object.fromEntries(Object.entries(images).map(([type, image]) => [type, fakeFinding(image)]));

describe("watch", () => {
  test("gives all that is, sorted, then what comes, changes and goes", async () => {
    const source = readySource("declared", { nlp: "n:1", ml: "m:1" });
    const changes = iterate(resolverOver(source).watch());
    assert.deepEqual(await next(changes, 2), [
      ["ml", undefined, "m:1"],
      ["nlp", undefined, "n:1"],
    ]);
    const waiting = next(changes, 3);
    source.know(known({ ml: "m:2", etl: "e:1" }));
    assert.deepEqual(
      new Set(await waiting),
      new Set([
        ["etl", undefined, "e:1"],
        ["ml", "m:1", "m:2"],
        ["nlp", "n:1", undefined],
      ]),
    );
  });

  test("of one type gives its absence first, and nothing of others", async () => {
    const source = readySource("declared", { nlp: "n:1" });
    const changes = iterate(resolverOver(source).watch("ml"));
    assert.deepEqual(await next(changes), [["ml", undefined, undefined]]);
    const waiting = next(changes);
    source.know(known({ nlp: "n:2" }));
    source.know(known({ nlp: "n:2", ml: "m:1" }));
    assert.deepEqual(await waiting, [["ml", undefined, "m:1"]]);
  });

  test("who reads slowly gets the latest only, and nothing that came and went", async () => {
    const source = readySource("declared", { ml: "m:1" });
    const changes = iterate(resolverOver(source).watch());
    assert.deepEqual(await next(changes), [["ml", undefined, "m:1"]]);
    for (let build = 2; build <= 100; build += 1) source.know(known({ ml: `m:${build}`, etl: "e:1" }));
    source.know(known({ ml: "m:100" }));
    assert.deepEqual(await next(changes), [["ml", "m:1", "m:100"]]);
    source.know(known({ ml: "m:101" }));
    source.know(known({ ml: "m:100" }));
    source.know(known({ ml: "m:100", nlp: "n:1" }));
    assert.deepEqual(await next(changes), [["nlp", undefined, "n:1"]]);
  });

  test("a less exact source coming back does not tell anything, a more exact one does", async () => {
    const [declared, nodes] = [readySource("declared", { ml: "m:1" }), readySource("nodes", { ml: "m:1", nlp: "n:1" })];
    const changes = iterate(resolverOver(declared, nodes).watch());
    await next(changes, 2);
    const waiting = next(changes);
    nodes.state.changed();
    declared.know(known({ ml: "m:1", nlp: "n:2" }));
    assert.deepEqual(await waiting, [["nlp", "n:1", "n:2"]]);
  });

  test("several watch independently", async () => {
    const source = readySource("declared", { ml: "m:1" });
    const resolver = resolverOver(source);
    const [first, second] = [iterate(resolver.watch()), iterate(resolver.watch("ml"))];
    await next(first);
    source.know(known({ ml: "m:2" }));
    assert.deepEqual(await next(first), [["ml", "m:1", "m:2"]]);
    assert.deepEqual(await next(second), [["ml", undefined, "m:2"]]);
  });

  test("ends with the signal, and with the resolver, also while it waits", async () => {
    const resolver = resolverOver(readySource("declared", { ml: "m:1" }));
    const stop = new AbortController();
    const [mine, yours] = [iterate(resolver.watch(undefined, { signal: stop.signal })), iterate(resolver.watch("ml"))];
    await Promise.all([next(mine), next(yours)]);
    const [end, laterEnd] = [next(mine), next(yours)];
    stop.abort();
    assert.deepEqual(await end, ["end"]);
    await resolver.close();
    assert.deepEqual(await laterEnd, ["end"]);
    assert.deepEqual(await next(iterate(resolver.watch("ml"))), ["end"]);
  });

  test("rejects what is no type at once", () => {
    assert.throws(() => resolverOver().watch("ML!"), { code: "invalid-type" });
  });
});
