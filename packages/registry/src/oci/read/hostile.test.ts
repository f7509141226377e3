import assert from "node:assert/strict";
import type { Socket } from "node:net";
import { describe, test } from "node:test";
import { gzipSync } from "node:zlib";
import { describeBytes, IMAGE_MANIFEST, makeImage } from "../../../../../testing/images.ts";
import { manualClock } from "../../../../../testing/manual-clock.ts";
import { testClient } from "../../../../../testing/registry-client.ts";
import { startRegistryProxy } from "../../../../../testing/registry-proxy.ts";
import { createHostPacer } from "../wire/pacing.ts";

const image = makeImage({ labels: { a: "b" } });
const { digest } = image.descriptor;
const manifestAnswer = {
  status: 200,
  headers: { "content-type": IMAGE_MANIFEST, "docker-content-digest": digest },
  body: image.manifest,
};
const other = makeImage({ labels: { a: "c" } }).manifest;

describe("a registry that cannot be trusted", () => {
  test("gets nowhere with other bytes than the digest names", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/GET .*manifests/, { ...manifestAnswer, body: other }, 2);
    for (const reference of [digest, "v1"]) {
      await assert.rejects(client.manifest("executor-ml", reference, signal), {
        name: "DigestMismatchError",
        code: "digest-mismatch",
        expected: digest,
        actual: describeBytes("", other).digest,
      });
    }
    registry.answerNext(/GET .*blobs/, { status: 200, body: "forged" });
    await assert.rejects(client.blob("executor-ml", digest, 1000, signal), { name: "DigestMismatchError" });
  });

  test("gets nowhere with a digest of its own choice", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const { digest: otherDigest } = describeBytes("", other);
    const headers = { "content-type": IMAGE_MANIFEST, "docker-content-digest": otherDigest };
    registry.answerNext(/GET/, { status: 200, headers, body: image.manifest });
    await assert.rejects(client.manifest("executor-ml", digest, signal), { name: "DigestMismatchError" });
    registry.answerNext(/HEAD/, { status: 200, headers });
    await assert.rejects(client.head("executor-ml", digest, signal), { name: "DigestMismatchError" });
  });

  test("cannot have the credentials that it was sent shown by repeating them", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const username = "puller";
    const password = "open-sesame";
    await using client = testClient(registry.host, {
      credentials: { credentials: async () => ({ username, password }) },
    });
    const encoded = Buffer.from(`${username}:${password}`).toString("base64");
    const message = `who sends Basic ${encoded}, or ${password}, may not`;
    registry.answerNext(
      /GET/,
      { status: 403, headers: {}, body: JSON.stringify({ errors: [{ code: "DENIED", message }] }) },
      9,
    );
    registry.answerNext(/GET/, { status: 401, headers: { "www-authenticate": 'Basic realm="here"' }, body: "" });
    const error: unknown = await client.manifest("executor-ml", "v1", signal).catch((problem: unknown) => problem);
    assert.ok(error instanceof Error);
    assert.match(error.message, /It says: DENIED who sends \[secret\], or \[secret\], may not/);
    for (const secret of [password, encoded]) assert.ok(!error.message.includes(secret));
  });

  test("cannot pass one kind of manifest off as another", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const docker = { "content-type": "application/vnd.docker.distribution.manifest.v2+json" };
    registry.answerNext(/GET/, { status: 200, headers: docker, body: image.manifest });
    await assert.rejects(client.manifest("executor-ml", "v1", signal), /calls itself .* but is served as/);

    const both = Buffer.from(JSON.stringify({ ...JSON.parse(image.manifest.toString()), manifests: [] }));
    registry.answerNext(/GET/, { status: 200, headers: { "content-type": IMAGE_MANIFEST }, body: both });
    await assert.rejects(client.manifest("executor-ml", "v1", signal), /not as the specification says at manifests/);
  });

  test("cannot fill the memory: a claim of 5 GB is not read, nor an endless body without a claim", async ({
    signal,
  }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/GET .*manifests/, manifestAnswer);
    const manifest = await client.manifest("executor-ml", "v1", signal);
    const sockets: Socket[] = [];
    let claimed: number | undefined = 5e9;
    registry.intercept((_request, response) => {
      response.writeHead(200, claimed === undefined ? {} : { "content-length": claimed });
      const more = (): void => {
        while (!response.destroyed && response.write(Buffer.alloc(64 << 10)));
      };
      response.on("drain", more);
      if (response.socket) sockets.push(response.socket);
      more();
      return true;
    });
    await assert.rejects(client.details("executor-ml", manifest, signal), { name: "TooLargeError", limit: 64 << 10 });
    claimed = undefined;
    await assert.rejects(client.details("executor-ml", manifest, signal), { name: "TooLargeError", limit: 64 << 10 });
    for (const socket of sockets) {
      if (!socket.closed) await new Promise((resolve) => socket.once("close", resolve));
    }
  });

  test("cannot send a compression bomb", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    const headers = { ...manifestAnswer.headers, "content-encoding": "gzip" };
    registry.answerNext(/GET/, { status: 200, headers, body: gzipSync(image.manifest) });
    await assert.rejects(client.manifest("executor-ml", "v1", signal), /it compresses \(gzip\)/);
    assert.equal(registry.requests[0]?.headers["accept-encoding"], "identity");
  });

  for (const address of ["169.254.169.254", "[::ffff:169.254.169.254]", "10.0.0.1", "2130706433", "[::1]"]) {
    test(`cannot redirect a reader to ${address}`, async ({ signal }) => {
      await using registry = await startRegistryProxy();
      await using client = testClient(registry.host);
      registry.answerNext(/GET/, { status: 307, headers: { location: `http://${address}/latest/meta-data` } });
      await assert.rejects(client.manifest("executor-ml", "v1", signal), {
        name: "RefusedAddressError",
        code: "refused-address",
        message: /allowPrivateAddresses/,
      });
      assert.equal(registry.requests.length, 1);
    });
  }

  test("cannot redirect a reader to a name of a private address, also when its first answer was another", async ({
    signal,
  }) => {
    await using registry = await startRegistryProxy();
    const asked: string[] = [];
    const resolveName = async (hostname: string): Promise<{ address: string; family: number }[]> => {
      asked.push(hostname);
      return [{ address: "169.254.169.254", family: 4 }];
    };
    await using client = testClient(registry.host, { resolveName });
    registry.answerNext(/GET/, { status: 307, headers: { location: "http://blobs.example.com/x" } });
    await assert.rejects(client.manifest("executor-ml", "v1", signal), { address: "blobs.example.com" });
    assert.deepEqual(asked, ["blobs.example.com"], "the address that is checked is the one connected to");
  });

  test("cannot keep a reader going round: five redirects are followed", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    await using client = testClient(registry.host);
    registry.answerNext(/GET/, { status: 302, headers: { location: "/v2/again" } }, Infinity);
    await assert.rejects(client.manifest("executor-ml", "v1", signal), /more than 5 redirects/);
    assert.equal(registry.requests.length, 6);
  });

  test("does not see its reader's credentials sent on to another host", async ({ signal }) => {
    await using storage = await startRegistryProxy();
    await using registry = await startRegistryProxy();
    const credentials = { credentials: async () => ({ username: "u", password: "p" }) };
    await using client = testClient(registry.host, { credentials, allowPrivateAddresses: true });
    registry.answerNext(/GET/, { status: 307, headers: { location: `${storage.url}/blob` } });
    registry.answerNext(/GET/, { status: 307, headers: { location: "/v2/moved" } });
    registry.answerNext(/GET/, { status: 401, headers: { "www-authenticate": 'Basic realm="r"' } });
    storage.answerNext(/GET/, manifestAnswer);
    assert.equal((await client.manifest("executor-ml", "v1", signal)).digest, digest);
    assert.deepEqual(
      registry.requests.map(({ headers }) => headers.authorization),
      [undefined, "Basic dTpw", "Basic dTpw"],
    );
    assert.equal(storage.requests[0]?.headers.authorization, undefined);
  });

  test("cannot hold a reader with a body that never ends", async ({ signal }) => {
    await using registry = await startRegistryProxy();
    const clock = manualClock();
    const pacer = createHostPacer("here", { clock, random: () => 0, rate: Infinity });
    await using client = testClient(registry.host, { clock, pacer });
    registry.intercept((_request, response) => {
      response.writeHead(200, manifestAnswer.headers).write("{");
      return true;
    });
    const reading = assert.rejects(client.manifest("executor-ml", "v1", signal), {
      code: "timeout",
      message: /did not answer within/,
    });
    // Each of its few tries has a limit of its own.
    for (let over = false; !over;) {
      over = await Promise.race([clock.nextSleep().then(() => false), reading.then(() => true)]);
      await clock.advance(60_000);
    }
  });
});
