import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { dockerHubWebhook } from "./docker-hub.ts";
import { post, receiverOf, signal } from "./testing/requests.ts";

const pathToken = "hub-0123456789abcdef";
const receiver = receiverOf(dockerHubWebhook, { pathToken });
const push = (repo_name: string, tag?: string): object => ({
  callback_url: "http://127.0.0.1:1/never-called",
  push_data: { pushed_at: 1_417_566_161, pusher: "ci", tag },
  repository: { repo_name, namespace: "acme", name: "executor-ml" },
});

describe("Docker Hub's webhooks", () => {
  test("a push names the image as docker.io", async () => {
    assert.deepEqual((await receiver.receive(post(push("acme/executor-ml", "1.0"), {}, pathToken), signal)).hints, [
      { action: "pushed", registry: "docker.io", repository: "acme/executor-ml", tag: "1.0" },
    ]);
  });

  test("a single name is one of Docker's own", async () => {
    assert.deepEqual((await receiver.receive(post(push("executor-ml"), {}, pathToken), signal)).hints, [
      { action: "pushed", registry: "docker.io", repository: "library/executor-ml" },
    ]);
  });

  test("a sender that does not know the URL's last part is refused", async () => {
    await assert.rejects(receiver.receive(post(push("acme/x")), signal), { code: "unauthorized" });
  });
});
