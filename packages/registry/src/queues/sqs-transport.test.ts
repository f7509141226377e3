import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SQSClient } from "@aws-sdk/client-sqs";
import type { Logger } from "@executor-registry/resolver";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { type SqsServer, startSqsServer } from "../../../../testing/sqs-server.ts";
import type { Hint } from "../model/hint.ts";
import { ECR_HINT, ecrPush } from "../webhooks/testing/eventbridge-events.ts";
import { createPump } from "./pump.ts";
import { sqsTransport } from "./sqs-transport.ts";

/** A queue that is being run, over the real SDK. */
async function run(server: SqsServer, taken: (hints: readonly Hint[]) => void = () => {}) {
  const credentials = { accessKeyId: "a", secretAccessKey: "s" };
  const client = new SQSClient({ endpoint: server.url, region: "eu-west-1", credentials, maxAttempts: 1 });
  const clock = manualClock();
  const logged: { readonly message: string; readonly fields: Record<string, unknown> }[] = [];
  const warn: Logger["warn"] = (fields, message) => void logged.push({ message, fields: { ...fields } });
  const log = { debug() {}, info() {}, warn, error() {} };
  const transport = { name: "ecr", queueUrl: server.queueUrl, client };
  const queue = createPump({ name: "ecr", clock, random: () => 1, log }, () => sqsTransport(transport));
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
    stop,
    ended,
    async [Symbol.asyncDispose]() {
      stop.abort();
      await ended;
    },
  };
}

describe("Amazon ECR's events from SQS", () => {
  test("events are handed over and then deleted, whether SNS wrapped them or not", async () => {
    await using server = await startSqsServer();
    await using it = await run(server);
    await server.polled();
    server.send(ecrPush());
    await server.empty();
    const envelope = {
      Type: "Notification",
      MessageId: "m",
      TopicArn: "t",
      Message: JSON.stringify(ecrPush("x", "2")),
    };
    server.send(envelope);
    await server.empty();
    assert.deepEqual(it.hints, [ECR_HINT, { ...ECR_HINT, repository: "x", tag: "2" }]);
    assert.deepEqual(it.logged, []);
  });

  test("how long they had been in the queue is known", async () => {
    const sent = manualClock().now() - 90_000;
    await using server = await startSqsServer(() => sent);
    await using it = await run(server);
    assert.equal(it.queue.lag, undefined);
    server.send(ecrPush());
    await server.empty();
    assert.equal(it.queue.lag, 90_000);
  });

  test("what could not be handed over is not deleted and comes again", async () => {
    await using server = await startSqsServer();
    let busy = true;
    await using it = await run(server, () => {
      if (busy) throw new Error("busy");
    });
    server.send(ecrPush());
    assert.equal(await it.clock.nextSleep(), 1000);
    assert.deepEqual([it.hints, server.receives, server.requests], [[], [1], ["ReceiveMessage"]]);
    busy = false;
    await it.clock.advance(1000);
    server.expireVisibility();
    await server.empty();
    assert.deepEqual(it.hints, [ECR_HINT]);
  });

  test("a message that is no event is counted and removed, and does not hold up others", async () => {
    await using server = await startSqsServer();
    server.send("hello", { Type: "Notification", Message: "hello" }, ecrPush("../x"), ecrPush());
    await using it = await run(server);
    await server.empty();
    await server.polled();
    assert.deepEqual(it.hints, [ECR_HINT]);
    assert.equal(it.queue.poisoned, 3);
    assert.deepEqual(
      it.logged.map(({ message }) => message),
      Array.from({ length: 3 }, () => "removed a message that is no event"),
    );
    assert.doesNotMatch(JSON.stringify(it.logged), /hello/);
  });

  test("while the queue refuses, the pauses grow, and an answer ends them", async () => {
    await using server = await startSqsServer();
    for (let i = 0; i < 8; i++) server.failNext(403, "AccessDeniedException");
    await using it = await run(server);
    const pauses: number[] = [];
    for (let i = 0; i < 8; i++) {
      pauses.push(await it.clock.nextSleep());
      await it.clock.advance(pauses[i]!);
    }
    assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
    server.send(ecrPush());
    await server.empty();
    assert.deepEqual(it.hints, [ECR_HINT]);
    await server.polled();
    server.failNext(500, "InternalFailure");
    server.send({ id: "1", source: "s", "detail-type": "t", account: "a", region: "r" });
    assert.equal(await it.clock.nextSleep(), 1000);
  });

  test("a stop ends a long poll, and a pause, at once", async () => {
    await using server = await startSqsServer();
    await using polling = await run(server);
    await server.polled();
    polling.stop.abort();
    await polling.ended;
    server.failNext(403, "AccessDeniedException");
    await using pausing = await run(server);
    await pausing.clock.nextSleep();
    pausing.stop.abort();
    await pausing.ended;
    assert.equal(pausing.hints.length, 0);
  });
});
