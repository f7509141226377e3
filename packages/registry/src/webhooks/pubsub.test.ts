import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { exportJWK, generateKeyPair, importJWK, type JWTPayload, SignJWT } from "jose";
import { startLoopbackServer } from "../../../../testing/loopback-server.ts";
import { pubsubWebhook } from "./pubsub.ts";
import type { WebhookAnswer } from "./webhook.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const IMAGE = "us-west1-docker.pkg.dev/acme/executors/executor-ml";
const place = { registry: "us-west1-docker.pkg.dev", repository: "acme/executors/executor-ml" };
const audience = "https://registry.example/webhooks/gcr";
const email = "pusher@acme.iam.gserviceaccount.com";
const keys = await generateKeyPair("RS256", { extractable: true });
const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
const now = Math.floor(Date.now() / 1000);
const GOOD = {
  iss: "https://accounts.google.com",
  aud: audience,
  email,
  email_verified: true,
  iat: now,
  exp: now + 3600,
};

const token = (claims: JWTPayload, key = keys.privateKey, kid = "k1"): Promise<string> =>
  new SignJWT(claims).setProtectedHeader({ alg: "RS256", kid, typ: "JWT" }).sign(key);
const push = (data: unknown): object => ({
  message: {
    data: Buffer.from(JSON.stringify(data)).toString("base64"),
    messageId: "136969346945",
    publishTime: "2026-11-23T12:00:00Z",
    attributes: {},
  },
  subscription: "projects/acme/subscriptions/executors",
});

interface Pubsub extends AsyncDisposable {
  send(body: unknown, jwt?: string): Promise<WebhookAnswer>;
  /** How often the keys were asked for. */
  asked(): number;
}

// Such a key would take any RSA signature.
const { alg: _alg, ...anyRsa } = { ...jwk, kid: "any" };

async function pubsub(answer: unknown = { keys: [jwk, anyRsa] }): Promise<Pubsub> {
  const server = await startLoopbackServer((_request, response) => {
    response.setHeader("content-type", "application/json").end(JSON.stringify(answer));
  });
  const receiver = receiverOf(pubsubWebhook, { audience, email }, { fetch: server.fetch });
  return {
    send: async (body, jwt) =>
      receiver.receive(post(body, { authorization: `Bearer ${jwt ?? (await token(GOOD))}` }), signal),
    asked: () => server.received.length,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

describe("Artifact Registry's events, pushed by Pub/Sub", () => {
  test("digest and tag are whole references, and either may be missing", async () => {
    await using it = await pubsub();
    const both = await it.send(push({ action: "INSERT", digest: `${IMAGE}@${DIGEST}`, tag: `${IMAGE}:1.0` }));
    assert.deepEqual(both, {
      status: 202,
      hints: [{ action: "pushed", ...place, tag: "1.0", digest: DIGEST }],
      delivery: "136969346945",
    });
    const untagged = await it.send(push({ action: "INSERT", digest: `${IMAGE}@${DIGEST}` }));
    assert.deepEqual(untagged.hints, [{ action: "pushed", ...place, digest: DIGEST }]);
    const deleted = await it.send(push({ action: "DELETE", tag: `${IMAGE}:1.0` }));
    assert.deepEqual(deleted.hints, [{ action: "deleted", ...place, tag: "1.0" }]);
    const old = await it.send(push({ action: "INSERT", tag: "eu.gcr.io/acme/executor-ml:1.0" }));
    assert.deepEqual(old.hints, [
      { action: "pushed", registry: "eu.gcr.io", repository: "acme/executor-ml", tag: "1.0" },
    ]);
    assert.equal(it.asked(), 1);
  });

  test("a token must be Google's, for us, of the right account, and of now", async () => {
    await using it = await pubsub();
    const stranger = await generateKeyPair("RS256");
    const pss = await importJWK(await exportJWK(keys.privateKey), "PS256");
    const { email: _, ...anonymous } = GOOD;
    const cases: Record<string, string> = {
      "another issuer": await token({ ...GOOD, iss: "https://evil.example" }),
      "another audience": await token({ ...GOOD, aud: "https://other.example" }),
      "another account": await token({ ...GOOD, email: "other@acme.iam.gserviceaccount.com" }),
      "an address that is not verified": await token({ ...GOOD, email_verified: false }),
      "an address verified in words": await token({ ...GOOD, email_verified: "true" }),
      "no address": await token(anonymous),
      expired: await token({ ...GOOD, iat: now - 7200, exp: now - 3600 }),
      "another key by the same name": await token(GOOD, stranger.privateKey),
      "a key nobody knows": await token(GOOD, stranger.privateKey, "k2"),
      "another algorithm": await new SignJWT(GOOD).setProtectedHeader({ alg: "PS256", kid: "any" }).sign(pss),
      "no signature": `${Buffer.from('{"alg":"none"}').toString("base64url")}.${Buffer.from(JSON.stringify(GOOD)).toString("base64url")}.`,
      "no token at all": "garbage",
    };
    for (const [what, jwt] of Object.entries(cases)) {
      await assert.rejects(it.send(push({ action: "INSERT", tag: `${IMAGE}:1` }), jwt), (error: Error) => {
        assert.equal((error as { code?: string }).code, "unauthorized", what);
        assert.doesNotMatch(error.message + String(error.cause), /eyJ|acme\.iam|evil/, what);
        return true;
      });
    }
  });

  test("without the token's keys no sender is believed, and Pub/Sub tries again", async () => {
    for (const answer of [{ error: "away" }, { keys: "x".repeat(300_000) }]) {
      await using it = await pubsub(answer);
      await assert.rejects(it.send(push({})), { code: "unreachable", retryable: true });
    }
  });

  test("a push without a token is refused with what to change", async () => {
    const receiver = receiverOf(pubsubWebhook, { audience, email });
    await assert.rejects(receiver.receive(post(push({})), signal), { code: "unauthorized", message: /authentication/ });
  });

  test("a message that names no image is malformed; another action means nothing", async () => {
    await using it = await pubsub();
    for (const body of [{}, { message: { messageId: "1", data: "!" } }, push("x"), push({ action: "INSERT" })]) {
      await assert.rejects(it.send(body), { code: "invalid-webhook" });
    }
    assert.deepEqual((await it.send(push({ action: "OTHER" }))).hints, []);
  });

  test("there is no receiver for any audience or account", () => {
    assert.throws(() => receiverOf(pubsubWebhook, { audience, email: "" }), { code: "configuration" });
    assert.throws(() => receiverOf(pubsubWebhook, { audience: "", email }), { code: "configuration" });
  });
});
