import assert from "node:assert/strict";
import { mkdtemp, rm, symlink, writeFile, rename } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { production } from "../../../../testing/production-resolver.ts";
import { noOpenssl } from "../../../../testing/self-signed.ts";
import { startTlsServer } from "../../../../testing/tls-server.ts";

describe("the token", () => {
  let folder: string;
  before(async () => (folder = await mkdtemp(join(tmpdir(), "token-"))));
  after(() => rm(folder, { recursive: true }));

  test("of a file goes with every request, as it is then", async () => {
    const tokenFile = join(folder, "token");
    await writeFile(join(folder, "first"), "first.token\n");
    await writeFile(join(folder, "second"), "second.token\n");
    // As a kubelet rotates a projected token: a link is replaced.
    await symlink("first", tokenFile);
    await using world = await production({ tokenFile });
    await world.resolver.resolve("ml");
    await symlink("second", join(folder, "next"));
    await rename(join(folder, "next"), tokenFile);
    await world.resolver.resolve("nlp");
    assert.deepEqual(
      world.registry.received.map(({ headers }) => headers.authorization),
      ["Bearer first.token", "Bearer second.token"],
    );
  });

  test("goes with the connection for events", async () => {
    await using world = await production({ token: "a.b.c", events: true });
    await world.registry.connected(1);
    assert.equal(world.registry.received[0]?.headers.authorization, "Bearer a.b.c");
  });

  test("that cannot be read is said by the file's name, and the last answer counts on", async () => {
    const tokenFile = join(folder, "gone");
    await writeFile(tokenFile, "here.for.now");
    await using world = await production({ tokenFile });
    await world.resolver.resolve("ml");
    await rm(tokenFile);
    await world.clock.advance(120_000);
    assert.equal((await world.resolver.resolve("ml")).stale, true);
    await assert.rejects(world.resolver.resolve("nlp"), { code: "unauthorized", message: /ENOENT.*gone/ });
  });

  test("is in no error, whatever it is", async () => {
    const tokenFile = join(folder, "odd");
    await writeFile(tokenFile, "very secret\r\nx-other: header");
    await using world = await production({ tokenFile });
    await assert.rejects(world.resolver.resolve("ml"), (error: Error) => {
      assert.match(error.message, /odd holds no bearer token/);
      assert.doesNotMatch(error.message, /secret/);
      return true;
    });
  });

  test(
    "is not sent to a service whose certificate no authority signed, and its answer is none",
    { skip: noOpenssl },
    async () => {
      let asked = 0;
      await using server = await startTlsServer([], (_, response) => {
        asked += 1;
        response.end("{}");
      });
      await using world = await production({ url: `https://127.0.0.1:${server.port}`, token: "a.b.c" });
      await assert.rejects(world.resolver.resolve("ml"), {
        code: "unreachable",
        message: /self-signed certificate|SELF_SIGNED/,
      });
      assert.equal(asked, 0);
    },
  );
});
