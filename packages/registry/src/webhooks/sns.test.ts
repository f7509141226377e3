import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type LoopbackServer, startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { type ManualClock, manualClock } from "../../../../testing/manual-clock.ts";
import type { WebhookReceiver } from "./webhook.ts";
import { snsWebhook } from "./sns.ts";
import { ECR_HINT, ecrPush } from "./testing/eventbridge-events.ts";
import { post, receiverOf, signal } from "./testing/requests.ts";
import { noOpenssl } from "../../../../testing/self-signed.ts";
import { createSnsSigner, type SnsSigner } from "./testing/sns-signer.ts";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:ecr";
const HOST = "https://sns.eu-west-1.amazonaws.com";
const CERTIFICATE = "/SimpleNotificationService-9c6465fa7f48f5cacd23014631ec1136.pem";
const SUBSCRIBE = `${HOST}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`;

interface Sns extends AsyncDisposable {
  readonly server: LoopbackServer;
  readonly clock: ManualClock;
  readonly receiver: WebhookReceiver;
  envelope(more?: Record<string, string>): Record<string, string>;
}

describe("Amazon ECR's events through SNS", { skip: noOpenssl }, () => {
  const signer: SnsSigner = noOpenssl === false ? createSnsSigner() : { certificate: "", sign: () => ({}) };

  async function sns(certificate = signer.certificate): Promise<Sns> {
    const clock = manualClock(Date.now());
    const server = await startLoopbackServer(({ path }, response) => {
      if (path === "/SimpleNotificationService-away.pem") response.writeHead(302, { location: CERTIFICATE }).end();
      else if (path === "/SimpleNotificationService-long.pem") response.end("x".repeat(100_000));
      else if (path === "/SimpleNotificationService-down.pem") response.writeHead(503).end();
      else response.end(path.startsWith("/Simple") ? certificate : "<ConfirmSubscriptionResponse/>");
    });
    return {
      server,
      clock,
      receiver: receiverOf(snsWebhook, { topics: [TOPIC] }, { fetch: server.fetch, clock }),
      envelope: (more = {}) => ({
        Type: "Notification",
        MessageId: "22b80b92",
        TopicArn: TOPIC,
        Message: JSON.stringify(ecrPush()),
        Timestamp: new Date(clock.now()).toISOString(),
        SignatureVersion: "2",
        SigningCertURL: HOST + CERTIFICATE,
        UnsubscribeURL: `${HOST}/?Action=Unsubscribe`,
        ...more,
      }),
      [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
    };
  }
  const text = { "content-type": "text/plain; charset=UTF-8" };

  test("a signed notification is taken, with or without a subject, and its certificate is fetched once", async () => {
    await using it = await sns();
    for (const more of [{}, { Subject: "ECR" }]) {
      const request = post(signer.sign(it.envelope(more)), text);
      assert.deepEqual(await it.receiver.receive(request, signal), {
        status: 202,
        hints: [ECR_HINT],
        delivery: "22b80b92",
      });
    }
    assert.deepEqual(
      it.server.received.map(({ path }) => path),
      [CERTIFICATE],
    );
  });

  test("what the signature does not hold for is refused, before anything is fetched", async () => {
    await using it = await sns();
    const unproven: Record<string, Record<string, string>> = {
      "another topic": { TopicArn: "arn:aws:sns:eu-west-1:123456789012:other" },
      "version 1": { SignatureVersion: "1" },
      "too old": { Timestamp: new Date(it.clock.now() - 66 * 60_000).toISOString() },
      "from the future": { Timestamp: new Date(it.clock.now() + 6 * 60_000).toISOString() },
      "no time": { Timestamp: "now" },
      "another host": { SigningCertURL: `https://sns.eu-west-1.amazonaws.com.evil.example${CERTIFICATE}` },
      "another region": { SigningCertURL: `https://sns.us-east-1.amazonaws.com${CERTIFICATE}` },
      "plain http": { SigningCertURL: `http://sns.eu-west-1.amazonaws.com${CERTIFICATE}` },
      "a user in the URL": { SigningCertURL: `https://evil@sns.eu-west-1.amazonaws.com${CERTIFICATE}` },
      "another port": { SigningCertURL: `${HOST}:8443${CERTIFICATE}` },
      "another path": { SigningCertURL: `${HOST}/bucket${CERTIFICATE}` },
      "a query": { SigningCertURL: `${HOST}${CERTIFICATE}?x=.pem` },
    };
    for (const [what, more] of Object.entries(unproven)) {
      const request = post(signer.sign(it.envelope(more)), text);
      await assert.rejects(it.receiver.receive(request, signal), { code: "unauthorized" }, what);
    }
    assert.deepEqual(it.server.received, []);
  });

  test("a message that was changed, or signed by another key, is refused", async () => {
    await using it = await sns();
    const signed = signer.sign(it.envelope());
    const other = createSnsSigner().sign(it.envelope());
    const { Signature: _, ...unsigned } = signed;
    for (const body of [{ ...signed, Message: "{}" }, { ...signed, Subject: "added" }, other, unsigned]) {
      await assert.rejects(it.receiver.receive(post(body, text), signal), { code: "unauthorized" });
    }
  });

  test("a certificate holds only for its time", async () => {
    await using it = await sns();
    await it.receiver.receive(post(signer.sign(it.envelope()), text), signal);
    await it.clock.advance(3 * 86_400_000);
    const later = it.receiver.receive(post(signer.sign(it.envelope()), text), signal);
    await assert.rejects(later, { code: "unauthorized", message: /not valid now/ });
  });

  test("a certificate that redirects, is too long, away or none makes the sender try again later", async () => {
    await using it = await sns("no certificate");
    for (const name of ["away", "long", "down", "9c6465fa"]) {
      const url = `${HOST}/SimpleNotificationService-${name}.pem`;
      const request = post(signer.sign(it.envelope({ SigningCertURL: url })), text);
      await assert.rejects(it.receiver.receive(request, signal), { code: "unreachable", retryable: true }, name);
    }
    assert.equal(it.server.received.length, 4);
  });

  test("a subscription of the topic is confirmed, once it is proven and on SNS's host alone", async () => {
    await using it = await sns();
    const confirmation = it.envelope({ Type: "SubscriptionConfirmation", Token: "t", SubscribeURL: SUBSCRIBE });
    const forged = { ...signer.sign(confirmation), Token: "other" };
    await assert.rejects(it.receiver.receive(post(forged, text), signal), { code: "unauthorized" });
    const elsewhere = signer.sign({ ...confirmation, SubscribeURL: SUBSCRIBE.replace("sns.", "evil.") });
    await assert.rejects(it.receiver.receive(post(elsewhere, text), signal), { path: "SubscribeURL" });
    const { hints } = await it.receiver.receive(post(signer.sign(confirmation), text), signal);
    assert.deepEqual(hints, []);
    const asked = it.server.received.map(({ path }) => path);
    assert.deepEqual(asked, [CERTIFICATE, SUBSCRIBE.slice(HOST.length)]);
  });

  test("the end of a subscription is taken, and not undone", async () => {
    await using it = await sns();
    const ended = it.envelope({ Type: "UnsubscribeConfirmation", Token: "t", SubscribeURL: SUBSCRIBE });
    assert.deepEqual((await it.receiver.receive(post(signer.sign(ended), text), signal)).hints, []);
    assert.equal(it.server.received.length, 1);
  });

  test("raw delivery has nothing to verify and is refused with what to change", async () => {
    await using it = await sns();
    const raw = post(ecrPush(), { "x-amz-sns-rawdelivery": "true", "x-amz-sns-topic-arn": TOPIC });
    await assert.rejects(it.receiver.receive(raw, signal), { code: "unauthorized", message: /Turn it off/ });
  });

  test("a proven message that is no event is malformed", async () => {
    await using it = await sns();
    const sent = it.receiver.receive(post(signer.sign(it.envelope({ Message: "hello" })), text), signal);
    await assert.rejects(sent, { code: "invalid-webhook" });
  });

  test("there is no receiver for every topic", () => {
    assert.throws(() => receiverOf(snsWebhook, { topics: [] }), { code: "configuration" });
  });
});
