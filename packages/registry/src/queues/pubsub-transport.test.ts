import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Logger } from "@executor-registry/resolver";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import type { Hint } from "../model/hint.ts";
import { pubsubTransport } from "./pubsub-transport.ts";
import { createPump } from "./pump.ts";

const subscription = "projects/acme/subscriptions/executors";
const HINT = { action: "pushed", registry: "eu.gcr.io", repository: "acme/executor-ml", tag: "1.0" };
const received = (ackId: string, data: unknown): object => ({
  ackId,
  message: { messageId: `m-${ackId}`, data: Buffer.from(JSON.stringify(data)).toString("base64") },
});
const push = (ackId: string): object => received(ackId, { action: "INSERT", tag: "eu.gcr.io/acme/executor-ml:1.0" });

interface Answer {
  readonly status?: number;
  readonly headers?: Record<string, string>;
  readonly body?: unknown;
}

/** Runs a queue against these answers to its requests; the request after the last answer is never answered. */
async function run(answers: readonly Answer[], taken: (hints: readonly Hint[]) => void = () => {}) {
  const left = [...answers];
  let exhausted = (): void => {};
  const waiting = new Promise<void>((resolve) => (exhausted = resolve));
  const server = await startLoopbackServer((_request, response) => {
    const answer = left.shift();
    if (answer === undefined) return exhausted();
    response.writeHead(answer.status ?? 200, answer.headers).end(JSON.stringify(answer.body ?? {}));
  });
  const clock = manualClock();
  const logged: unknown[] = [];
  const warn: Logger["warn"] = (fields) => void logged.push(fields);
  const log = { debug() {}, info() {}, warn, error() {} };
  const token = (): Promise<string> => Promise.resolve("t0ken");
  const transport = { name: "gcr", subscription, token, endpoint: server.url, clock };
  const queue = createPump({ name: "gcr", clock, random: () => 1, log }, async () => pubsubTransport(transport));
  const hints: Hint[] = [];
  const stop = new AbortController();
  const ended = queue.run(async (some) => {
    taken(some);
    hints.push(...some);
  }, stop.signal);
  return {
    queue,
    clock,
    hints,
    logged,
    waiting,
    asked: () => server.received.map(({ path, body }) => [path, JSON.parse(body.toString()) as unknown]),
    authorization: () => server.received.map(({ headers }) => headers.authorization),
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
      await server[Symbol.asyncDispose]();
    },
  };
}

const PULL = [`/v1/${subscription}:pull`, { maxMessages: 100 }];
const acknowledge = (...ackIds: readonly string[]): unknown => [`/v1/${subscription}:acknowledge`, { ackIds }];

describe("Artifact Registry's events from Pub/Sub", () => {
  test("messages are handed over and then acknowledged, those that are no events too", async () => {
    const receivedMessages = [push("1"), received("2", "hello"), { ackId: "3" }];
    await using it = await run([{ body: { receivedMessages } }, {}]);
    await it.waiting;
    assert.deepEqual(it.hints, [HINT]);
    assert.deepEqual(it.asked(), [PULL, acknowledge("1", "2", "3"), PULL]);
    assert.equal(it.queue.poisoned, 2);
    assert.deepEqual(new Set(it.authorization()), new Set(["Bearer t0ken"]));
  });

  test("how long they had been in the subscription is known, where that says when they were published", async () => {
    const { message, ackId } = push("1") as { readonly message: object; readonly ackId: string };
    for (const [publishTime, lag] of [
      ["2026-11-22T23:58:30.5Z", 89_500],
      ["yesterday", undefined],
    ] as const) {
      await using it = await run([
        { body: { receivedMessages: [{ ackId, message: { ...message, publishTime } }] } },
        {},
      ]);
      await it.waiting;
      assert.deepEqual([it.hints, it.queue.lag], [[HINT], lag]);
    }
  });

  test("what could not be handed over is not acknowledged", async () => {
    let busy = true;
    const body = { receivedMessages: [push("1")] };
    await using it = await run([{ body }, { body }, {}], () => {
      if (busy) throw new Error("busy");
    });
    const pause = await it.clock.nextSleep();
    busy = false;
    await it.clock.advance(pause);
    await it.waiting;
    assert.deepEqual(it.asked(), [PULL, PULL, acknowledge("1"), PULL]);
    assert.deepEqual(it.hints, [HINT]);
  });

  test("an empty answer is not asked for again at once", async () => {
    await using it = await run([{}]);
    assert.equal(await it.clock.nextSleep(), 1000);
    assert.deepEqual(it.asked(), [PULL]);
    await it.clock.advance(1000);
    await it.waiting;
    assert.deepEqual(it.logged, []);
  });

  test("refusals are logged with what to do, waited out as long as was asked, and never show the token", async () => {
    await using it = await run([
      { status: 403 },
      { status: 429, headers: { "retry-after": "30" } },
      { status: 503, headers: { "retry-after": "86400" } },
      { body: { receivedMessages: "?" } },
    ]);
    const pauses: number[] = [];
    for (let i = 0; i < 4; i++) {
      pauses.push(await it.clock.nextSleep());
      await it.clock.advance(pauses[i]!);
    }
    await it.waiting;
    assert.deepEqual(pauses, [1000, 30_000, 900_000, 8000]);
    const errors = it.logged as readonly { readonly code: string; readonly problem: string }[];
    assert.deepEqual(
      errors.map(({ code }) => code),
      ["forbidden", "throttled", "unreachable", "unreachable"],
    );
    assert.match(errors[0]!.problem, /roles\/pubsub\.subscriber/);
    assert.doesNotMatch(JSON.stringify(it.logged), /t0ken/);
  });
});
