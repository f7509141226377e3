import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { silentLogger } from "@executor-registry/resolver";
import { noPostgresServer, type PostgresServer, startPostgresServer } from "../../../../../testing/postgres-server.ts";
import { noOpenssl, selfSigned } from "../../../../../testing/self-signed.ts";
import { openStore, storeProblem } from "../open.ts";
import { postgresPlace } from "../testing/postgres-place.ts";

describe("access to a PostgreSQL store", { skip: noPostgresServer || noOpenssl }, () => {
  let server: PostgresServer;
  let folder: string;
  let ca: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), "postgres-access-"));
    // Not for the address that the tests reach it at.
    const tls = selfSigned("localhost", ["DNS:localhost"]);
    ca = join(folder, "ca.pem");
    await writeFile(ca, tls.certificate);
    server = await startPostgresServer({
      tls,
      settings: { max_connections: "12", superuser_reserved_connections: "0" },
      hba: [
        "local all executor trust",
        "hostnossl all unencrypted 127.0.0.1/32 trust",
        "hostnossl all all 127.0.0.1/32 reject",
        "hostssl all guarded 127.0.0.1/32 scram-sha-256",
        "hostssl all executor 127.0.0.1/32 trust",
      ],
    });
    server.sql("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'first'; CREATE ROLE unencrypted LOGIN SUPERUSER");
  });
  after(async () => {
    await server[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });
  const as = (user: string, parameters = "", host = "127.0.0.1"): string =>
    `${postgresPlace(server.address.replace("executor@", `${user}@`).replace("127.0.0.1", host)).address}${parameters}`;
  const refused = (problem: RegExp) => (error: Error & { code: string; retryable: boolean }) => {
    assert.deepEqual([error.code, error.retryable], ["store", false], error.message);
    assert.match(error.message, problem);
    assert.doesNotMatch(error.message, /hunter2/);
    return true;
  };

  test("is by TLS, with as many checks as are asked for", async () => {
    for (const settings of [
      { address: as("executor", "", "localhost"), ca },
      { address: as("executor", "&sslmode=verify-ca"), ca },
      { address: as("executor", "&sslmode=require") },
      { address: as("unencrypted") },
    ]) {
      const store = await openStore(settings);
      assert.equal((await store.head()).sequence, 0);
      await store.close();
    }
    for (const [settings, problem] of [
      [{ address: as("executor"), ca }, /certificate is for another name/],
      [{ address: as("executor", "&sslmode=verify-full", "localhost") }, /not by an authority that is trusted/],
      [{ address: as("executor", "&sslmode=disable") }, /does not let this user in/],
      [{ address: as("executor"), ca: join(folder, "none.pem") }, /none\.pem cannot be read \(ENOENT\)/],
    ] as const) {
      await assert.rejects(openStore(settings), refused(problem));
    }
  });

  test("is with the password that its place holds now", async () => {
    const file = join(folder, "password");
    const settings = { address: as("guarded", "&sslmode=require"), password: { file } };
    await writeFile(file, "first\n");
    const store = await openStore(settings);
    await writeFile(file, "second\n");
    server.sql("ALTER ROLE guarded PASSWORD 'second'");
    // The connections there are end, so that the next ones need the password.
    server.sql("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'guarded'");
    assert.equal((await store.head()).sequence, 0);
    await store.close();

    const command = [process.execPath, "-p", "'sec' + 'ond'"] as const;
    await (await openStore({ ...settings, password: { command } })).close();
    await writeFile(file, "hunter2");
    await assert.rejects(openStore(settings), refused(/the password is wrong/));
    await assert.rejects(openStore({ address: settings.address }), refused(/asks for a password; name its place/));
    await rm(file);
    await assert.rejects(openStore(settings), refused(/password's file .* cannot be read \(ENOENT\)/));
  });

  test("ends at once for a database that does not exist", async () => {
    const address = server.address.replace("executor@", "unencrypted@").replace(/executor$/, "nowhere");
    await assert.rejects(
      openStore(address),
      refused(/postgres:\/\/127\.0\.0\.1:\d+\/nowhere: the database does not exist/),
    );
  });

  test("waits where the server has no connection left", async () => {
    const address = as("unencrypted");
    const stores = [];
    const logged: { problem?: string }[] = [];
    let full = (): void => {};
    const isFull = new Promise<void>((resolve) => (full = resolve));
    const log = { ...silentLogger, warn: (fields: object) => (logged.push(fields), full()) };
    for (let nth = 0; nth < 12; nth++) stores.push(await openStore(address));
    const last = openStore(address, { log });
    await isFull;
    assert.match(logged[0]?.problem ?? "", /no connection left/);
    for (const store of stores) await store.close();
    await (await last).close();
    assert.equal(logged.length, 1);
  });

  test("shows what this machine lacks for it", async () => {
    const password = { file: join(folder, "nowhere") };
    const garbage = join(folder, "garbage.pem");
    await writeFile(garbage, "hunter2");
    assert.equal(await storeProblem({ address: as("executor"), ca }), undefined);
    assert.match((await storeProblem({ address: as("executor"), ca: garbage })) ?? "", /garbage\.pem cannot be used/);
    assert.match((await storeProblem({ address: as("executor"), password })) ?? "", /nowhere cannot be read/);
  });
});
