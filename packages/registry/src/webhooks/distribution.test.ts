import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { distributionWebhook } from "./distribution.ts";
import { DIGEST, OTHER, post, receiverOf, signal } from "./testing/requests.ts";

const headers = { authorization: "Bearer from-the-registry's-config" };
const receiver = receiverOf(distributionWebhook, { headers });
const MANIFEST = "application/vnd.oci.image.manifest.v1+json";

const event = (action: string, target: object, id = "d4f3bedd"): object => ({
  id,
  action,
  timestamp: "2026-11-23T12:13:58.951Z",
  target,
  request: { host: "registry.internal:5000", method: "PUT", useragent: "skopeo/1.9.3" },
  actor: { name: "ci" },
});

describe("the distribution project's notifications", () => {
  for (const version of ["v1", "v2"]) {
    test(`a push in an ${version} envelope names repository, tag and digest`, async () => {
      const type = `application/vnd.docker.distribution.events.${version}+json`;
      const target = { mediaType: MANIFEST, repository: "team/executor-ml", tag: "1.0", digest: DIGEST, size: 3 };
      const body = { events: [event("push", target)] };
      const answer = await receiver.receive(post(body, { ...headers, "content-type": type }), signal);
      assert.deepEqual(answer, {
        status: 202,
        hints: [{ action: "pushed", repository: "team/executor-ml", tag: "1.0", digest: DIGEST }],
        delivery: "d4f3bedd",
      });
    });
  }

  test("deletions come by digest, and again for each tag", async () => {
    const repository = "team/executor-ml";
    const body = {
      events: [event("delete", { digest: DIGEST, repository }), event("delete", { repository, tag: "1" })],
    };
    const { hints } = await receiver.receive(post(body, headers), signal);
    assert.deepEqual(hints, [
      { action: "deleted", repository, digest: DIGEST },
      { action: "deleted", repository, tag: "1" },
    ]);
  });

  test("pulls are dropped whatever they hold, since the service's own reading comes back as pulls", async () => {
    const body = { events: [event("pull", { mediaType: MANIFEST, repository: "x" }), { action: "pull" }] };
    assert.deepEqual((await receiver.receive(post(body, headers), signal)).hints, []);
  });

  test("pushed layers and mounts mean nothing", async () => {
    const layer = { mediaType: "application/octet-stream", repository: "team/executor-ml", digest: DIGEST };
    const body = { events: [event("push", layer), event("mount", layer)] };
    assert.deepEqual((await receiver.receive(post(body, headers), signal)).hints, []);
  });

  test("a multi-architecture push names its images without a tag, then the index with it", async () => {
    const push = (target: object): object =>
      event("push", { mediaType: MANIFEST, repository: "executor-ml", ...target });
    const body = { events: [push({ digest: OTHER }), push({ digest: DIGEST, tag: "2.0" })] };
    assert.deepEqual((await receiver.receive(post(body, headers), signal)).hints, [
      { action: "pushed", repository: "executor-ml", digest: OTHER },
      { action: "pushed", repository: "executor-ml", digest: DIGEST, tag: "2.0" },
    ]);
  });

  test("a signature's push is news of the image that it signs", async () => {
    const hex = DIGEST.slice("sha256:".length);
    for (const tag of [`sha256-${hex}.sig`, `sha256-${hex}.att`, `sha256-${hex}`]) {
      const body = { events: [event("push", { mediaType: MANIFEST, repository: "executor-ml", tag, digest: OTHER })] };
      const { hints } = await receiver.receive(post(body, headers), signal);
      assert.deepEqual(hints, [{ action: "signed", repository: "executor-ml", digest: DIGEST }], tag);
    }
  });

  test("a malformed body is refused with the place of the mistake, and is not quoted", async () => {
    const cases: readonly (readonly [unknown, string])[] = [
      ["secret-text", ""],
      [{ events: "secret-text" }, "events"],
      [{ events: [{ action: "push", target: { repository: 7, note: "secret-text" } }] }, "events.0.target.repository"],
      [{ events: [{ action: "push", target: { repository: "secret-text:x" } }] }, "events.0.target.repository"],
      [{ events: [{ action: "push", target: { repository: "secret-text/../x" } }] }, "events.0.target.repository"],
    ];
    for (const [body, path] of cases) {
      await assert.rejects(receiver.receive(post(body, headers), signal), (error: Error) => {
        assert.partialDeepStrictEqual(Object.assign({}, error), {
          name: "InvalidWebhookError",
          code: "invalid-webhook",
          path,
        });
        assert.doesNotMatch(error.message, /secret-text/);
        return true;
      });
    }
  });
});
