import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { ghcrWebhook } from "./ghcr.ts";
import type { WebhookAnswer } from "./webhook.ts";
import { DIGEST, OTHER, post, receiverOf, signal } from "./testing/requests.ts";

const receiver = receiverOf(ghcrWebhook, { secret: "s3cret" });
const image = {
  name: "executor-ml",
  namespace: "Acme/executors",
  owner: { login: "Acme" },
  package_type: "CONTAINER",
  package_version: {
    version: DIGEST,
    package_url: "ghcr.io/Acme/executor-ml:1.0",
    container_metadata: { tag: { name: "1.0", digest: DIGEST }, labels: {}, manifest: { digest: DIGEST } },
  },
};
const place = { action: "pushed", registry: "ghcr.io", repository: "acme/executor-ml" };

function send(body: unknown, event = "package", headers: object = {}): Promise<WebhookAnswer> {
  const text = JSON.stringify(body, undefined, 1);
  const signature = `sha256=${createHmac("sha256", "s3cret").update(text).digest("hex")}`;
  const sent = {
    "x-hub-signature-256": signature,
    "x-github-event": event,
    "x-github-delivery": "72d3162e",
    ...headers,
  };
  return receiver.receive(post(text, sent), signal);
}

describe("GitHub's webhooks", () => {
  test("a published container names its image with the owner in lower case", async () => {
    for (const event of ["package", "registry_package"]) {
      assert.deepEqual(await send({ action: "published", [event]: image }, event), {
        status: 202,
        hints: [{ ...place, tag: "1.0", digest: DIGEST }],
        delivery: "72d3162e",
      });
    }
  });

  test("an untagged push has an empty tag and a URL that ends in a colon", async () => {
    const version = {
      version: OTHER,
      package_url: "ghcr.io/Acme/executor-ml:",
      container_metadata: { tag: { name: "", digest: "" }, manifest: null },
    };
    const { hints } = await send({ action: "published", package: { ...image, package_version: version } });
    assert.deepEqual(hints, [{ ...place, digest: OTHER }]);
  });

  test("GitHub Enterprise's registry is known by the URL, with or without a tag", async () => {
    for (const end of [":", ":1.0"]) {
      const version = { version: OTHER, package_url: `containers.ghe.example/Acme/executor-ml${end}` };
      const { hints } = await send({ action: "published", package: { ...image, package_version: version } });
      const tag = end === ":" ? {} : { tag: "1.0" };
      assert.deepEqual(hints, [{ ...place, registry: "containers.ghe.example", ...tag, digest: OTHER }]);
    }
  });

  test("without a usable URL, owner and name identify the image", async () => {
    const version = { version: OTHER, package_url: "", container_metadata: null };
    const { hints } = await send({ action: "updated", package: { ...image, package_version: version } });
    assert.deepEqual(hints, [{ ...place, digest: OTHER }]);
  });

  test("a ping, another event, another kind of package and another action mean nothing", async () => {
    assert.deepEqual((await send({ zen: "Keep it logically awesome.", hook_id: 1 }, "ping")).hints, []);
    assert.deepEqual((await send({ action: "opened" }, "issues")).hints, []);
    assert.deepEqual((await send({ action: "published", package: { ...image, package_type: "npm" } })).hints, []);
    assert.deepEqual((await send({ action: "transferred", package: image })).hints, []);
  });

  test("a body without a signature, with another's, or changed on the way is refused", async () => {
    const body = { action: "published", package: image };
    for (const signature of [undefined, "", "sha256=", `sha256=${"0".repeat(64)}`, "sha1=0"]) {
      const sent = send(body, "package", { "x-hub-signature-256": signature });
      await assert.rejects(sent, { code: "unauthorized" }, String(signature));
    }
    const signature = createHmac("sha256", "s3cret").update(JSON.stringify(body)).digest("hex");
    const headers = { "x-hub-signature-256": `sha256=${signature}`, "x-github-event": "package" };
    await receiver.receive(post(body, headers), signal);
    await assert.rejects(receiver.receive(post(JSON.stringify(body, undefined, 1), headers), signal), {
      code: "unauthorized",
    });
  });

  test("a form instead of JSON, which is GitHub's default, is refused with what to change", async () => {
    const form = "payload=%7B%7D";
    const signature = `sha256=${createHmac("sha256", "s3cret").update(form).digest("hex")}`;
    const sent = receiver.receive(
      post(form, { "x-hub-signature-256": signature, "x-github-event": "package" }),
      signal,
    );
    await assert.rejects(sent, { code: "invalid-webhook", message: /application\/json/ });
  });

  test("there is no receiver without a secret", () => {
    assert.throws(() => receiverOf(ghcrWebhook, { secret: "" }), { code: "configuration" });
  });
});
