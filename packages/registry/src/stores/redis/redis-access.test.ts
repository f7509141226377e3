import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { noRedisServer, type RedisServer, startRedisServer } from "../../../../../testing/redis-server.ts";
import { noOpenssl, selfSigned } from "../../../../../testing/self-signed.ts";
import { EMPTY_HEAD } from "../../journal/chain.ts";
import { journalOf } from "../../journal/testing/toy.ts";
import { openStore, storeProblem } from "../open.ts";

/** What docs/stores.md gives a user. */
const RIGHTS =
  "~{executor-registry}:* &{executor-registry}:* -@all +@connection +@read +@write +@scripting +@pubsub +@transaction +wait +info +command|info +config|get".split(
    " ",
  );

describe("access to a Redis server", { skip: noRedisServer }, () => {
  let server: RedisServer;
  let folder: string;
  const fileOf = async (name: string, text: string): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, text);
    return path;
  };
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "redis-access-"));
    server = await startRedisServer();
    server.cli("ACL", "SETUSER", "registry", "on", ">first-secret", ...RIGHTS);
    server.cli("ACL", "SETUSER", "reader", "on", ">reader-secret", "~*", "+@read", "+@connection");
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  test("is a user's with no more rights than the documents name, and a password that is read for each connection", async () => {
    const file = await fileOf("password", "first-secret\n");
    const settings = { address: `redis://registry@${server.host}`, password: { file } };
    const store = await openStore(settings);
    assert.equal(store.description, `redis://registry@${server.host}`);
    assert.deepEqual(store.findings, []);
    const entries = journalOf(3);
    await store.append(EMPTY_HEAD, entries.slice(0, 1));
    const snapshot = { head: EMPTY_HEAD, format: 1, parts: 1 };
    await store.saveSnapshot(snapshot, [{ key: "ml", text: "one" }], true);
    assert.equal((await store.sharing?.lease("leader", "a", 1000, "note"))?.holder, "a");
    assert.equal((await store.list({ type: "type-0", limit: 5 })).length, 1);
    const heard = new Promise<void>((resolve) => void store.sharing?.watch(resolve));
    await heard;
    assert.equal(store.sharing?.pollMs, 150);

    server.cli("ACL", "SETUSER", "registry", "resetpass", ">second-secret");
    await fileOf("password", "second-secret\n");
    server.cli("CLIENT", "KILL", "USER", "registry");
    await store.append(await store.head(), entries.slice(1));
    assert.deepEqual(await store.read(0, 10), entries);
    await store.close();
  });

  test("fails at once with a wrong password, none, or too few rights, and never shows one", async () => {
    const wrong = await fileOf("wrong", "swordfish");
    const reader = await fileOf("reader", "reader-secret");
    server.cli("ACL", "SETUSER", "default", ">of-default");
    server.cli("--user", "default", "-a", "of-default", "ACL", "SETUSER", "default", "resetpass", ">of-default");
    const cases = [
      [{ address: `redis://registry@${server.host}`, password: { file: wrong } }, /refuses the user and password/],
      [{ address: `redis://${server.host}`, password: { file: wrong } }, /refuses the user and password/],
      [{ address: `redis://${server.host}` }, /asks for a password, and `password` names none/],
      [{ address: `redis://reader@${server.host}`, password: { file: reader } }, /the user may not do this/],
      [
        { address: `redis://${server.host}`, password: { file: join(folder, "none") } },
        /password's file .* cannot be read/,
      ],
    ] as const;
    try {
      for (const [settings, message] of cases) {
        const clock = { now: () => 0, sleep: () => assert.fail("it waits") };
        await assert.rejects(openStore(settings, { clock }), (problem: Error & { code: string }) => {
          assert.equal(problem.code, "store");
          assert.match(problem.message, message);
          assert.doesNotMatch(`${problem.stack} ${String((problem.cause as Error)?.stack)}`, /swordfish|secret/);
          return true;
        });
      }
    } finally {
      server.cli("-a", "of-default", "ACL", "SETUSER", "default", "nopass");
    }
  });

  test("is refused as a configuration where the address holds a password, or settings contradict each other", async () => {
    const file = await fileOf("password", "first-secret\n");
    const cases = [
      [
        { address: `redis://registry:hunter2@${server.host}` },
        /a password does not stand in it.*`password: \{file: PATH\}`/,
      ],
      [{ address: `redis://:hunter2@${server.host}` }, /a password does not stand in it/],
      [{ address: `redis://registry@${server.host}` }, /names the user registry, but its password is missing/],
      [{ address: `redis://${server.host}`, ca: file }, /begins with rediss:\/\//],
    ] as const;
    for (const [settings, message] of cases) {
      await assert.rejects(openStore(settings), (problem: Error & { code: string }) => {
        assert.equal(problem.code, "configuration");
        assert.match(problem.message, message);
        assert.doesNotMatch(problem.message, /hunter2/);
        return true;
      });
    }
  });

  test("is looked at from this machine alone: the certificates, and where the password is", async () => {
    const address = "rediss://redis.invalid";
    const file = await fileOf("password", "first-secret\n");
    assert.equal(await storeProblem({ address, password: { file } }), undefined);
    assert.match((await storeProblem({ address, password: { file: "/none" } })) ?? "", /\/none cannot be read/);
    assert.match((await storeProblem({ address, ca: "/none" })) ?? "", /\/none cannot be used: ENOENT/);
    assert.match((await storeProblem({ address, ca: file })) ?? "", /it holds no certificate in PEM/);
  });

  test(
    "is over TLS with a certificate of one's own authority, and fails at once with another",
    { skip: noOpenssl },
    async () => {
      const { key, certificate } = selfSigned("redis.test", ["IP:127.0.0.1"]);
      const [keyFile, ca] = [await fileOf("key.pem", key), await fileOf("ca.pem", certificate)];
      const other = await fileOf("other.pem", selfSigned("other.test").certificate);
      const tls = { "tls-cert-file": ca, "tls-key-file": keyFile, "tls-auth-clients": "no" };
      await using secured = await startRedisServer({ ...tls, appendonly: "yes", appendfsync: "always" }, { tls: true });
      const address = `rediss://${secured.host}`;
      const store = await openStore({ address, ca });
      await store.append(EMPTY_HEAD, journalOf(2));
      assert.equal((await store.head()).sequence, 2);
      await store.close();
      const clock = { now: () => 0, sleep: () => assert.fail("it waits") };
      await assert.rejects(openStore({ address }, { clock }), {
        code: "store",
        message: /certificate or TLS does not hold.*`ca`/,
      });
      await assert.rejects(openStore({ address, ca: other }, { clock }), {
        message: /certificate or TLS does not hold/,
      });
    },
  );
});
