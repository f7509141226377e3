import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isDigest, parseReference, repositoryOf } from "@executor-registry/resolver";
import type { WebhookReceiver, WebhookRequest } from "./webhook.ts";
import type { WebhookConfig } from "./kinds.ts";
import { ecrPush } from "./testing/eventbridge-events.ts";
import { configured, signal } from "./testing/requests.ts";
import { SECRET, senders } from "./testing/senders.ts";

/** One of each kind, by its name. */
const RECEIVERS: ReadonlyMap<string, WebhookReceiver> = new Map(
  senders({ sign: (envelope) => envelope, pubsubToken: "" }).map(({ kind, settings }) => [
    kind,
    configured({ name: "a", kind, ...settings(SECRET) } as WebhookConfig),
  ]),
);

function receiver(kind: WebhookConfig["kind"]): WebhookReceiver {
  const found = RECEIVERS.get(kind);
  if (found === undefined) throw new Error(`there is no sender of kind ${kind}`);
  return found;
}

/** Words that senders use, so that what is made up comes further than the first check. */
const words = fc.constantFrom(
  "events",
  "action",
  "push",
  "target",
  "repository",
  "tag",
  "digest",
  "type",
  "PUSH_ARTIFACT",
  "event_data",
  "resources",
  "repo_full_name",
  "package",
  "published",
  "name",
  "docker_url",
  "updated_tags",
  "push_data",
  "repo_name",
  "id",
  "eventType",
  "Microsoft.ContainerRegistry.ImagePushed",
  "data",
  "domain",
  "docker",
  "event_type",
  "pushed",
  "specversion",
  "1.0",
  "source",
  "zotregistry.image.updated",
  "detail",
  "detail-type",
  "subject",
  "__proto__",
);
const json = fc.letrec((tie) => ({
  value: fc.oneof({ maxDepth: 5 }, words, fc.string(), fc.integer(), fc.constant(null), tie("list"), tie("object")),
  list: fc.array(tie("value"), { maxLength: 3 }),
  object: fc.dictionary(fc.oneof(words, fc.string()), tie("value"), { maxKeys: 6 }),
})).value;
const body = fc.oneof(
  json.map((value) => Buffer.from(JSON.stringify(value))),
  fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes)),
);
const sent = fc.record({
  method: fc.constantFrom("POST" as const, "POST" as const, "OPTIONS" as const),
  headers: fc.dictionary(
    fc.constantFrom(
      "content-type",
      "ce-type",
      "ce-id",
      "ce-source",
      "ce-specversion",
      "x-github-event",
      "aeg-event-type",
    ),
    fc.oneof(words, fc.string(), fc.constantFrom("application/cloudevents+json", "SubscriptionValidation")),
  ),
  body,
});

/** What proves the sender, for the body as it is. */
function proven(request: WebhookRequest): WebhookRequest {
  const hmac = createHmac("sha256", SECRET).update(request.body).digest("hex");
  const proofs = { authorization: SECRET, "x-hub-signature-256": `sha256=${hmac}`, "x-jfrog-event-auth": hmac };
  return { ...request, headers: { ...request.headers, ...proofs }, pathToken: SECRET };
}

async function outcome(receiver: WebhookReceiver, request: WebhookRequest): Promise<string> {
  try {
    const { hints } = await receiver.receive(request, signal);
    for (const { registry = "registry.example", repository, digest } of hints) {
      const name = `${registry}/${repository}`;
      assert.equal(repositoryOf(parseReference(name)).name, name);
      assert.ok(digest === undefined || isDigest(digest));
    }
    return "taken";
  } catch (error) {
    assert.ok(error instanceof Error);
    if (error instanceof assert.AssertionError) throw error;
    const text = request.body.toString();
    assert.ok(text.length < 40 || !error.message.includes(text), "the message quotes the body");
    assert.doesNotMatch(error.message, new RegExp(SECRET));
    return error.name;
  }
}

describe("every receiver", () => {
  for (const [kind, receiver] of RECEIVERS) {
    test(`${kind}: a sender without proof is refused, no matter what it sends`, async () => {
      await fc.assert(
        fc.asyncProperty(sent, async (request) => {
          const known =
            kind === "sns" ? ["UnauthorizedWebhookError", "InvalidWebhookError"] : ["UnauthorizedWebhookError"];
          assert.ok(known.includes(await outcome(receiver, request)));
        }),
        { numRuns: 60 },
      );
    });

    test(`${kind}: anything that a known sender sends is taken or refused, and breaks nothing`, async () => {
      await fc.assert(
        fc.asyncProperty(sent, async (request) => {
          const known = ["taken", "UnauthorizedWebhookError", "InvalidWebhookError"];
          const result = await outcome(receiver, proven(request));
          assert.ok(known.includes(result), result);
        }),
        { numRuns: 200 },
      );
    });
  }

  test("bytes that are no UTF-8 are refused rather than guessed", async () => {
    const text = JSON.stringify({ repository: "executor-ml", updated_tags: ["?"] });
    const bytes = Buffer.from(text).map((byte) => (byte === "?".charCodeAt(0) ? 0xff : byte));
    const request = proven({ method: "POST", headers: {}, body: bytes });
    assert.equal(await outcome(receiver("quay"), request), "InvalidWebhookError");
  });

  test("a deeply nested body of a megabyte is refused like any other", async () => {
    const deep = Buffer.from("[".repeat(1 << 19) + "]".repeat(1 << 19));
    for (const receiver of RECEIVERS.values()) {
      assert.match(await outcome(receiver, proven({ method: "POST", headers: {}, body: deep })), /WebhookError$/);
    }
  });

  test("one sender's event does not count for another", async () => {
    const request = { method: "POST", headers: {}, body: Buffer.from(JSON.stringify(ecrPush())) } as const;
    assert.equal(await outcome(receiver("ecr"), proven(request)), "taken");
    for (const kind of ["distribution", "harbor", "quay", "docker-hub", "acr", "cloudevents"] as const) {
      assert.equal(await outcome(receiver(kind), proven(request)), "InvalidWebhookError", kind);
    }
  });
});
