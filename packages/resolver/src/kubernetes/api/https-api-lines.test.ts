import assert from "node:assert/strict";
import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { type ServedApi, serveApi } from "../../../../../testing/serve-api.ts";
import type { ApiStream } from "./api.ts";
import { KubernetesError } from "./errors.ts";

/** Opens a stream and hands out the server's end of it. */
async function open(served: ServedApi, options?: ApiStream): Promise<[AsyncIterator<Buffer>, ServerResponse]> {
  const arrived = once(served.server, "request");
  const lines = await served.api.lines("/log", options);
  const [, response] = (await arrived) as [IncomingMessage, ServerResponse];
  return [lines[Symbol.asyncIterator](), response];
}

const flush = (_: IncomingMessage, response: ServerResponse): void => response.flushHeaders();

describe("lines", () => {
  test("come as they arrive, the last one without a newline too", async () => {
    await using served = await serveApi(flush);
    const [lines, response] = await open(served);
    const rocket = Buffer.from("🚀\nnext");
    response.write(rocket.subarray(0, 2));
    response.write(rocket.subarray(2));
    assert.equal(String((await lines.next()).value), "🚀");
    response.end("\nlast");
    assert.equal(String((await lines.next()).value), "next");
    assert.equal(String((await lines.next()).value), "last");
    assert.equal((await lines.next()).done, true);
  });

  test("reject before the first one when the server refuses", async () => {
    await using served = await serveApi((_, response) => response.writeHead(410).end('{"reason":"Expired"}'));
    await assert.rejects(served.api.lines("/watch"), { code: "gone", status: 410 });
  });

  test("a cut connection is an error, and half a line does not count", async () => {
    await using served = await serveApi(flush);
    const [lines, response] = await open(served);
    response.write("one\ntw");
    assert.equal(String((await lines.next()).value), "one");
    response.destroy();
    await assert.rejects(lines.next(), { code: "unreachable", reason: "ECONNRESET" });
  });

  test("a connection cut while nothing reads waits for the reader", async () => {
    await using served = await serveApi(flush);
    const [lines, response] = await open(served);
    response.destroy();
    await once(response, "close");
    await assert.rejects(lines.next(), { code: "unreachable", reason: "ECONNRESET" });
  });

  test("a line over the limit is an error and closes the connection", async () => {
    await using served = await serveApi(flush);
    const [lines, response] = await open(served, { lineLimit: 10 });
    const closed = once(response, "close");
    response.write("x".repeat(11));
    await assert.rejects(lines.next(), { code: "too-large" });
    await closed;
  });

  test("a refusal that never ends is dead too", async () => {
    const clock = manualClock();
    await using served = await serveApi((_, response) => void response.writeHead(403).write("{"), {}, clock);
    const arrived = once(served.server, "request");
    const dead = assert.rejects(served.api.lines("/log"), { code: "timeout" });
    await arrived;
    await clock.advance(await clock.nextSleep());
    await dead;
  });

  test("leaving off closes the connection", async () => {
    await using served = await serveApi(flush);
    const [lines, response] = await open(served);
    const closed = once(response, "close");
    response.write("one\n");
    await lines.next();
    await lines.return?.();
    await closed;
  });

  test("aborting rejects with the reason and closes the connection", async () => {
    await using served = await serveApi(flush);
    const stop = new AbortController();
    const [lines, response] = await open(served, { signal: stop.signal });
    const closed = once(response, "close");
    const next = lines.next();
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(next, reason);
    await closed;
  });

  test("silence beyond the idle limit is an error; a byte begins it again", async () => {
    const clock = manualClock();
    await using served = await serveApi(flush, {}, clock);
    const [lines, response] = await open(served, { idle: 1000 });
    const closed = once(response, "close");
    await clock.advance(900);
    response.write("one\n");
    assert.equal(String((await lines.next()).value), "one");
    await clock.advance(900);
    response.write("two\n");
    assert.equal(String((await lines.next()).value), "two");
    const dead = assert.rejects(lines.next(), { code: "timeout", message: /sent nothing for 1 s/ });
    await clock.advance(1000);
    await dead;
    await closed;
  });

  test("a server that accepts connections and never answers is dead too", async () => {
    const clock = manualClock();
    await using served = await serveApi(() => {}, {}, clock);
    const dead = assert.rejects(served.api.lines("/watch", { idle: 1000 }), { code: "timeout" });
    await once(served.server, "request");
    await clock.advance(1000);
    await dead;
  });
});

describe("lines that are taken", () => {
  /** Opens a stream; `done` settles as it does, and would yield what is not taken. */
  async function take(served: ServedApi, taken: string[], options?: ApiStream) {
    const [lines, response] = await open(served, { take: (line) => void taken.push(String(line)), ...options });
    const closed = once(response, "close");
    return { response, closed, done: lines.next() };
  }

  test("come whole, however the bytes arrive, and are not yielded", async () => {
    await using served = await serveApi(flush);
    const taken: string[] = [];
    const long = "界".repeat(100_000);
    const { response, done } = await take(served, taken);
    const rocket = Buffer.from(`🚀\none\n\ntwo\r\n${long}\nthree\nlast`);
    for (const [from, to] of [[0, 2], [2, 50_000], [50_000]]) {
      await new Promise((sent) => response.write(rocket.subarray(from, to), sent));
    }
    response.end();
    assert.deepEqual(await done, { done: true, value: undefined });
    assert.deepEqual(taken, ["🚀", "one", "", "two\r", long, "three", "last"]);
  });

  test("half a line of a cut connection is none", async () => {
    await using served = await serveApi(flush);
    const taken: string[] = [];
    const { response, done } = await take(served, taken);
    response.write("one\ntw", () => response.destroy());
    await assert.rejects(done, { code: "unreachable", reason: "ECONNRESET" });
    assert.deepEqual(taken, ["one"]);
  });

  test("one over the limit ends the stream and closes the connection", async () => {
    await using served = await serveApi(flush);
    const taken: string[] = [];
    const { response, closed, done } = await take(served, taken, { lineLimit: 10 });
    response.write(`one\n${"x".repeat(11)}`);
    await assert.rejects(done, { code: "too-large" });
    await closed;
    assert.deepEqual(taken, ["one"]);
  });

  test("one that its taker refuses is the last, and closes the connection", async () => {
    await using served = await serveApi(flush);
    const taken: string[] = [];
    const refusal = new KubernetesError("gone", "too old", { method: "GET", path: "/log", server: "" });
    const refuse = (line: Buffer): void => {
      taken.push(String(line));
      throw refusal;
    };
    const { response, closed, done } = await take(served, taken, { take: refuse });
    response.write("one\ntwo\n");
    await assert.rejects(done, refusal);
    await closed;
    assert.deepEqual(taken, ["one"]);
  });

  test("end with the caller's signal and with silence", async () => {
    const clock = manualClock();
    await using served = await serveApi(flush, {}, clock);
    const stop = new AbortController();
    const one = await take(served, [], { signal: stop.signal });
    const reason = new Error("enough");
    stop.abort(reason);
    await assert.rejects(one.done, reason);
    await one.closed;
    const other = await take(served, [], { idle: 1000 });
    const dead = assert.rejects(other.done, { code: "timeout", message: /sent nothing for 1 s/ });
    await clock.advance(1000);
    await dead;
    await other.closed;
  });
});
