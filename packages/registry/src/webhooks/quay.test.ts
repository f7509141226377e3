import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { quayWebhook } from "./quay.ts";
import { post, receiverOf, signal } from "./testing/requests.ts";

const pathToken = "quay-0123456789abcdef";
const receiver = receiverOf(quayWebhook, { pathToken });
const push = {
  name: "executor-ml",
  repository: "acme/executor-ml",
  namespace: "acme",
  docker_url: "quay.io/acme/executor-ml",
  homepage: "https://quay.io/repository/acme/executor-ml",
};
const place = { action: "pushed", registry: "quay.io", repository: "acme/executor-ml" };

describe("Quay's notifications", () => {
  test("a push names each tag that moved", async () => {
    const request = post({ ...push, updated_tags: ["latest", "1.0"] }, {}, pathToken);
    const hints = [
      { ...place, tag: "latest" },
      { ...place, tag: "1.0" },
    ];
    assert.deepEqual(await receiver.receive(request, signal), { status: 202, hints });
  });

  test("a push without tags still names the repository", async () => {
    assert.deepEqual((await receiver.receive(post(push, {}, pathToken), signal)).hints, [place]);
  });

  test("a sender that does not know the URL's last part is refused", async () => {
    await assert.rejects(receiver.receive(post(push), signal), { code: "unauthorized" });
    await assert.rejects(receiver.receive(post(push, {}, "guess"), signal), { code: "unauthorized" });
  });
});
