import assert from "node:assert/strict";
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
import { WebhookConfig } from "./webhooks/kinds.ts";
import {
  AUDIENCE,
  configuredSender,
  EMAIL,
  HARBOR_PUSH,
  REPOSITORY,
  SECRET,
  SECRET_VARIABLE,
  type Sender,
  senders,
} from "./webhooks/testing/senders.ts";
import { noOpenssl } from "../../../testing/self-signed.ts";
import { createSnsSigner } from "./webhooks/testing/sns-signer.ts";

describe("red-01, reg-13: each kind of sender, posting to a service", { skip: noOpenssl }, () => {
  const signer = createSnsSigner();
  let folder: string;
  let registry: LoopbackServer;
  let others: LoopbackServer;
  let service: Service;
  let looks = 0;
  let looked = (): void => {};
  let logged = "";
  let pubsubToken = "";

  const all = senders({
    sign: (envelope) => signer.sign(envelope),
    get pubsubToken() {
      return pubsubToken;
    },
  });

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
    const webhooks = all.map((sender) => `  - ${configuredSender(sender, { source: "own" })}`);
    const config = `
listen: {host: 127.0.0.1, port: 0}
limits: {refusedEventsPerMinute: 1000}
auth: {kubernetes: {serviceAccounts: {"jobs:dispatcher": dispatcher}}}
sources:
  - {name: own, kind: oci, host: "${registry.url.slice("http://".length)}", insecure: true, repositories: [${REPOSITORY}], interval: 1d}
webhooks:
${webhooks.join("\n")}
  - {name: unbound, kind: harbor, headers: {Authorization: {env: ${SECRET_VARIABLE}}}}
`;
    const log = pino(
      { level: "warn" },
      new Writable({ write: (chunk, _, done) => ((logged += String(chunk)), done()) }),
    );
    const first = new Promise<void>((resolve) => (looked = resolve));
    service = await startService({
      config: parseConfig(config, "test.yaml", { [SECRET_VARIABLE]: SECRET }),
      log,
      fetch: others.fetch,
      variables: { KUBECONFIG: kubeconfig },
    });
    await first;
  });
  after(async () => {
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

  /** Posts an event, with the sender's proof unless another is given. */
  const send = async (
    sender: Sender,
    body: string,
    { headers = sender.headers(body), path = sender.path }: { headers?: Record<string, string>; path?: string } = {},
  ): Promise<{ readonly status: number; readonly type: string; readonly answer: unknown }> => {
    const response = await fetch(`${service.url}/webhooks/${sender.name}${path}`, {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body,
    });
    const type = response.headers.get("content-type")?.split(";")[0] ?? "";
    return { status: response.status, type, answer: await response.json() };
  };

  test("there is a sender of every kind", () => {
    const kinds = WebhookConfig.options.map(({ shape }) => shape.kind.value);
    assert.deepEqual(new Set(all.map(({ kind }) => kind)), new Set(kinds));
  });

  for (const sender of all) {
    const { name, kind, accepted } = sender;
    test(`${name}: it is taken, and its repository looked at once`, async () => {
      assert.equal(await refresh(), 200);
      const before = looks;
      const look = new Promise<void>((resolve) => (looked = resolve));
      const { status, answer } = await send(sender, JSON.stringify(sender.event()));
      if (accepted === 0 && kind === "event-grid") {
        assert.deepEqual([status, answer], [200, { validationResponse: "c0de" }]);
      } else {
        assert.deepEqual([status, answer], [202, { accepted }]);
      }
      if (accepted > 0) await look;
      assert.equal(await refresh(), 200);
      assert.equal(looks, before + accepted + 1, "one for the event, one for the refresh");
    });

    test(`${name}: what is forged is refused, and nothing looked at`, async () => {
      const before = looks;
      const body = JSON.stringify(sender.event());
      const { authorization = "", ...headers } = sender.headers(body);
      const forged = Object.fromEntries(
        Object.entries(headers).map(([name, value]) => [
          name,
          name.startsWith("x-") && name !== "x-github-event" ? `${value}0` : value,
        ]),
      );
      const text = kind === "sns" ? body.replaceAll("1.1.0", "6.6.6").replace("Token=t", "Token=u") : body;
      for (const proof of [{}, { authorization: `${authorization}0` }]) {
        const path = sender.path === "" ? "" : `${sender.path}0`;
        const { status, type, answer } = await send(sender, text, { headers: { ...forged, ...proof }, path });
        assert.deepEqual([status, type], [401, "application/problem+json"]);
        assert.equal((answer as { code: string }).code, "unauthorized");
      }
      assert.equal(looks, before);
    });

    test(`${name}: what is too large is refused`, async () => {
      const { status, type } = await send(sender, JSON.stringify("a".repeat(1 << 20)));
      assert.deepEqual([status, type], [413, "application/problem+json"]);
    });

    test(`${name}: what is no event is answered by what is wrong with it`, async () => {
      for (const body of [JSON.stringify(sender.malformed()), ...(kind === "sns" ? [] : ["{", "7"])]) {
        const { status, type, answer } = await send(sender, body);
        const { code, detail } = answer as { readonly code: string; readonly detail: string };
        assert.deepEqual([status, type, code], [400, "application/problem+json", "invalid-webhook"], detail);
        assert.match(detail, new RegExp(`^${kind} event: \\S`));
        assert.ok(!detail.includes(SECRET));
      }
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
    const body = JSON.stringify({ type: "PUSH_ARTIFACT", event_data: HARBOR_PUSH });
    for (let nth = 0; nth < 3; nth++) {
      const headers = { authorization: SECRET, "content-type": "application/json" };
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
