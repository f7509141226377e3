import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import {
  noDockerRegistry,
  REGISTRY_AUTHORIZATION,
  REGISTRY_USER,
  startDockerRegistry,
} from "../../../../../testing/docker-registry.ts";
import { makeImage } from "../../../../../testing/images.ts";
import { pushImage } from "../../../../../testing/push.ts";
import { collect, testClient } from "../../../../../testing/registry-client.ts";
import { sendPage, startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import { noOpenssl } from "../../../../../testing/self-signed.ts";
import { startTokenServer } from "../../../../../testing/token-server.ts";
import { createHostPacer } from "../wire/pacing.ts";
import { basicHeader, type Credentials } from "./credentials.ts";

const provider = (
  ...answers: (Credentials | undefined)[]
): { asked: number; credentials: () => Promise<Credentials | undefined> } => {
  const it = { asked: 0, credentials: async () => answers[Math.min(it.asked++, answers.length - 1)] };
  return it;
};
const wrong = { username: "puller", password: "wrong" };

describe("a registry with passwords", { skip: noDockerRegistry }, () => {
  test("is read with the configured ones, asked for once", async ({ signal }) => {
    await using registry = await startDockerRegistry({ htpasswd: true });
    const credentials = provider(REGISTRY_USER);
    await using client = testClient(registry.host, { credentials });
    await pushImage({ url: registry.url, authorization: REGISTRY_AUTHORIZATION }, "executor-ml", "v1");
    assert.deepEqual(await collect(client.tags("executor-ml", signal)), ["v1"]);
    await client.ping(signal);
    assert.equal(credentials.asked, 1);
    assert.equal(client.requests, 3, "the first request is refused once, none after it");
  });

  test("says that it requires some, or that it refuses those it got, without repeating them", async ({ signal }) => {
    await using registry = await startDockerRegistry({ htpasswd: true });
    await using anonymous = testClient(registry.host);
    await assert.rejects(anonymous.ping(signal), {
      code: "unauthorized",
      status: 401,
      message: /no credentials are configured/,
    });
    await using client = testClient(registry.host, { credentials: provider(wrong) });
    await assert.rejects(client.ping(signal), (error: Error) => {
      assert.match(error.message, /refuses the configured credentials/);
      assert.doesNotMatch(JSON.stringify(error) + error.message, /wrong|cHVsbGVy/);
      return true;
    });
  });

  test("is read once there are some", async ({ signal }) => {
    await using registry = await startDockerRegistry({ htpasswd: true });
    const clock = manualClock();
    await using client = testClient(registry.host, { credentials: provider(undefined, REGISTRY_USER), clock });
    await assert.rejects(client.ping(signal), { code: "unauthorized" });
    await clock.advance(60_000);
    await client.ping(signal);
  });

  test("is read on with new ones when they were changed", async ({ signal }) => {
    await using registry = await startDockerRegistry({ htpasswd: true });
    const clock = manualClock();
    const credentials = provider(wrong, REGISTRY_USER);
    await using client = testClient(registry.host, { credentials, clock });
    await assert.rejects(client.ping(signal), { code: "unauthorized" });
    await assert.rejects(client.ping(signal), { code: "unauthorized" });
    assert.equal(credentials.asked, 1, "a provider is not asked at every refusal");
    await clock.advance(60_000);
    await client.ping(signal);
    assert.equal(credentials.asked, 2);
  });
});

describe("a registry that cannot be had here", () => {
  test("is read on with new credentials when it refuses expired ones as forbidden, as ECR does", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    const credentials = provider({ username: "AWS", password: "old" }, { username: "AWS", password: "new" });
    await using client = testClient(registry.host, { credentials, clock });
    const old = basicHeader("AWS", "old");
    let expired = false;
    registry.intercept(({ headers: { authorization } }, response) => {
      const realm = `Basic realm="https://${registry.host}/",service="ecr.amazonaws.com"`;
      if (authorization === undefined) response.writeHead(401, { "www-authenticate": realm }).end("Not Authorized");
      else response.writeHead(expired && authorization === old ? 403 : 200).end("{}");
      return true;
    });
    await client.ping(signal);
    expired = true;
    await assert.rejects(client.ping(signal), { code: "forbidden", message: /may not read this/ });
    await clock.advance(12 * 3600_000);
    await client.ping(signal);
    await client.ping(signal);
    assert.equal(credentials.asked, 2);
  });

  test("is asked by password where its realm is no address and none is offered by token", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host, { credentials: provider(REGISTRY_USER) });
    registry.answerNext(/./, { status: 200, body: "{}" });
    const challenges = 'Bearer realm="not an address", Basic realm="Artifactory Realm"';
    registry.answerNext(/./, { status: 401, headers: { "www-authenticate": challenges } });
    await client.ping(signal);
    assert.equal(registry.requests[1]?.headers.authorization, REGISTRY_AUTHORIZATION);
  });
});

describe("red-09: what was learnt is forgotten when it fails", () => {
  for (const [what, challenge] of [
    ["a private address", 'Bearer realm="https://10.0.0.1/token",service="s"'],
    ["a name that is none", 'Bearer realm="https://auth.invalid/token",service="s"'],
    ["a closed port", 'Bearer realm="http://127.0.0.1:1/token",service="s"'],
    ["a relative address", 'Bearer realm="/token",service="s"'],
    ["a password", 'Basic realm="r"'],
    ["another scheme", "Negotiate"],
    ["nothing", undefined],
  ] as const) {
    test(`one wrong 401 that asks for ${what} costs one request`, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      const resolveName = (): Promise<never> => Promise.reject(Object.assign(new Error("x"), { code: "ENOTFOUND" }));
      await using client = testClient(registry.host, { resolveName });
      registry.answerNext(/./, { status: 200, body: "{}" }, Infinity);
      const headers = challenge === undefined ? {} : { "www-authenticate": challenge };
      registry.answerNext(/./, { status: 401, headers });
      await client.ping(signal).catch(() => {});
      const before = registry.requests.length;
      await client.ping(signal);
      assert.equal(registry.requests.length, before + 1, "the registry itself is asked again");
      assert.equal(registry.requests.at(-1)?.headers.authorization, undefined);
    });
  }

  test("a token server that moves is found at its new address", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const servers = [await startRegistryProxy(), await startRegistryProxy()] as const;
    let [current] = servers;
    for (const [name, server] of servers.entries()) {
      server.answerNext(/./, { status: 200, body: `{"token":"${name}","expires_in":100}` }, Infinity);
    }
    registry.intercept(({ headers: { authorization } }, response) => {
      const valid = `Bearer ${servers.indexOf(current)}`;
      const challenge = `Bearer realm="${current.url}/token",service="s"`;
      response.writeHead(authorization === valid ? 200 : 401, { "www-authenticate": challenge }).end("{}");
      return true;
    });
    const clock = manualClock();
    const pacer = createHostPacer("here", { clock, random: () => 0, rate: Infinity });
    await using client = testClient(registry.host, { allowPrivateAddresses: true, clock, pacer });
    await client.ping(signal);
    [, current] = servers;
    await servers[0][Symbol.asyncDispose]();
    await clock.advance(100_000);
    await client.ping(signal);
    assert.equal(registry.requests.at(-1)?.headers.authorization, "Bearer 1");
    await servers[1][Symbol.asyncDispose]();
  });

  test("a token that is refused without a challenge is not used again", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using tokens = await startRegistryProxy();
    let given = 0;
    tokens.intercept((_request, response) => {
      response.end(`{"token":"t${(given += 1)}","expires_in":1000}`);
      return true;
    });
    registry.intercept(({ headers: { authorization } }, response) => {
      const challenge = { "www-authenticate": `Bearer realm="${tokens.url}/token",service="s"` };
      if (authorization === undefined) response.writeHead(401, challenge).end();
      else response.writeHead(authorization === "Bearer t1" && given > 0 && revoked ? 401 : 200).end("{}");
      return true;
    });
    let revoked = false;
    await using client = testClient(registry.host, { allowPrivateAddresses: true });
    await client.ping(signal);
    revoked = true;
    await client.ping(signal);
    assert.equal(registry.requests.at(-1)?.headers.authorization, "Bearer t2");
  });
});

describe("what a refusal says", () => {
  for (const [what, status, headers, credentials, message] of [
    [
      "red-20: a relative realm",
      401,
      { "www-authenticate": 'Bearer realm="/token",service="s"' },
      REGISTRY_USER,
      /names "\/token" as its token server, which is not an absolute URL/,
    ],
    [
      "red-20: a way that we do not know",
      401,
      { "www-authenticate": "Negotiate, NTLM" },
      REGISTRY_USER,
      /not supported \(negotiate, ntlm\): only Basic and Bearer are/,
    ],
    ["no challenge", 401, {}, REGISTRY_USER, /the configured credentials were not sent/],
    ["no challenge and 403", 403, {}, REGISTRY_USER, /the configured credentials were not sent/],
    ["no credentials", 403, {}, undefined, /no credentials are configured for this host/],
    [
      "reg-16: credentials for other paths",
      401,
      { "www-authenticate": 'Basic realm="r"' },
      { byPath: [{ path: "other", credentials: REGISTRY_USER }] },
      /the configured credentials are for other repositories of this host only/,
    ],
  ] as const) {
    test(what, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      registry.answerNext(/./, { status, headers }, Infinity);
      await using client = testClient(registry.host, { credentials: { credentials: async () => credentials } });
      await assert.rejects(client.manifest("team/executor-ml", "v1", signal), message);
    });
  }

  test("reg-16: a repository is asked for with the credentials of its path", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using tokens = await startRegistryProxy();
    tokens.intercept((request, response) => {
      response.end(JSON.stringify({ token: Buffer.from(request.headers.authorization ?? "none").toString("hex") }));
      return true;
    });
    const image = makeImage();
    registry.intercept(({ headers: { authorization } }, response) => {
      const challenge = { "www-authenticate": `Bearer realm="${tokens.url}/token",service="s",scope="*"` };
      if (authorization === undefined) response.writeHead(401, challenge).end();
      else response.writeHead(200, { "content-type": image.descriptor.mediaType }).end(image.manifest);
      return true;
    });
    const byPath = ["team", "other", ""].map((path) => ({ path, credentials: { username: path, password: "p" } }));
    const credentials = { credentials: async () => ({ byPath }) };
    await using client = testClient(registry.host, { allowPrivateAddresses: true, credentials });
    for (const [repository, user] of [
      ["team/executor-ml", "team"],
      ["other/executor-ml", "other"],
      ["x/executor-ml", ""],
    ] as const) {
      await client.manifest(repository, "v1", signal);
      const sent = registry.requests.at(-1)?.headers.authorization?.slice("Bearer ".length) ?? "";
      assert.equal(Buffer.from(sent, "hex").toString(), basicHeader(user, "p"));
    }
  });
});

describe("a registry with tokens", { skip: noDockerRegistry || noOpenssl }, () => {
  const started = async (): Promise<
    {
      tokens: Awaited<ReturnType<typeof startTokenServer>>;
      registry: Awaited<ReturnType<typeof startDockerRegistry>>;
    } & AsyncDisposable
  > => {
    const tokens = await startTokenServer();
    const registry = await startDockerRegistry({ token: tokens.auth });
    return {
      tokens,
      registry,
      async [Symbol.asyncDispose]() {
        await registry[Symbol.asyncDispose]();
        await tokens[Symbol.asyncDispose]();
      },
    };
  };
  const allow = { allowPrivateAddresses: true };

  test("costs one token per repository, and one refused request in all", async ({ signal }) => {
    await using it = await started();
    const { registry, tokens } = it;
    await using client = testClient(registry.host, allow);
    for (const name of ["a", "b", "c"]) {
      for (const tag of ["v1", "v2", "v3"]) assert.equal(await client.head(`team/${name}`, tag, signal), undefined);
    }
    assert.deepEqual(
      tokens.asked.map(({ scopes }) => scopes),
      ["a", "b", "c"].map((name) => [`repository:team/${name}:pull`]),
    );
    // What HEAD says is not there is asked for once more by GET.
    assert.equal(client.requests, 1 + 3 + 9 * 2);
  });

  test("gives many requests at a time one token", async ({ signal }) => {
    await using it = await started();
    await using client = testClient(it.registry.host, allow);
    await Promise.all(Array.from({ length: 20 }, () => client.ping(signal)));
    assert.equal(it.tokens.asked.length, 1);
    assert.deepEqual(it.tokens.asked[0]?.scopes, []);
  });

  test("gets a new token when four fifths of the old one's life are over", async ({ signal }) => {
    await using it = await started();
    const clock = manualClock();
    it.tokens.life = 100;
    await using client = testClient(it.registry.host, { ...allow, clock });
    await client.ping(signal);
    await clock.advance(79_000);
    await client.ping(signal);
    assert.equal(it.tokens.asked.length, 1);
    await clock.advance(1000);
    await client.ping(signal);
    assert.equal(it.tokens.asked.length, 2);
  });

  test("is listed to the end when its token expires between two pages", async ({ signal }) => {
    await using it = await started();
    await using proxy = await startRegistryProxy(it.registry.url);
    await using client = testClient(proxy.host, allow);
    const tags = ["v1", "v2", "v3"];
    proxy.intercept((request, response) => {
      const url = new URL(request.url ?? "", proxy.url);
      if (request.headers.authorization === undefined || !url.pathname.endsWith("/tags/list")) return false;
      return sendPage(response, url, 1, tags, (some) => ({ tags: some }));
    });
    const { realm, service } = it.tokens.auth;
    const challenge = `Bearer realm="${realm}",service="${service}",scope="repository:executor-ml:pull",error="invalid_token"`;
    proxy.answerNext(/last=v2/, { status: 401, headers: { "www-authenticate": challenge } });
    assert.deepEqual(await collect(client.tags("executor-ml", signal)), tags);
    assert.equal(it.tokens.asked.length, 2);
    assert.equal(proxy.requests.length, 1 + 3 + 1);
  });

  test("that takes none of the tokens is not asked without end", async ({ signal }) => {
    await using it = await started();
    it.tokens.revoked = true;
    await using client = testClient(it.registry.host, allow);
    await assert.rejects(client.ping(signal), { code: "unauthorized" });
    assert.equal(it.tokens.asked.length, 1, "a new token that is refused is refused for good");
    it.tokens.revoked = false;
    await client.ping(signal);
  });

  test("sends passwords and refresh tokens to the token server only", async ({ signal }) => {
    await using it = await started();
    it.tokens.private = true;
    await using client = testClient(it.registry.host, { ...allow, credentials: provider(REGISTRY_USER) });
    await client.ping(signal);
    assert.deepEqual(it.tokens.asked.at(-1)?.authorization, REGISTRY_AUTHORIZATION);

    await using byIdentity = testClient(it.registry.host, {
      ...allow,
      credentials: provider({ identityToken: "identity" }),
    });
    assert.equal(await byIdentity.head("executor-ml", "v1", signal), undefined);
    assert.deepEqual(it.tokens.asked.at(-1), {
      method: "POST",
      service: "executors",
      scopes: ["repository:executor-ml:pull"],
      authorization: undefined,
      refreshToken: "identity",
    });
    await using refused = testClient(it.registry.host, { ...allow, credentials: provider(wrong) });
    await assert.rejects(refused.ping(signal), { code: "unauthorized", message: /refuses.*who are you\?/ });
  });

  test("at a private address is not asked for tokens unless that is allowed", async ({ signal }) => {
    await using it = await started();
    await using client = testClient(it.registry.host, { credentials: provider(REGISTRY_USER) });
    await assert.rejects(client.ping(signal), { name: "RefusedAddressError", address: "127.0.0.1" });
    assert.equal(it.tokens.asked.length, 0);
  });
});
