import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { pino } from "pino";
import { type ManualClock, manualClock } from "../../../testing/manual-clock.ts";
import { type OidcIssuer, startOidcIssuer } from "../../../testing/oidc-issuer.ts";
import { parseConfig } from "./config/parse-config.ts";
import { startService } from "./supervisor/service.ts";

interface World extends AsyncDisposable {
  readonly clock: ManualClock;
  readonly issuer: OidcIssuer;
  /** The claims of a good token, that lives for a year; some may be others. */
  claims(others?: object): object;
  /** What a read, and a refresh, are answered with. */
  read(token: string): Promise<number>;
  refresh(token: string): Promise<number>;
}

/** A service that takes an issuer's tokens, and that issuer. */
async function world(): Promise<World> {
  const clock = manualClock();
  const issuer = await startOidcIssuer();
  const roles = "{ops: operator, jobs: dispatcher, everyone: reader}";
  const text = `listen: {host: 127.0.0.1, port: 0}
auth: {reads: token, oidc: {issuer: "${issuer.url}", audience: executors, claim: groups, roles: ${roles}}}
`;
  const log = pino({ level: "silent" });
  const service = await startService({ config: parseConfig(text, "test.yaml"), log, clock });
  const ask = async (token: string, path: string, method: string): Promise<number> => {
    const response = await fetch(service.url + path, { method, headers: { authorization: `Bearer ${token}` } });
    await response.arrayBuffer();
    return response.status;
  };
  const exp = clock.now() / 1000 + 365 * 24 * 3600;
  return {
    clock,
    issuer,
    claims: (others) => ({ iss: issuer.url, aud: "executors", sub: "alice", exp, groups: ["everyone"], ...others }),
    read: (token) => ask(token, "/executors", "GET"),
    refresh: (token) => ask(token, "/executors/refresh", "POST"),
    async [Symbol.asyncDispose]() {
      await service.close();
      await issuer[Symbol.asyncDispose]();
    },
  };
}

describe("an OpenID provider's tokens", () => {
  test("allow what the highest role of their claim allows", async () => {
    await using here = await world();
    const { issuer, claims } = here;
    const reader = issuer.token(claims());
    assert.deepEqual([await here.read(reader), await here.refresh(reader)], [200, 403]);
    const dispatcher = issuer.token(claims({ groups: ["everyone", "jobs", "choir"] }));
    assert.deepEqual([await here.read(dispatcher), await here.refresh(dispatcher)], [200, 202]);
    assert.equal(await here.refresh(issuer.token(claims({ groups: "ops" }))), 202);
    for (const groups of [undefined, [], ["choir"], "constructor", ["__proto__"]]) {
      assert.equal(await here.read(issuer.token(claims({ groups }))), 401, JSON.stringify(groups));
    }
    assert.equal(issuer.reads, 1);
  });

  test("are refused when they are another's, for another, over, or signed with what is no secret", async () => {
    await using here = await world();
    const { clock, issuer, claims } = here;
    await using stranger = await startOidcIssuer();
    const now = clock.now() / 1000;
    const bad: Readonly<Record<string, string>> = {
      "another issuer": issuer.token(claims({ iss: "https://issuer.example" })),
      "another audience": issuer.token(claims({ aud: "billing" })),
      "no audience": issuer.token(claims({ aud: undefined })),
      expired: issuer.token(claims({ exp: now - 60 })),
      "never expires": issuer.token(claims({ exp: undefined })),
      "not yet": issuer.token(claims({ nbf: now + 3600 })),
      "alg none": issuer.token(claims(), { alg: "none" }),
      "signed with the public key": issuer.token(claims(), { alg: "HS256" }),
      "signed by a stranger": stranger.token(claims()),
      "changed afterwards": issuer.token(claims()).replace(/\.[^.]+\./, `.${part(claims({ groups: ["ops"] }))}.`),
      "no token": "a.b.c",
    };
    for (const [why, token] of Object.entries(bad)) assert.equal(await here.read(token), 401, why);
    assert.equal(await here.read(issuer.token(claims())), 200);
  });

  test("are good until they expire, by the service's own clock", async () => {
    await using here = await world();
    const { clock, issuer, claims } = here;
    const token = issuer.token(claims({ exp: clock.now() / 1000 + 3600 }));
    await clock.advance(3_600_000);
    assert.equal(await here.read(token), 200, "clocks differ a little");
    await clock.advance(90_000);
    assert.equal(await here.read(token), 401);
  });

  test("of a new key are good as soon as it is read, which unknown keys bring about now and then", async () => {
    await using here = await world();
    const { clock, issuer, claims } = here;
    const before = issuer.token(claims());
    assert.equal(await here.read(before), 200);
    for (let nth = 0; nth < 20; nth++) {
      assert.equal(await here.read(issuer.token(claims(), { kid: `made-up-${nth}` })), 401);
    }
    assert.equal(issuer.reads, 1);
    issuer.rotate();
    await clock.advance(61_000);
    assert.equal(await here.read(issuer.token(claims())), 200);
    assert.equal(issuer.reads, 2);
    assert.equal(await here.read(before), 401, "the issuer names its key no more");
  });
});

describe("an OpenID provider that is away", () => {
  test("leaves the keys that were read good, also when a stranger's token asks for another, for as long as it is", async () => {
    await using here = await world();
    const { clock, issuer, claims } = here;
    assert.equal(await here.read(issuer.token(claims())), 200);
    issuer.down = true;
    for (const pause of [30_000, 3_600_000, 24 * 3_600_000]) {
      await clock.advance(pause);
      assert.equal(await here.read(issuer.token(claims(), { kid: "unknown" })), 503, "its key might be a new one");
      assert.equal(await here.read(issuer.token(claims({ jti: pause }))), 200, `${pause} ms later`);
    }
    issuer.down = false;
    issuer.rotate();
    await clock.advance(30_000);
    assert.equal(await here.read(issuer.token(claims())), 200);
  });

  test("from the beginning is said to be, and asked again with the next token", async () => {
    await using here = await world();
    const { issuer, claims } = here;
    issuer.down = true;
    assert.equal(await here.read(issuer.token(claims())), 503);
    issuer.down = false;
    assert.equal(await here.read(issuer.token(claims())), 200);
  });

  test("and in whose place another answers is not believed", async () => {
    await using here = await world();
    const { issuer, claims } = here;
    issuer.calledItself = "https://issuer.example";
    assert.equal(await here.read(issuer.token(claims())), 503);
  });
});

const part = (claims: object): string => Buffer.from(JSON.stringify(claims)).toString("base64url");
