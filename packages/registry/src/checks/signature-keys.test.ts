import assert from "node:assert/strict";
import { generateKeyPairSync, sign } from "node:crypto";
import { after, before, describe, test } from "node:test";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushImage, pushIndex } from "../../../../testing/push.ts";
import {
  envelopeBundle,
  envelopeSignature,
  makeSigningKey,
  makeSigstore,
  simplePayload,
  statement,
} from "../../../../testing/sigstore.ts";
import { ReadSecret } from "../settings/secret.ts";
import {
  byKey,
  checkOf,
  freshImage,
  judged,
  pushBundles,
  pushReferringSimple,
  pushSimple,
  REPOSITORY,
} from "./testing/signed.ts";

describe("signatures by keys", { skip: noDockerRegistry }, () => {
  let registry: DockerRegistry;
  before(async () => void (registry = await startDockerRegistry()));
  after(() => registry[Symbol.asyncDispose]());
  const key = makeSigningKey();
  const other = makeSigningKey();
  const signer = { key };
  const check = checkOf({ keys: [key.pem] });
  const bundleOf = (payload: Buffer, by = signer, options = {}): object =>
    envelopeBundle(payload, envelopeSignature(payload, by), by, undefined, options);

  test("one under cosign's tag lets an image in, and says by whom", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushSimple(registry, image.digest, [byKey(image.digest, signer)]);
    const judgement = await judged(check, registry.host, image.digest, signal);
    assert.equal(judgement.state, "passed", judgement.reason);
    assert.match(judgement.reason, /^it is signed by key [0-9a-f]{16}$/);
    assert.match(judgement.evidence?.["signer"] ?? "", /^key /);
  });

  test("one in a manifest that refers to the image does", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushReferringSimple(registry, image, [byKey(image.digest, signer)]);
    assert.equal((await judged(check, registry.host, image.digest, signal)).state, "passed");
  });

  for (const typed of [true, false]) {
    test(`a bundle that refers to the image does, where its list says ${typed ? "" : "not "}what it is`, async ({
      signal,
    }) => {
      const image = await freshImage(registry);
      await pushBundles(registry, image, [bundleOf(statement(image.digest))], { typed });
      assert.equal((await judged(check, registry.host, image.digest, signal)).state, "passed");
    });
  }

  test("an Ed25519 key and an RSA key sign too", async ({ signal }) => {
    for (const type of ["ed25519", "rsa"] as const) {
      const { publicKey, privateKey } =
        type === "rsa" ? generateKeyPairSync(type, { modulusLength: 2048 }) : generateKeyPairSync(type);
      const pem = publicKey.export({ format: "pem", type: "spki" }).toString();
      const image = await freshImage(registry);
      const payload = simplePayload(image.digest);
      const signature = sign(type === "rsa" ? "sha256" : null, payload, privateKey).toString("base64");
      await pushSimple(registry, image.digest, [
        { payload, annotations: { "dev.cosignproject.cosign/signature": signature } },
      ]);
      assert.equal((await judged(checkOf({ keys: [pem] }), registry.host, image.digest, signal)).state, "passed", type);
    }
  });

  const refusals: readonly {
    readonly what: string;
    readonly code: string;
    readonly reason: RegExp;
    push(image: Awaited<ReturnType<typeof freshImage>>): Promise<unknown>;
  }[] = [
    { what: "no signature", code: "unsigned", reason: /it is not signed/, push: async () => {} },
    {
      what: "a signature by another key",
      code: "signature-invalid",
      reason: /not made by this key/,
      push: ({ digest }) => pushSimple(registry, digest, [byKey(digest, { key: other })]),
    },
    {
      what: "a signature of another digest",
      code: "claim-mismatch",
      reason: /the payload that it signs is of another image/,
      push: ({ digest }) => pushSimple(registry, digest, [byKey(`sha256:${"0".repeat(64)}`, signer)]),
    },
    {
      what: "a payload of this image with the signature of another",
      code: "signature-invalid",
      reason: /not of these bytes/,
      push: ({ digest }) =>
        pushSimple(registry, digest, [
          { payload: simplePayload(digest), annotations: byKey(`sha256:${"0".repeat(64)}`, signer).annotations },
        ]),
    },
    {
      what: "a payload without its signature",
      code: "signature-invalid",
      reason: /no signature/,
      push: ({ digest }) => pushSimple(registry, digest, [{ payload: simplePayload(digest), annotations: {} }]),
    },
    {
      what: "a statement about another image",
      code: "claim-mismatch",
      reason: /about another image/,
      push: (image) => pushBundles(registry, image, [bundleOf(statement(`sha256:${"0".repeat(64)}`))]),
    },
    {
      what: "a statement of another type",
      code: "claim-mismatch",
      reason: /states "https:\/\/spdx.dev\/Document"/,
      push: (image) =>
        pushBundles(registry, image, [
          bundleOf(statement(image.digest, { predicateType: "https://spdx.dev/Document" })),
        ]),
    },
    {
      what: "a statement in an envelope of another type",
      code: "claim-mismatch",
      reason: /not a statement/,
      push: (image) => {
        const payload = statement(image.digest);
        const bundle = envelopeBundle(payload, envelopeSignature(payload, signer, "text/plain"), signer, undefined, {
          payloadType: "text/plain",
        });
        return pushBundles(registry, image, [bundle]);
      },
    },
    {
      what: "a bundle of a version that does not exist",
      code: "signature-invalid",
      reason: /not a sigstore bundle of version 0\.3/,
      push: (image) =>
        pushBundles(registry, image, [
          bundleOf(statement(image.digest), signer, { mediaType: "application/vnd.dev.sigstore.bundle.v9.9+json" }),
        ]),
    },
  ];
  for (const { what, code, reason, push } of refusals) {
    test(`${what} lets none in`, async ({ signal }) => {
      const image = await freshImage(registry);
      await push(image);
      const judgement = await judged(check, registry.host, image.digest, signal);
      assert.deepEqual([judgement.state, judgement.code], ["failed", code], judgement.reason);
      assert.match(judgement.reason, reason);
      assert.ok((judgement.expires ?? 0) > Date.now(), "a signature may still come");
    });
  }

  test("what is wrong beside it does not spoil a good one", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushSimple(registry, image.digest, [
      { payload: Buffer.from("nothing"), annotations: {} },
      byKey(image.digest, { key: other }),
      byKey(image.digest, signer),
    ]);
    assert.equal((await judged(check, registry.host, image.digest, signal)).state, "passed");
  });

  test("of an index the index itself has to be signed: a signature of its platform's manifest lets it not in", async ({
    signal,
  }) => {
    const child = await freshImage(registry);
    const platform = { os: "linux", architecture: "amd64" };
    const index = await pushIndex(registry, REPOSITORY, "index", [{ ...child, platform }]);
    await pushSimple(registry, child.digest, [byKey(child.digest, signer)]);
    assert.equal((await judged(check, registry.host, child.digest, signal)).state, "passed");
    assert.equal((await judged(check, registry.host, index.digest, signal)).code, "unsigned");
    await pushSimple(registry, index.digest, [byKey(child.digest, signer)]);
    assert.equal((await judged(check, registry.host, index.digest, signal)).code, "claim-mismatch");
    await pushSimple(registry, index.digest, [byKey(index.digest, signer)]);
    assert.equal((await judged(check, registry.host, index.digest, signal)).state, "passed");
  });

  test("with two keys one suffices, unless all are required: then each has to have signed", async ({ signal }) => {
    const keys = [key.pem, other.pem];
    const [any, all, two] = [checkOf({ keys }), checkOf({ keys, require: "all" }), checkOf({ keys, require: 2 })];
    const image = await freshImage(registry);
    // One key that signs twice is one.
    await pushSimple(registry, image.digest, [byKey(image.digest, signer), byKey(image.digest, signer)]);
    assert.equal((await judged(any, registry.host, image.digest, signal)).state, "passed");
    const missing = await judged(all, registry.host, image.digest, signal);
    assert.deepEqual([missing.state, missing.code], ["failed", "signatures-missing"]);
    assert.match(missing.reason, /^1 of 2 required signatures; not by key /);
    await pushSimple(registry, image.digest, [byKey(image.digest, signer), byKey(image.digest, { key: other })]);
    for (const check of [all, two])
      assert.equal((await judged(check, registry.host, image.digest, signal)).state, "passed");
  });

  test("a key that is listed twice is one", () => {
    assert.throws(() => checkOf({ keys: [key.pem, `${key.pem}\n`], require: 2 }), /of 1 keys and identities 2 cannot/);
  });

  test("other keys make another fingerprint: what relied on one that is removed is judged anew", async ({ signal }) => {
    const both = checkOf({ keys: [key.pem, other.pem] });
    const rotated = checkOf({ keys: [other.pem] });
    assert.notEqual(both.fingerprint, rotated.fingerprint);
    const image = await freshImage(registry);
    await pushSimple(registry, image.digest, [byKey(image.digest, signer)]);
    assert.equal((await judged(both, registry.host, image.digest, signal)).state, "passed");
    assert.equal((await judged(rotated, registry.host, image.digest, signal)).code, "signature-invalid");
  });

  test("annotations that are required have to be signed", async ({ signal }) => {
    const release = checkOf({ keys: [key.pem], annotations: { stage: "release" } });
    for (const [stage, state] of [
      ["release", "passed"],
      ["draft", "failed"],
    ] as const) {
      const image = await freshImage(registry);
      await pushSimple(registry, image.digest, [byKey(image.digest, signer, { stage })]);
      assert.equal((await judged(release, registry.host, image.digest, signal)).state, state);
      const bundled = await freshImage(registry);
      await pushBundles(registry, bundled, [bundleOf(statement(bundled.digest, { annotations: { stage } }))]);
      assert.equal((await judged(release, registry.host, bundled.digest, signal)).state, state);
    }
    const plain = await pushImage(registry, REPOSITORY, undefined, { size: 16 });
    await pushSimple(registry, plain.digest, [byKey(plain.digest, signer)]);
    const judgement = await judged(release, registry.host, plain.digest, signal);
    assert.deepEqual([judgement.code, /annotation stage/.test(judgement.reason)], ["claim-mismatch", true]);
  });

  test("in a transparency log it has to be where that is required", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushSimple(registry, image.digest, [byKey(image.digest, signer)]);
    const { trustedRoot } = await makeSigstore();
    const settings = {
      keys: [key.pem],
      transparencyLog: "required",
      trustedRoot: new ReadSecret({ text: trustedRoot }),
    };
    const judgement = await judged(checkOf(settings), registry.host, image.digest, signal);
    assert.deepEqual([judgement.state, judgement.code], ["failed", "log-invalid"]);
  });
});
