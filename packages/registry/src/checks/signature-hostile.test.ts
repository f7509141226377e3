import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import type { Digest } from "@executor-registry/resolver";
import { IMAGE_INDEX, IMAGE_MANIFEST } from "../../../../testing/images.ts";
import { manualClock } from "../../../../testing/manual-clock.ts";
import { type OddRegistry, startOddRegistry } from "../../../../testing/odd-registry.ts";
import { envelopeBundle, envelopeSignature, makeSigningKey, statement } from "../../../../testing/sigstore.ts";
import type { Judgement } from "./check.ts";
import { BUNDLE, byKey, checkOf, judged, REPOSITORY, simpleManifest, type SimpleSignature } from "./testing/signed.ts";

const SIMPLE_SIGNING = "application/vnd.dev.cosign.simplesigning.v1+json";
const key = makeSigningKey();
const signer = { key };

describe("registries that hinder signatures from being read", () => {
  let registry: OddRegistry;
  before(async () => void (registry = await startOddRegistry()));
  after(() => registry[Symbol.asyncDispose]());

  let images = 0;
  const fresh = (): Digest =>
    registry.image(REPOSITORY, `1.0.${(images += 1)}`, { manifest: { annotations: { nonce: String(images) } } }).digest;
  const tagOf = (digest: Digest): string => `${digest.replace(":", "-")}.sig`;
  const put = (digest: Digest, signatures: readonly SimpleSignature[]): void => {
    for (const { payload } of signatures) registry.blob(REPOSITORY, payload, SIMPLE_SIGNING);
    registry.manifest(REPOSITORY, tagOf(digest), {
      schemaVersion: 2,
      mediaType: IMAGE_MANIFEST,
      ...simpleManifest(signatures),
    });
  };
  const bundled = (digest: Digest): { digest: Digest; size: number; mediaType: string } => {
    const payload = statement(digest);
    const bytes = JSON.stringify(envelopeBundle(payload, envelopeSignature(payload, signer), signer));
    return registry.manifest(REPOSITORY, undefined, {
      schemaVersion: 2,
      mediaType: IMAGE_MANIFEST,
      artifactType: BUNDLE,
      config: registry.blob(REPOSITORY, "{}", "application/vnd.oci.empty.v1+json"),
      layers: [registry.blob(REPOSITORY, bytes, BUNDLE)],
    });
  };
  const ask = (digest: Digest, signal: AbortSignal): Promise<Judgement> =>
    judged(checkOf({ keys: [key.pem] }), registry.host, digest, signal);
  const linesOf = (from: number): readonly string[] => registry.requests.slice(from).map(({ line }) => line);

  for (const count of [51, 10_000]) {
    test(`${count} signatures are more than are read, and none of them is`, async ({ signal }) => {
      const digest = fresh();
      put(
        digest,
        Array.from({ length: count }, () => byKey(digest, signer)),
      );
      const from = registry.requests.length;
      const { state, code, reason } = await ask(digest, signal);
      assert.deepEqual([state, code], ["failed", "limit-exceeded"], reason);
      assert.ok(!linesOf(from).some((line) => line.includes("/blobs/")));
    });

    test(`${count} manifests that refer to an image are more than are read, and none of them is`, async ({
      signal,
    }) => {
      const digest = fresh();
      const manifests = Array.from({ length: count }, () => ({ ...bundled(digest), artifactType: BUNDLE }));
      registry.manifest(REPOSITORY, digest.replace(":", "-"), { schemaVersion: 2, mediaType: IMAGE_INDEX, manifests });
      const from = registry.requests.length;
      const { state, code, reason } = await ask(digest, signal);
      assert.deepEqual([state, code], ["failed", "limit-exceeded"], reason);
      assert.ok(linesOf(from).length <= 3);
    });
  }

  test("what is too many in one place does not spoil a good one in another", async ({ signal }) => {
    const digest = fresh();
    put(
      digest,
      Array.from({ length: 51 }, () => ({ payload: Buffer.from("x"), annotations: {} })),
    );
    registry.manifest(REPOSITORY, digest.replace(":", "-"), {
      schemaVersion: 2,
      mediaType: IMAGE_INDEX,
      manifests: [{ ...bundled(digest), artifactType: BUNDLE }],
    });
    assert.equal((await ask(digest, signal)).state, "passed");
  });

  test("a layer that says it has 1 GiB is not asked for", async ({ signal }) => {
    const digest = fresh();
    const { payload, annotations } = byKey(digest, signer);
    const layer = { ...registry.blob(REPOSITORY, payload, SIMPLE_SIGNING), size: 1 << 30, annotations };
    registry.manifest(REPOSITORY, tagOf(digest), { schemaVersion: 2, ...simpleManifest([]), layers: [layer] });
    const from = registry.requests.length;
    const { state, code, reason } = await ask(digest, signal);
    assert.deepEqual([state, code], ["failed", "limit-exceeded"], reason);
    assert.ok(!linesOf(from).some((line) => line.includes("/blobs/")));
  });

  test("a layer that has 1 GiB and does not say so is read to the limit", async ({ signal }) => {
    const digest = fresh();
    put(digest, [byKey(digest, signer)]);
    let sent = 0;
    let end = (): void => {};
    const closed = new Promise<void>((resolve) => (end = resolve));
    const remove = registry.intercept((request, response) => {
      if (!request.url?.includes("/blobs/")) return false;
      response.writeHead(200, { "content-type": "application/octet-stream" });
      const chunk = Buffer.alloc(64 << 10);
      const more = (): void => {
        while (sent < 1 << 30 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return void response.once("drain", more);
        }
        response.end();
      };
      response.once("close", end);
      more();
      return true;
    });
    const { state, code, reason } = await ask(digest, signal);
    await closed;
    remove();
    assert.deepEqual([state, code], ["failed", "limit-exceeded"], reason);
    assert.ok(sent < 16 << 20, `${sent} bytes were sent`);
  });

  for (const status of [401, 403, 429, 500, 503]) {
    for (const what of [/\.sig$/, /\/referrers\//, /sha256-[0-9a-f]{64}$/, /\/blobs\//]) {
      test(`${status} for ${what} says nothing about signatures: the image waits`, async ({ signal }) => {
        const digest = fresh();
        if (what.test("/blobs/")) put(digest, [byKey(digest, signer)]);
        const remove = registry.intercept((request, response) => {
          if (!what.test(request.url ?? "")) return false;
          response.writeHead(status, status === 429 ? { "retry-after": "0" } : {}).end();
          return true;
        });
        const { state, code, reason } = await ask(digest, signal);
        remove();
        assert.deepEqual([state, code], ["pending", "registry-unavailable"], reason);
      });
    }
  }

  test("404 with the words that the whole repository is gone says nothing either", async ({ signal }) => {
    const digest = fresh();
    const remove = registry.intercept((request, response) => {
      if (!request.url?.endsWith(".sig")) return false;
      response.writeHead(404).end(JSON.stringify({ errors: [{ code: "NAME_UNKNOWN", message: "" }] }));
      return true;
    });
    const { state } = await ask(digest, signal);
    remove();
    assert.equal(state, "pending");
  });

  for (const status of [200, 400, 404, 405, 406]) {
    test(`${status} without a list, for what refers to an image, leads to the tag that lists it`, async ({
      signal,
    }) => {
      const digest = fresh();
      registry.manifest(REPOSITORY, digest.replace(":", "-"), {
        schemaVersion: 2,
        mediaType: IMAGE_INDEX,
        manifests: [bundled(digest)],
      });
      const remove = registry.intercept((request, response) => {
        if (!request.url?.includes("/referrers/")) return false;
        response.writeHead(status, { "content-type": "text/html" }).end("<h1>no such page</h1>");
        return true;
      });
      const { state, reason } = await ask(digest, signal);
      remove();
      assert.equal(state, "passed", reason);
    });
  }

  test("a list of what refers to an image is read page by page", async ({ signal }) => {
    const digest = fresh();
    const pages = [[], [{ ...bundled(digest), artifactType: BUNDLE }]];
    const remove = registry.intercept((request, response) => {
      const url = new URL(request.url ?? "", registry.url);
      if (!url.pathname.includes("/referrers/")) return false;
      const page = Number(url.searchParams.get("page") ?? 0);
      response.writeHead(200, {
        "content-type": IMAGE_INDEX,
        ...(page === 0 && { link: `<${url.pathname}?page=1>; rel="next"` }),
      });
      response.end(JSON.stringify({ schemaVersion: 2, mediaType: IMAGE_INDEX, manifests: pages[page] }));
      return true;
    });
    const { state, reason } = await ask(digest, signal);
    remove();
    assert.equal(state, "passed", reason);
  });

  test("other bytes than the digest says are not used: the image waits", async ({ signal }) => {
    const digest = fresh();
    put(digest, [byKey(`sha256:${"0".repeat(64)}`, signer)]);
    const good = byKey(digest, signer).payload;
    const remove = registry.intercept((request, response) => {
      if (!request.url?.includes("/blobs/")) return false;
      response.writeHead(200).end(good);
      return true;
    });
    const { state, code } = await ask(digest, signal);
    remove();
    assert.deepEqual([state, code], ["pending", "registry-unavailable"]);
  });

  test("a registry that answers differently each time gets nothing in that is not signed", async ({ signal }) => {
    const [signed, unsigned] = [fresh(), fresh()];
    put(signed, [byKey(signed, signer)]);
    let turn = 0;
    // The signature of one image is shown for the other, every second time.
    const remove = registry.intercept(async (request, response) => {
      if (!request.url?.endsWith(tagOf(unsigned)) || (turn += 1) % 2 === 0) return false;
      const answer = await fetch(`${registry.url}/v2/${REPOSITORY}/manifests/${tagOf(signed)}`);
      response.writeHead(200, { "content-type": IMAGE_MANIFEST }).end(Buffer.from(await answer.arrayBuffer()));
      return true;
    });
    const codes = [];
    for (let times = 0; times < 6; times += 1) codes.push((await ask(unsigned, signal)).code);
    remove();
    assert.deepEqual(codes, Array.from({ length: 3 }, () => ["claim-mismatch", "unsigned"]).flat());
  });

  test("the image is named by its digest alone: its tag may move between the check and its use", async ({ signal }) => {
    const signed = registry.image(REPOSITORY, "moving", { manifest: { annotations: { nonce: "signed" } } }).digest;
    put(signed, [byKey(signed, signer)]);
    const other = registry.image(REPOSITORY, "moving", { manifest: { annotations: { nonce: "other" } } }).digest;
    const from = registry.requests.length;
    assert.equal((await ask(signed, signal)).state, "passed");
    assert.equal((await ask(other, signal)).code, "unsigned");
    assert.ok(!linesOf(from).some((line) => line.includes("moving")));
  });

  test("a signature that is taken away counts no more, once the check asks again", async ({ signal }) => {
    const clock = manualClock();
    const check = checkOf({ keys: [key.pem] }, clock);
    const digest = fresh();
    put(digest, [byKey(digest, signer)]);
    assert.equal((await judged(check, registry.host, digest, signal)).state, "passed");
    put(digest, []);
    await clock.advance(11 * 60_000);
    assert.equal((await judged(check, registry.host, digest, signal)).code, "unsigned");
  });

  test("an image without a signature is looked at again, later each time", async ({ signal }) => {
    const clock = manualClock();
    const check = checkOf({ keys: [key.pem] }, clock);
    const digest = fresh();
    const waits = [];
    for (let times = 0; times < 9; times += 1)
      waits.push(((await judged(check, registry.host, digest, signal)).expires ?? 0) - clock.now());
    assert.deepEqual(
      waits.map((ms) => ms / 60_000),
      [1, 2, 4, 8, 16, 32, 60, 60, 60],
    );
  });

  test("what is verified is remembered for a while: nothing is read", async ({ signal }) => {
    const check = checkOf({ keys: [key.pem] });
    const digest = fresh();
    put(digest, [byKey(digest, signer)]);
    const first = await judged(check, registry.host, digest, signal);
    const from = registry.requests.length;
    assert.deepEqual(await judged(check, registry.host, digest, signal), first);
    assert.equal(registry.requests.length, from);
  });
});
