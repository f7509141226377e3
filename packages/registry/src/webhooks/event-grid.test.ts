import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { eventGridWebhook } from "./event-grid.ts";
import { DIGEST, post, receiverOf, signal } from "./testing/requests.ts";

const pathToken = "grid-0123456789abcdef";
const receiver = receiverOf(eventGridWebhook, { pathToken });
const data = {
  action: "push",
  target: { repository: "team/executor-ml", digest: DIGEST, tag: "1.0" },
  request: { host: "executors.azurecr.io" },
};
const hint = {
  action: "pushed",
  registry: "executors.azurecr.io",
  repository: "team/executor-ml",
  tag: "1.0",
  digest: DIGEST,
};
const pushed = { id: "831e1650", eventType: "Microsoft.ContainerRegistry.ImagePushed", data, dataVersion: "1.0" };
const validation = {
  id: "2d1781af",
  eventType: "Microsoft.EventGrid.SubscriptionValidationEvent",
  data: { validationCode: "512d38b6", validationUrl: "http://127.0.0.1:1/never-called" },
};

describe("Event Grid", () => {
  test("a batch of events in its own schema names the images", async () => {
    const deleted = { ...pushed, id: "7", eventType: "Microsoft.ContainerRegistry.ImageDeleted" };
    const chart = { ...pushed, id: "8", eventType: "Microsoft.ContainerRegistry.ChartPushed", data: {} };
    const request = post([pushed, deleted, chart], { "aeg-event-type": "Notification" }, pathToken);
    assert.deepEqual(await receiver.receive(request, signal), {
      status: 202,
      hints: [hint, { ...hint, action: "deleted" }],
      delivery: "831e1650,7,8",
    });
  });

  test("the subscription's validation is answered with its code, for those who know the URL alone", async () => {
    const headers = { "aeg-event-type": "SubscriptionValidation" };
    assert.deepEqual(await receiver.receive(post([validation], headers, pathToken), signal), {
      status: 200,
      body: { validationResponse: "512d38b6" },
      hints: [],
    });
    await assert.rejects(receiver.receive(post([validation], headers), signal), { code: "unauthorized" });
  });

  test("a validation event among notifications is not answered", async () => {
    const request = post([validation], { "aeg-event-type": "Notification" }, pathToken);
    assert.equal((await receiver.receive(request, signal)).body, undefined);
  });

  test("with CloudEvents' schema it asks with OPTIONS before it sends", async () => {
    const headers = { "webhook-request-origin": "eventgrid.azure.net", "webhook-request-rate": "120" };
    const asked = { ...post("", headers, pathToken), method: "OPTIONS" } as const;
    assert.deepEqual(await receiver.receive(asked, signal), {
      status: 200,
      headers: { "webhook-allowed-origin": "eventgrid.azure.net", "webhook-allowed-rate": "*" },
      hints: [],
    });
    await assert.rejects(receiver.receive({ ...asked, pathToken: "guess" }, signal), { code: "unauthorized" });
    await assert.rejects(receiver.receive({ ...asked, headers: {} }, signal), { code: "invalid-webhook" });

    const event = {
      specversion: "1.0",
      id: "1",
      source: "/subscriptions/s/registries/executors",
      type: "Microsoft.ContainerRegistry.ImagePushed",
      data,
    };
    const sent = post(event, { "content-type": "application/cloudevents+json; charset=utf-8" }, pathToken);
    assert.deepEqual((await receiver.receive(sent, signal)).hints, [hint]);
  });
});
