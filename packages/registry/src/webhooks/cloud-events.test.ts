import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { cloudEventsWebhook, zotWebhook } from "./cloud-events.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const headers = { "x-webhook-secret": "s3cret" };
const receiver = receiverOf(cloudEventsWebhook, { headers });
const structured = { ...headers, "content-type": "application/cloudevents+json" };
const event = (type: string, data: unknown, more: object = {}): object => ({
  specversion: "1.0",
  id: "a-1",
  source: "zotregistry.dev",
  type,
  data,
  ...more,
});
const hints = async (body: unknown): Promise<unknown> => (await receiver.receive(post(body, structured), signal)).hints;

describe("CloudEvents", () => {
  test("Zot's come in binary mode, with an image's tag or digest as reference", async () => {
    const zot = receiverOf(zotWebhook, { headers: { authorization: "Basic em90" } });
    const data = { name: "team/executor-ml", reference: "1.0", digest: DIGEST, mediaType: "x", manifest: "{}" };
    const attributes = {
      authorization: "Basic em90",
      "ce-specversion": "1.0",
      "ce-id": "a-1",
      "ce-source": "zotregistry.dev",
      "ce-type": "zotregistry.image.updated",
      "content-type": "application/json",
    };
    assert.deepEqual(await zot.receive(post(data, attributes), signal), {
      status: 202,
      hints: [{ action: "pushed", repository: "team/executor-ml", tag: "1.0", digest: DIGEST }],
      delivery: "zotregistry.dev a-1",
    });
    const deleted = { ...attributes, "ce-type": "zotregistry.image.deleted" };
    const answer = await zot.receive(post({ name: "executor-ml", reference: DIGEST }, deleted), signal);
    assert.deepEqual(answer.hints, [{ action: "deleted", repository: "executor-ml", digest: DIGEST }]);
    const missing = { ...attributes, "ce-source": "" };
    await assert.rejects(zot.receive(post(data, missing), signal), { code: "invalid-webhook", path: "ce-source" });
  });

  test("structured mode, a batch, and data in base64 say the same", async () => {
    const data = { name: "executor-ml", reference: "1.0" };
    const hint = { action: "scanned", repository: "executor-ml", tag: "1.0" };
    const scanned = event("zotregistry.image.scanned", data);
    const encoded = Buffer.from(JSON.stringify(data)).toString("base64");
    assert.deepEqual(await hints(scanned), [hint]);
    assert.deepEqual(await hints([scanned, scanned]), [hint, hint]);
    assert.deepEqual(await hints(event("zotregistry.image.scanned", undefined, { data_base64: encoded })), [hint]);
  });

  test("Harbor's and Azure's types are known here too, and others mean nothing", async () => {
    const harbor = { resources: [{ tag: "1.0" }], repository: { repo_full_name: "team/executor-ml" } };
    assert.deepEqual(await hints(event("harbor.artifact.deleted", harbor)), [
      { action: "deleted", repository: "team/executor-ml", tag: "1.0" },
    ]);
    const azure = { target: { repository: "executor-ml", tag: "1.0" }, request: null };
    assert.deepEqual(await hints(event("Microsoft.ContainerRegistry.ImagePushed", azure)), [
      { action: "pushed", repository: "executor-ml", tag: "1.0" },
    ]);
    for (const type of ["zotregistry.repository.created", "harbor.quota.exceeded", "com.example.else"]) {
      assert.deepEqual(await hints(event(type, undefined)), []);
    }
  });

  test("ECR's, made by an input transformer, name the registry by their source", async () => {
    const source = "urn:aws:ecr:eu-west-1:123456789012:repository/team/executor-ml";
    const data = { repositoryName: "team/executor-ml", imageTag: "<tag>", imageDigest: DIGEST };
    assert.deepEqual(await hints(event("com.amazon.ecr.image.push", data, { source })), [
      {
        action: "pushed",
        registry: "123456789012.dkr.ecr.eu-west-1.amazonaws.com",
        repository: "team/executor-ml",
        digest: DIGEST,
      },
    ]);
  });

  test("CDEvents name an image by package URL, in the subject or in the data", async () => {
    const version = encodeURIComponent(DIGEST);
    const subject = `pkg:oci/executor-ml@${version}?repository_url=https%3A%2F%2Fghcr.io/Acme/executor-ml&tag=1.0`;
    const place = { registry: "ghcr.io", repository: "acme/executor-ml", tag: "1.0", digest: DIGEST };
    for (const [name, action] of [
      ["published.0.3.0", "pushed"],
      ["deleted.0.2.0", "deleted"],
      ["signed.0.3.0", "signed"],
    ] as const) {
      const type = `dev.cdevents.artifact.${name}`;
      assert.deepEqual(await hints(event(type, {}, { subject })), [{ action, ...place }]);
      assert.deepEqual(await hints(event(type, { context: {}, subject: { id: subject } })), [{ action, ...place }]);
    }
    const bare = { subject: `pkg:oci/executor-ml@${version}` };
    assert.deepEqual(await hints(event("dev.cdevents.artifact.published.0.3.0", {}, bare)), [
      { action: "pushed", repository: "executor-ml", digest: DIGEST },
    ]);
    const npm = { subject: "pkg:npm/left-pad@1.0.0" };
    assert.deepEqual(await hints(event("dev.cdevents.artifact.published.0.3.0", {}, npm)), []);
    const bad = hints(event("dev.cdevents.artifact.published.0.3.0", {}, { subject: "pkg:oci/%" }));
    await assert.rejects(bad, { code: "invalid-webhook", path: "subject" });
  });

  test("what is no CloudEvent 1.0 is refused with the place of the mistake", async () => {
    await assert.rejects(hints({ type: "zotregistry.image.updated" }), { code: "invalid-webhook" });
    await assert.rejects(hints([]), { code: "invalid-webhook" });
    const nameless = hints(event("zotregistry.image.updated", { name: 1 }));
    await assert.rejects(nameless, { code: "invalid-webhook", path: "data.name" });
    await assert.rejects(hints([event("zotregistry.image.updated", { name: "x:y" })]), { path: "0.data.name" });
  });
});
