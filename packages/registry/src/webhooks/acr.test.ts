import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { acrWebhook } from "./acr.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const headers = { authorization: "Bearer acr" };
const receiver = receiverOf(acrWebhook, { headers });
const event = (action: string, target: object): object => ({
  id: "cb8c3971",
  timestamp: "2026-11-23T12:00:00Z",
  action,
  target: { mediaType: "application/vnd.docker.distribution.manifest.v2+json", size: 524, ...target },
  request: { id: "a3", host: "Executors.azurecr.io", method: "PUT", useragent: "docker/26" },
});
const place = { registry: "executors.azurecr.io", repository: "team/executor-ml" };

describe("Azure container registries' webhooks", () => {
  test("pushes and deletions name the image", async () => {
    const target = { repository: "team/executor-ml", digest: DIGEST, tag: "1.0" };
    assert.deepEqual(await receiver.receive(post(event("push", target), headers), signal), {
      status: 202,
      hints: [{ action: "pushed", ...place, digest: DIGEST, tag: "1.0" }],
      delivery: "cb8c3971",
    });
    const untagged = { repository: "team/executor-ml", digest: DIGEST, tag: "" };
    const { hints } = await receiver.receive(post(event("delete", untagged), headers), signal);
    assert.deepEqual(hints, [{ action: "deleted", ...place, digest: DIGEST }]);
  });

  test("a ping, and a chart's push, mean nothing", async () => {
    for (const action of ["ping", "chart_push"]) {
      assert.deepEqual((await receiver.receive(post({ id: "1", action }, headers), signal)).hints, []);
    }
  });

  test("a ping without the configured header is refused, so that the test button tests it", async () => {
    await assert.rejects(receiver.receive(post({ id: "1", action: "ping" }), signal), { code: "unauthorized" });
  });

  test("a push without a target is malformed", async () => {
    const sent = receiver.receive(post({ id: "1", action: "push" }, headers), signal);
    await assert.rejects(sent, { code: "invalid-webhook", path: "target" });
  });

  test("a host that is not valid makes no name of an image", async () => {
    for (const host of ["executors.azurecr.io/team", "executors azurecr", "user@executors.azurecr.io"]) {
      const body = { action: "push", target: { repository: "executor-ml" }, request: { host } };
      const sent = receiver.receive(post(body, headers), signal);
      await assert.rejects(sent, { code: "invalid-webhook", path: "target.repository" }, host);
    }
  });
});
