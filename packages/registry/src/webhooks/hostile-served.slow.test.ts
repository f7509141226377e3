import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import fc from "fast-check";
import { type Serving, serving } from "../../../../testing/serving.ts";
import { ecrPush } from "./testing/eventbridge-events.ts";
import type { WebhookConfig } from "./kinds.ts";

type WebhookKind = WebhookConfig["kind"];

const SECRET = "s3cret-of-the-sender";
/** Seconds of the service's processor time for one body: a tenth, and as much again twice where others share the processor. */
const MOST_CPU = 0.3;
const MIB = 1 << 20;

const byHeader = "headers: {Authorization: {env: TEST_SECRET}}";
const byPath = "pathToken: {env: TEST_SECRET}";
const bySecret = "secret: {env: TEST_SECRET}";
const PROOFS: Readonly<Record<WebhookKind, string>> = {
  distribution: byHeader,
  harbor: byHeader,
  ghcr: bySecret,
  quay: byPath,
  "docker-hub": byPath,
  acr: byHeader,
  "event-grid": byPath,
  jfrog: bySecret,
  zot: byHeader,
  cloudevents: byHeader,
  ecr: byHeader,
  sns: 'topics: ["arn:aws:sns:eu-west-1:123456789012:ecr"]',
  pubsub: "audience: a, email: e@example.com",
};

const image = { target: { repository: "team/executor-ml", tag: "1", digest: "" }, request: { host: "a.azurecr.io" } };
const harbor = { resources: [{ tag: "1", resource_url: "h/x:1" }], repository: { repo_full_name: "team/executor-ml" } };
const cloudEvent = (type: string, data: unknown): object => ({ specversion: "1.0", id: "1", source: "s", type, data });
/** A right body of each kind, to be spoiled. */
const RIGHT: Readonly<Record<WebhookKind, unknown>> = {
  distribution: { events: [{ id: "1", action: "push", target: { repository: "team/executor-ml", tag: "1" } }] },
  harbor: { type: "PUSH_ARTIFACT", event_data: harbor },
  ghcr: {
    action: "published",
    package: { name: "n", package_type: "container", owner: { login: "o" }, package_version: { package_url: "u" } },
  },
  quay: { repository: "team/executor-ml", docker_url: "q/x", updated_tags: ["1"] },
  "docker-hub": { push_data: { tag: "1" }, repository: { repo_name: "team/executor-ml" } },
  acr: { id: "1", action: "push", ...image },
  "event-grid": [{ id: "1", eventType: "Microsoft.ContainerRegistry.ImagePushed", data: image }],
  jfrog: { domain: "docker", event_type: "pushed", data: { repo_key: "team", image_name: "executor-ml", tag: "1" } },
  zot: cloudEvent("zotregistry.image.updated", { name: "team/executor-ml", reference: "1" }),
  cloudevents: [cloudEvent("dev.cdevents.artifact.published.0.2.0", { subject: { id: "pkg:oci/x?tag=1" } })],
  ecr: ecrPush(),
  sns: { Type: "Notification", MessageId: "1", TopicArn: "t", Message: "{}", Timestamp: "2026-11-25T00:00:00Z" },
  pubsub: { message: { messageId: "1", data: "e30=" } },
};

const WEBHOOK_KINDS = Object.keys(PROOFS) as readonly WebhookKind[];

/** Values that no sender sends. */
const SMALL: readonly unknown[] = [
  null,
  [],
  {},
  0,
  -1e308,
  true,
  "",
  "\ud800",
  "../..",
  JSON.parse('{"__proto__": {"repository": "x"}, "constructor": {"prototype": 1}}'),
];
/** As JSON, since some of it is nested too deep to be made from values. */
const LARGE: readonly string[] = [
  ...[
    "a".repeat(MIB - 4096),
    "/".repeat(MIB - 4096),
    "-_.".repeat(300_000),
    `pkg:${"/".repeat(900_000)}`,
    Array.from({ length: 250_000 }, () => 1),
    Array.from({ length: 300_000 }, () => ({})),
    Array.from({ length: 100_000 }, () => "1.0.0"),
    Object.fromEntries(Array.from({ length: 60_000 }, (_, nth) => [`k${nth}`, 1])),
  ].map((value) => JSON.stringify(value)),
  "[".repeat(10_000) + "]".repeat(10_000),
  `${'{"a":'.repeat(10_000)}1${"}".repeat(10_000)}`,
];

/** Stands where a value of {@link LARGE} goes. */
const PLACE = "here";

/** Where values stand in a body. */
function places(value: unknown, path: readonly (string | number)[] = []): readonly (readonly (string | number)[])[] {
  if (typeof value !== "object" || value === null) return [path];
  const inner = Array.isArray(value) ? [...value.entries()] : Object.entries(value);
  return [path, ...inner.flatMap(([key, one]) => places(one, [...path, key as string]))];
}

function put(value: unknown, [key, ...rest]: readonly (string | number)[], nasty: unknown): unknown {
  if (key === undefined) return nasty;
  const copy = (Array.isArray(value) ? [...(value as unknown[])] : { ...(value as object) }) as Record<string, unknown>;
  copy[key] = put(copy[key], rest, nasty);
  return copy;
}

describe("red-01: bodies that no sender sends, posted to a service", () => {
  let folder: string;
  let service: Serving;
  let dearest = 0;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "hostile-"));
    const file = join(folder, "registry.yaml");
    const webhooks = WEBHOOK_KINDS.map((kind) => `  - {name: ${kind}, kind: ${kind}, ${PROOFS[kind]}}`);
    await writeFile(
      file,
      `listen: {host: 127.0.0.1, port: 0}\nlimits: {refusedEventsPerMinute: 1000000}\nwebhooks:\n${webhooks.join("\n")}\n`,
    );
    service = await serving(file, { TEST_SECRET: SECRET });
  });
  after(async () => {
    await service[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const cpu = async (): Promise<number> =>
    Number(/process_cpu_seconds_total ([\d.]+)/.exec(await (await fetch(`${service.url}/metrics`)).text())?.[1]);
  const post = async (kind: WebhookKind, text: string): Promise<number> => {
    const hex = createHmac("sha256", SECRET).update(text).digest("hex");
    const response = await fetch(`${service.url}/webhooks/${kind}${PROOFS[kind] === byPath ? `/${SECRET}` : ""}`, {
      method: "POST",
      headers: {
        "content-type": "application/json",
        ...(PROOFS[kind] === byHeader && { authorization: SECRET }),
        "x-hub-signature-256": `sha256=${hex}`,
        "x-github-event": "package",
        "x-jfrog-event-auth": hex,
      },
      body: text,
    });
    await response.arrayBuffer();
    return response.status;
  };

  for (const kind of WEBHOOK_KINDS) {
    test(`${kind}: each part replaced by what is none: no failure of the service, and no long work`, async (t) => {
      const right = RIGHT[kind];
      const last = kind === "pubsub" || kind === "sns" ? [401] : [202];
      assert.ok(
        last.includes(await post(kind, JSON.stringify(right))),
        "as it is, it is taken, or refused for its proof",
      );
      const all = places(right);
      for (const path of all) {
        for (const value of SMALL) {
          const text = JSON.stringify(put(right, path, value));
          const status = await post(kind, text);
          assert.ok([200, 202, 400, 401].includes(status), `${status} for ${path.join(".")}: ${text}`);
        }
      }
      // In place of the whole, and of the innermost parts.
      for (const path of [all[0] ?? [], ...all.slice(-3)]) {
        for (const value of LARGE) {
          const text = JSON.stringify(put(right, path, PLACE)).replace(JSON.stringify(PLACE), () => value);
          const before = await cpu();
          const status = await post(kind, text);
          const what = `${path.join(".")}: ${text.slice(0, 80)}`;
          assert.ok([200, 202, 400, 401, 413].includes(status), `${status} for ${what}`);
          const cost = (await cpu()) - before;
          dearest = Math.max(dearest, cost);
          assert.ok(cost <= MOST_CPU, `${cost} s for ${what}`);
        }
      }
      t.diagnostic(`the dearest took ${Math.round(dearest * 1000)} ms of processor time`);
    });
  }

  test("whatever is made up, and whatever is no JSON, no text and no UTF-8, is 202, 400 or 401", async () => {
    const body = fc.oneof(fc.json({ stringUnit: "binary" }), fc.string({ unit: "binary" }));
    await fc.assert(
      fc.asyncProperty(fc.constantFrom(...WEBHOOK_KINDS), body, async (kind, text) => {
        assert.ok([202, 400, 401].includes(await post(kind, text)), text);
      }),
      { numRuns: 200 },
    );
  });
});
