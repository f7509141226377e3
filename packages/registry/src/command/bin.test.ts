import assert from "node:assert/strict";
import { execFile, spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";

const file = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
const BIN = file("../../bin/executor-registry-server.cjs");
const run = promisify(execFile);
const node = (...args: string[]) => spawnSync(process.execPath, args, { encoding: "utf8" });

test("a Node that is too old gets a sentence", () => {
  const old = 'data:text/javascript,Object.defineProperty(process, "versions", { value: { node: "20.20.2" } })';
  const { status, stderr } = node("--import", old, BIN);
  assert.equal(status, 1);
  assert.equal(stderr, "error: executor-registry-server needs Node 22.21 or newer; this is 20.20.2\n");
});

describe(
  "as it is published",
  { skip: existsSync(file("../../dist/server.cjs")) ? false : "dist/ is not built" },
  () => {
    test("it has all that it needs, and reads a configuration", () => {
      const { dependencies } = JSON.parse(readFileSync(file("../../package.json"), "utf8"));
      const { status, stdout } = node(BIN, "config", "print", file("../../../../examples/registry.yaml"));
      assert.deepEqual([dependencies, status], [undefined, 0]);
      assert.match(stdout, /^sources:$/m);
    });

    test("it has the clients of the servers that a journal may be on", async () => {
      const verified = ["postgres://executor@127.0.0.1:1/none", "redis://127.0.0.1:1"].map((store) =>
        assert.rejects(run(process.execPath, [BIN, "journal", "verify", "--store", store]), {
          code: 1,
          stderr: /^error: (?:postgres|redis):.*ECONNREFUSED/,
        }),
      );
      await Promise.all(verified);
    });

    test("the licences of what is in it are beside it", () => {
      const licences = readFileSync(file("../../dist/THIRD-PARTY-LICENSES.txt"), "utf8");
      for (const name of [
        "fastify",
        "zod",
        "pino",
        "@aws-sdk/client-ecr",
        "google-auth-library",
        "pg",
        "@redis/client",
      ])
        assert.match(licences, new RegExp(`^${name} [0-9.]+ \\((MIT|Apache-2.0)\\)$`, "m"));
    });
  },
);
