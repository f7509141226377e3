import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Writable } from "node:stream";
import { after, before, describe, test } from "node:test";
import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { pino } from "pino";
import { type LoopbackServer, startLoopbackServer } from "../../../testing/loopback-server.ts";
import { parseConfig } from "./config/parse-config.ts";
import { type Service, startService } from "./supervisor/service.ts";
import { ecrPush } from "./webhooks/testing/eventbridge-events.ts";
import { DIGEST } from "./webhooks/testing/requests.ts";
import { noOpenssl } from "../../../testing/self-signed.ts";
import { createSnsSigner } from "./webhooks/testing/sns-signer.ts";

const TOPIC = "arn:aws:sns:eu-west-1:123456789012:ecr";
const SNS = "https://sns.eu-west-1.amazonaws.com";
const AUDIENCE = "https://registry.example/webhooks/pubsub";
const EMAIL = "pusher@acme.iam.gserviceaccount.com";
const SECRET = "s3cret-of-the-sender";
process.env["TEST_EVENTS_SECRET"] = SECRET;
const REPOSITORY = "team/executor-ml";

interface Sent {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** @default 1 */
  readonly accepted?: number;
}

const env = "{env: TEST_EVENTS_SECRET}";
const byHeader = `headers: {Authorization: ${env}}`;
const byPath = `pathToken: ${env}`;
const authorization = { authorization: SECRET };
const hmac = (body: unknown): string => createHmac("sha256", SECRET).update(JSON.stringify(body)).digest("hex");
const harborData = {
  resources: [{ tag: "1.1.0", digest: DIGEST, resource_url: "harbor.example.com/team/executor-ml:1.1.0" }],
  repository: { repo_full_name: REPOSITORY },
};
const acr = {
  target: { repository: REPOSITORY, tag: "1.1.0", digest: DIGEST },
  request: { host: "acme.azurecr.io" },
};
const ghcr = {
  action: "published",
  registry_package: {
    name: "executor-ml",
    package_type: "CONTAINER",
    owner: { login: "Team" },
    package_version: { package_url: "ghcr.io/Team/executor-ml:1.1.0" },
  },
};
const jfrog = {
  domain: "docker",
  event_type: "pushed",
  data: { repo_key: "team", image_name: "executor-ml", tag: "1.1.0", sha256: null },
};
const cloudEvent = (type: string, data: unknown, id = "a-1"): object => ({
  specversion: "1.0",
  id,
  source: "tests",
  type,
  data,
});
const zot = { name: REPOSITORY, reference: "1.1.0", digest: DIGEST };
const structured = { ...authorization, "content-type": "application/cloudevents+json" };
const text = { "content-type": "text/plain; charset=UTF-8" };

describe("red-01, reg-13: a valid event of each kind of sender, posted to a service", { skip: noOpenssl }, () => {
  const signer = createSnsSigner();
  let folder: string;
  let registry: LoopbackServer;
  let others: LoopbackServer;
  let service: Service;
  let looks = 0;
  let looked = (): void => {};
  let logged = "";
  let pubsubToken = "";

  const envelope = (id: string, more: Record<string, string>): Sent => ({
    headers: text,
    body: signer.sign({
      Type: "Notification",
      MessageId: id,
      TopicArn: TOPIC,
      Message: JSON.stringify(ecrPush(REPOSITORY, "1.1.0", id)),
      Timestamp: new Date().toISOString(),
      SignatureVersion: "2",
      SigningCertURL: `${SNS}/SimpleNotificationService-9c6465fa.pem`,
      ...more,
    }),
  });

  /** Kind of sender, its proof, and what it sends. */
  const senders: readonly (readonly [name: string, kind: string, proof: string, sent: () => Sent])[] = [
    [
      "distribution",
      "distribution",
      byHeader,
      () => ({
        headers: { ...authorization, "content-type": "application/vnd.docker.distribution.events.v1+json" },
        body: { events: [{ id: "1", action: "push", target: { repository: REPOSITORY, tag: "1.1.0" } }] },
      }),
    ],
    [
      "harbor",
      "harbor",
      byHeader,
      () => ({ headers: authorization, body: { type: "PUSH_ARTIFACT", event_data: harborData } }),
    ],
    [
      "harbor-cloudevents",
      "harbor",
      byHeader,
      () => ({ headers: structured, body: cloudEvent("harbor.artifact.pushed", harborData) }),
    ],
    [
      "ghcr",
      "ghcr",
      `secret: ${env}`,
      () => ({
        headers: { "x-hub-signature-256": `sha256=${hmac(ghcr)}`, "x-github-event": "registry_package" },
        body: ghcr,
      }),
    ],
    [
      "quay",
      "quay",
      byPath,
      () => ({
        body: { repository: REPOSITORY, docker_url: "quay.example.com/team/executor-ml", updated_tags: ["1"] },
      }),
    ],
    ["quay-null", "quay", byPath, () => ({ body: { repository: REPOSITORY, docker_url: null, updated_tags: null } })],
    ["quay-object", "quay", byPath, () => ({ body: { repository: REPOSITORY, updated_tags: { "1.1.0": "x" } } })],
    [
      "docker-hub",
      "docker-hub",
      byPath,
      () => ({ body: { push_data: { tag: "1.1.0" }, repository: { repo_name: REPOSITORY } } }),
    ],
    ["acr", "acr", byHeader, () => ({ headers: authorization, body: { id: "1", action: "push", ...acr } })],
    [
      "event-grid",
      "event-grid",
      byPath,
      () => ({ body: [{ id: "1", eventType: "Microsoft.ContainerRegistry.ImagePushed", data: acr }] }),
    ],
    [
      "event-grid-validation",
      "event-grid",
      byPath,
      () => ({
        headers: { "aeg-event-type": "SubscriptionValidation" },
        body: [
          { id: "1", eventType: "Microsoft.EventGrid.SubscriptionValidationEvent", data: { validationCode: "c0de" } },
        ],
        accepted: 0,
      }),
    ],
    ["jfrog", "jfrog", `secret: ${env}`, () => ({ headers: { "x-jfrog-event-auth": hmac(jfrog) }, body: jfrog })],
    [
      "zot",
      "zot",
      byHeader,
      () => ({
        headers: {
          ...authorization,
          "ce-specversion": "1.0",
          "ce-id": "a-1",
          "ce-source": "zotregistry.dev",
          "ce-type": "zotregistry.image.updated",
        },
        body: zot,
      }),
    ],
    [
      "cloudevents",
      "cloudevents",
      byHeader,
      () => ({ headers: structured, body: [cloudEvent("zotregistry.image.updated", zot)] }),
    ],
    ["ecr", "ecr", byHeader, () => ({ headers: authorization, body: ecrPush(REPOSITORY, "1.1.0", "e-1") })],
    ["sns", "sns", `topics: ["${TOPIC}"]`, () => envelope("m-1", {})],
    [
      "sns-confirmation",
      "sns",
      `topics: ["${TOPIC}"]`,
      () => ({
        ...envelope("m-2", {
          Type: "SubscriptionConfirmation",
          Token: "t",
          SubscribeURL: `${SNS}/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=t`,
        }),
        accepted: 0,
      }),
    ],
    [
      "pubsub",
      "pubsub",
      `audience: "${AUDIENCE}", email: "${EMAIL}"`,
      () => ({
        headers: { authorization: `Bearer ${pubsubToken}` },
        body: {
          message: {
            messageId: "136969346945",
            data: Buffer.from(
              JSON.stringify({ action: "INSERT", tag: "us-docker.pkg.dev/team/executor-ml:1.1.0" }),
            ).toString("base64"),
          },
        },
      }),
    ],
  ];

  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "events-"));
    const keys = await generateKeyPair("RS256");
    const jwk = { ...(await exportJWK(keys.publicKey)), kid: "k1", alg: "RS256", use: "sig" };
    pubsubToken = await new SignJWT({ email: EMAIL, email_verified: true })
      .setProtectedHeader({ alg: "RS256", kid: "k1" })
      .setIssuer("https://accounts.google.com")
      .setAudience(AUDIENCE)
      .setExpirationTime("1h")
      .sign(keys.privateKey);
    others = await startLoopbackServer(({ path, body }, response) => {
      response.setHeader("content-type", "application/json");
      if (path === "/oauth2/v3/certs") return void response.end(JSON.stringify({ keys: [jwk] }));
      if (!path.endsWith("/tokenreviews"))
        return void response.end(path.endsWith(".pem") ? signer.certificate : "<ok/>");
      const { spec } = JSON.parse(body.toString()) as { spec: { audiences: string[] } };
      const user = { username: "system:serviceaccount:jobs:dispatcher" };
      response.end(JSON.stringify({ status: { authenticated: true, audiences: spec.audiences, user } }));
    });
    registry = await startLoopbackServer(({ path }, response) => {
      response.setHeader("content-type", "application/json");
      if (path.startsWith(`/v2/${REPOSITORY}/tags/list`)) {
        looks += 1;
        looked();
        return void response.end(JSON.stringify({ name: REPOSITORY, tags: [] }));
      }
      response.end("{}");
    });
    const kubeconfig = join(folder, "kubeconfig");
    const cluster = `{name: c, cluster: {server: "${others.url}"}}`;
    await writeFile(
      kubeconfig,
      `apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [${cluster}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {token: t}}]\n`,
    );
    process.env["KUBECONFIG"] = kubeconfig;
    const webhooks = senders.map(([name, kind, proof]) => `  - {name: ${name}, kind: ${kind}, source: own, ${proof}}`);
    const config = `
listen: {host: 127.0.0.1, port: 0}
auth: {kubernetes: {serviceAccounts: {"jobs:dispatcher": dispatcher}}}
sources:
  - {name: own, kind: oci, host: "${registry.url.slice("http://".length)}", insecure: true, repositories: [${REPOSITORY}], interval: 1d}
webhooks:
${webhooks.join("\n")}
  - {name: unbound, kind: harbor, ${byHeader}}
`;
    const log = pino(
      { level: "warn" },
      new Writable({ write: (chunk, _, done) => ((logged += String(chunk)), done()) }),
    );
    const first = new Promise<void>((resolve) => (looked = resolve));
    service = await startService({ config: parseConfig(config, "test.yaml"), log, fetch: others.fetch });
    await first;
  });
  after(async () => {
    delete process.env["KUBECONFIG"];
    await service?.close();
    await registry?.[Symbol.asyncDispose]();
    await others?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  const refresh = async (): Promise<number> => {
    const headers = { authorization: "Bearer a.b.c", "content-type": "application/json" };
    const post = { method: "POST", headers, body: "{}" };
    return (await fetch(`${service.url}/executors/refresh?wait=true`, post)).status;
  };

  for (const [name, kind, proof, sent] of senders) {
    test(`${name}: it is taken, and its repository looked at once`, async () => {
      assert.equal(await refresh(), 200);
      const [before, { headers = {}, body, accepted = 1 }] = [looks, sent()];
      const look = new Promise<void>((resolve) => (looked = resolve));
      const url = `${service.url}/webhooks/${name}${proof === byPath ? `/${SECRET}` : ""}`;
      const post = { method: "POST", headers: { "content-type": "application/json", ...headers } };
      const response = await fetch(url, { ...post, body: JSON.stringify(body) });
      const answer: unknown = await response.json();
      if (accepted === 0 && kind === "event-grid") {
        assert.deepEqual([response.status, answer], [200, { validationResponse: "c0de" }]);
      } else {
        assert.deepEqual([response.status, answer], [202, { accepted }]);
      }
      if (accepted > 0) await look;
      assert.equal(await refresh(), 200);
      assert.equal(looks, before + accepted + 1, "one for the event, one for the refresh");
    });
  }

  test("red-01: the subscription was confirmed", () => {
    assert.ok(others.received.some(({ path }) => path.startsWith("/?Action=ConfirmSubscription")));
  });

  test("red-01: a refresh with a body and a service account's token is taken", async () => {
    const headers = { authorization: "Bearer x.y.z", "content-type": "application/json" };
    const post = { method: "POST", headers, body: '{"why":"because"}' };
    assert.equal((await fetch(`${service.url}/executors/refresh`, post)).status, 202);
  });

  test("reg-13: without a source, a host that no source has is a warning in the log, and counted", async () => {
    const body = JSON.stringify({ type: "PUSH_ARTIFACT", event_data: harborData });
    for (let nth = 0; nth < 3; nth++) {
      const headers = { ...authorization, "content-type": "application/json" };
      const response = await fetch(`${service.url}/webhooks/unbound`, { method: "POST", headers, body });
      assert.deepEqual([response.status, await response.json()], [202, { accepted: 0 }]);
    }
    const warnings = logged.split("\n").filter((line) => line.includes("harbor.example.com"));
    assert.equal(warnings.length, 1, logged);
    assert.match(warnings[0] ?? "", /set `source` where the event comes in/);
    const metrics = await (await fetch(`${service.url}/metrics`)).text();
    assert.match(metrics, /webhooks_total\{webhook="unbound",outcome="unknown-host"\} 3/);
  });
});
