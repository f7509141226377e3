import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Sources } from "./combine.ts";
import { ExecutorRegistryError } from "../tools/errors.ts";
import { NoClusterError } from "../kubernetes/api/errors.ts";
import { type Logger, silentLogger } from "../tools/logger.ts";
import type { Source } from "../sources/source.ts";
import { SourcesResolver } from "./sources-resolver.ts";
import { type FakeSource, fakeFinding, fakeSource, readySource } from "../testing/fake-source.ts";

const together = (...list: Source[]): Sources => ({ list, namespace: "team", close() {} });
const resolverOver = (...list: Source[]): SourcesResolver =>
  new SourcesResolver("development", Promise.resolve(together(...list)), silentLogger);
const forbid = (source: FakeSource): FakeSource => {
  source.state.lost(new ExecutorRegistryError("forbidden", "made up"));
  return source;
};
/** Whether a promise has settled once everything that is due has run. */
async function isSettled(promise: Promise<unknown>): Promise<boolean> {
  const pending = Symbol("pending");
  const tick = new Promise((resolve) => setImmediate(resolve, pending));
  return (await Promise.race([promise.catch(() => undefined), tick])) !== pending;
}

describe("resolve", () => {
  test("waits until every source has settled", async () => {
    const late = fakeSource("declared");
    const resolver = resolverOver(late, readySource("nodes", { ml: "executor-ml:1" }));
    const answer = resolver.resolve("ml");
    assert.equal(await isSettled(answer), false);
    late.know({ ml: fakeFinding("executor-ml:2") });
    late.state.ready();
    assert.equal((await answer).image, "executor-ml:2");
  });

  test("gives the same object until its type changes", async () => {
    const source = readySource("declared", { ml: "executor-ml:1", nlp: "executor-nlp:1" });
    const resolver = resolverOver(source);
    const [ml, nlp] = [await resolver.resolve("ml"), await resolver.resolve("nlp")];
    assert.equal(await resolver.resolve("ml", { subject: "run-1" }), ml);
    source.know({ ml: fakeFinding("executor-ml:2"), nlp: fakeFinding("executor-nlp:1") });
    assert.equal(await resolver.resolve("nlp"), nlp);
    assert.equal((await resolver.resolve("ml")).image, "executor-ml:2");
  });

  test("says that an answer is stale as soon as contact is lost, and no longer once it is back", async () => {
    const source = readySource("declared", { ml: "executor-ml:1" });
    const resolver = resolverOver(source);
    assert.equal((await resolver.resolve("ml")).stale, false);
    source.state.lost(new ExecutorRegistryError("unreachable", "made up"));
    assert.equal((await resolver.resolve("ml")).stale, true);
    source.state.ready();
    assert.equal((await resolver.resolve("ml")).stale, false);
  });

  test("rejects what is no type, and an unknown type", async () => {
    const resolver = resolverOver(readySource("declared", { ml: "executor-ml:1" }));
    await assert.rejects(resolver.resolve("ML!"), { code: "invalid-type" });
    await assert.rejects(resolver.resolve("mll"), { code: "unknown-type", nearMisses: ["ml"] });
  });

  test("rejects with the signal's reason, aborted before or while it waits", async () => {
    const late = fakeSource("declared");
    const resolver = resolverOver(late);
    const reason = new Error("enough");
    await assert.rejects(resolver.resolve("ml", { signal: AbortSignal.abort(reason) }), reason);
    const stop = new AbortController();
    const answer = resolver.resolve("ml", { signal: stop.signal });
    stop.abort(reason);
    await assert.rejects(answer, reason);
    late.state.ready();
    await assert.rejects(resolver.resolve("ml", { signal: AbortSignal.abort(reason) }), reason);
  });

  test("rejects with why there are no sources, each time", async () => {
    const resolver = new SourcesResolver(
      "development",
      Promise.reject(new NoClusterError(["KUBECONFIG"])),
      silentLogger,
    );
    await assert.rejects(resolver.resolve("ml"), { code: "no-cluster" });
    await assert.rejects(resolver.list(), { code: "no-cluster" });
    await assert.rejects(resolver.watch()[Symbol.asyncIterator]().next(), { code: "no-cluster" });
    await resolver.close();
  });
});

describe("list and sources", () => {
  test("give every type once, sorted, and the state of each source", async () => {
    const declared = readySource("declared", { nlp: "executor-nlp:1" });
    declared.know({ nlp: fakeFinding("executor-nlp:1") }, [{ text: "something left out" }]);
    const resolver = resolverOver(declared, readySource("nodes", { nlp: "executor-nlp:2", ml: "executor-ml:1" }));
    assert.deepEqual(
      (await resolver.list()).map(({ type, source }) => [type, source]),
      [
        ["ml", "nodes"],
        ["nlp", "declared"],
      ],
    );
    assert.deepEqual(
      (await resolver.sources()).map(({ name, status, notes }) => [name, status.state, notes]),
      [
        ["declared", "ready", ["something left out"]],
        ["nodes", "ready", []],
      ],
    );
  });

  test("list rejects when no source can be read at all", async () => {
    await assert.rejects(resolverOver(forbid(fakeSource("declared")), forbid(fakeSource("nodes"))).list(), {
      name: "ForbiddenError",
    });
    assert.deepEqual(await resolverOver(readySource("declared"), forbid(fakeSource("nodes"))).list(), []);
  });

  test("what RBAC keeps from being read is logged once", async () => {
    const told: string[] = [];
    const log: Logger = { ...silentLogger, warn: (_, message) => told.push(message) };
    const list = [readySource("declared"), forbid(fakeSource("configmap")), forbid(fakeSource("nodes"))];
    const resolver = new SourcesResolver("development", Promise.resolve(together(...list)), log);
    await resolver.list();
    await resolver.list();
    assert.deepEqual(told, ["left out for want of permission: configmap, nodes"]);
  });
});

describe("close", () => {
  test("ends the sources and the connection, once, and what waits", async () => {
    const source = fakeSource("declared");
    let closed = 0;
    const sources = { ...together(source), close: () => void (closed += 1) };
    const resolver = new SourcesResolver("development", Promise.resolve(sources), silentLogger);
    const waiting = assert.rejects(resolver.resolve("ml"), { code: "closed" });
    await Promise.all([resolver.close(), resolver.close()]);
    await waiting;
    assert.deepEqual([source.closed, closed], [true, 1]);
    await assert.rejects(resolver.resolve("ml"), { code: "closed" });
    await assert.rejects(resolver.list(), { code: "closed" });
    await assert.rejects(resolver.sources(), { code: "closed" });
  });

  test("forgets finished answers", async () => {
    const resolver = resolverOver(readySource("declared", { ml: "executor-ml:1" }));
    await resolver.resolve("ml");
    await resolver.close();
    await assert.rejects(resolver.resolve("ml"), { code: "closed" });
  });
});
