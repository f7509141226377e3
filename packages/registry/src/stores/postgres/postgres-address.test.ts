import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { storeKindOf } from "../open.ts";
import { parsePostgresAddress } from "./postgres-address.ts";
import { sslModeFor } from "./postgres-tls.ts";

describe("a PostgreSQL store's address", () => {
  test("names the user, the host, the port, the database and the schema", () => {
    assert.deepEqual(parsePostgresAddress("postgres://registry@db.example.com/journal"), {
      host: "db.example.com",
      port: 5432,
      user: "registry",
      database: "journal",
      schema: "executor_registry",
      sslmode: undefined,
      client: undefined,
      description: "postgres://db.example.com:5432/journal",
    });
    const all =
      "postgresql://a%40b@[::1]:6432/j%2Fk?schema=other%20one&sslmode=verify-ca&sslcert=/tls/c.pem&sslkey=/tls/k.pem";
    assert.deepEqual(parsePostgresAddress(all), {
      host: "::1",
      port: 6432,
      user: "a@b",
      database: "j/k",
      schema: "other one",
      sslmode: "verify-ca",
      client: { certificate: "/tls/c.pem", key: "/tls/k.pem" },
      description: "postgres://[::1]:6432/j/k?schema=other one",
    });
    assert.equal(parsePostgresAddress("postgres://u@%2Frun%2Fpostgresql/d").host, "/run/postgresql");
  });

  test("is refused with what is wrong with it, and never with a password", () => {
    for (const [address, message] of [
      ["postgres://u:hunter2@h/d", /holds a password; .*`password: \{file: PATH\}`/],
      ["postgres://u@h/d?password=hunter2", /holds a password/],
      ["postgres://u:hunter2#@h/d", /cannot be parsed/],
      ["postgres://u:12/hunter2@h/d", /names no user/],
      ["postgres://h/d", /names no user/],
      ["postgres://u@h", /names no database/],
      ["postgres:u", /names no user/],
      ["postgres://u@h/%zz", /a % that begins no character/],
      ["postgres://u@h/d?schema=pg_x", /the schema .* is no name/],
      ["postgres://u@h/d?schema=", /the schema .* is no name/],
      ["postgres://u@h/d?sslmode=prefer", /sslmode=prefer; there are disable, require, verify-ca, verify-full/],
      ["postgres://u@h/d?sslcert=c", /belong together/],
      ["postgres://u@h/d?target_session_attrs=any", /"target_session_attrs"; there are schema, sslmode/],
    ] as const) {
      assert.throws(
        () => storeKindOf(address),
        (problem: Error & { code: string }) => {
          assert.equal(problem.code, "configuration", address);
          assert.match(problem.message, message, address);
          assert.doesNotMatch(problem.message, /hunter2/);
          return true;
        },
      );
    }
    const address = "postgres://u@h/d";
    assert.throws(() => storeKindOf({ address, direct: "postgres://u:hunter2@h/d" }), { message: /holds a password/ });
    assert.throws(() => storeKindOf({ address, direct: "memory:" }), { message: /`direct` address of another kind/ });
  });

  test("means TLS with every check, unless it says otherwise or the server is on this machine", () => {
    const mode = (address: string, ca?: string) => sslModeFor(parsePostgresAddress(address), ca);
    assert.equal(mode("postgres://u@db/d"), "verify-full");
    assert.equal(mode("postgres://u@db/d?sslmode=require"), "require");
    for (const local of ["localhost", "127.0.0.1", "[::1]", "%2Frun"]) {
      assert.equal(mode(`postgres://u@${local}/d`), "disable");
      assert.equal(mode(`postgres://u@${local}/d`, "ca.pem"), "verify-full");
    }
    assert.throws(() => mode("postgres://u@db/d?sslmode=require", "ca.pem"), { code: "configuration" });
  });
});
