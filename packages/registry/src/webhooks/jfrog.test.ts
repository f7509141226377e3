import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { jfrogWebhook } from "./jfrog.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const receiver = receiverOf(jfrogWebhook, { secret: "s3cret" });
const auth = { "x-jfrog-event-auth": "s3cret" };
const pushed = (data: object = {}, type = "pushed"): object => ({
  domain: "docker",
  event_type: type,
  data: {
    repo_key: "docker-local",
    path: "team/executor-ml/1.0/list.manifest.json",
    name: "list.manifest.json",
    sha256: DIGEST.slice("sha256:".length),
    image_name: "team/executor-ml",
    tag: "1.0",
    platforms: [],
    ...data,
  },
  subscription_key: "executors",
  jpd_origin: "https://acme.jfrog.io",
});

describe("Artifactory's webhooks", () => {
  test("a push names the image both ways that Docker may reach it", async () => {
    const { hints } = await receiver.receive(post(pushed(), auth), signal);
    assert.deepEqual(hints, [
      { action: "pushed", repository: "docker-local/team/executor-ml", tag: "1.0", digest: DIGEST },
      { action: "pushed", repository: "team/executor-ml", tag: "1.0", digest: DIGEST },
    ]);
  });

  test("an untagged push and a deletion", async () => {
    const untagged = pushed({ tag: DIGEST.replace(":", "__"), sha256: null }, "deleted");
    const { hints } = await receiver.receive(post(untagged, auth), signal);
    assert.deepEqual(hints[1], { action: "deleted", repository: "team/executor-ml", digest: DIGEST });
  });

  test("other domains and events mean nothing", async () => {
    for (const body of [pushed({}, "overridden"), { domain: "artifact", event_type: "deployed" }]) {
      assert.deepEqual((await receiver.receive(post(body, auth), signal)).hints, []);
    }
  });

  test("with signing, the header is the body's HMAC; anything else but the secret is refused", async () => {
    const text = JSON.stringify(pushed());
    const signed = createHmac("sha256", "s3cret").update(text).digest("hex");
    assert.equal((await receiver.receive(post(text, { "x-jfrog-event-auth": signed }), signal)).hints.length, 2);
    for (const value of [undefined, "", "other", createHmac("sha256", "other").update(text).digest("hex")]) {
      const sent = receiver.receive(post(text, { "x-jfrog-event-auth": value }), signal);
      await assert.rejects(sent, { code: "unauthorized" }, String(value));
    }
    await assert.rejects(receiver.receive(post(`${text} `, { "x-jfrog-event-auth": signed }), signal), {
      code: "unauthorized",
    });
  });
});
