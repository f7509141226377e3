import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { harborWebhook } from "./harbor.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const headers = { authorization: "no scheme before this" };
const receiver = receiverOf(harborWebhook, { headers });
const place = { registry: "harbor.example:8443", repository: "team/executor-ml" };

const data = (resource: object): object => ({
  resources: [{ resource_url: "Harbor.example:8443/team/executor-ml:1.0", ...resource }],
  repository: { date_created: 1, name: "executor-ml", namespace: "team", repo_full_name: "team/executor-ml" },
});
const hints = async (type: string, resource: object): Promise<unknown> =>
  (await receiver.receive(post({ type, occur_at: 1, operator: "ci", event_data: data(resource) }, headers), signal))
    .hints;

describe("Harbor's webhooks", () => {
  test("pushes, deletions and finished vulnerability scans name the image", async () => {
    for (const [type, action] of [
      ["PUSH_ARTIFACT", "pushed"],
      ["DELETE_ARTIFACT", "deleted"],
      ["SCANNING_COMPLETED", "scanned"],
    ] as const) {
      assert.deepEqual(await hints(type, { tag: "1.0", digest: DIGEST }), [
        { action, ...place, tag: "1.0", digest: DIGEST },
      ]);
    }
  });

  test("a push without a tag has its digest where the tag would be", async () => {
    const resource = { tag: DIGEST, resource_url: `harbor.example:8443/team/executor-ml@${DIGEST}` };
    assert.deepEqual(await hints("PUSH_ARTIFACT", resource), [{ action: "pushed", ...place, digest: DIGEST }]);
  });

  test("pulls, quotas and replications mean nothing, and are not read", async () => {
    for (const type of ["PULL_ARTIFACT", "QUOTA_EXCEED", "REPLICATION"]) assert.deepEqual(await hints(type, {}), []);
  });

  test("the CloudEvents format says the same", async () => {
    const event = {
      specversion: "1.0",
      id: "4b2f89a6",
      source: "/projects/1/webhook/policies/3",
      type: "harbor.artifact.pushed",
      data: data({ tag: "1.0", digest: DIGEST }),
    };
    const request = post(event, { ...headers, "content-type": "application/cloudevents+json" });
    assert.deepEqual(await receiver.receive(request, signal), {
      status: 202,
      hints: [{ action: "pushed", ...place, tag: "1.0", digest: DIGEST }],
      delivery: "4b2f89a6",
    });
  });

  test("its auth header is compared as a whole, and a policy without one is refused", async () => {
    const body = { type: "PUSH_ARTIFACT", event_data: data({}) };
    await assert.rejects(receiver.receive(post(body), signal), { code: "unauthorized" });
    const bearer = { authorization: `Bearer ${headers.authorization}` };
    await assert.rejects(receiver.receive(post(body, bearer), signal), { code: "unauthorized" });
  });

  test("a push that names no repository is malformed", async () => {
    const body = { type: "PUSH_ARTIFACT", event_data: { resources: [] } };
    await assert.rejects(receiver.receive(post(body, headers), signal), {
      code: "invalid-webhook",
      path: "event_data.repository",
    });
  });
});
