import assert from "node:assert/strict";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { type Cosign, makeCosign, noCosign } from "../../../../testing/cosign.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushIndex } from "../../../../testing/push.ts";
import {
  cosignAnnotations,
  envelopeBundle,
  envelopeEntry,
  envelopeSignature,
  makeSigningKey,
  makeSigstore,
  messageEntry,
  messageSignature,
  type Signer,
  simplePayload,
  statement,
} from "../../../../testing/sigstore.ts";
import type { Check } from "./check.ts";
import { verifiedAttestations } from "./signature/attestations.ts";
import { trustOf } from "./signature/signers.ts";
import { checkOf, freshImage, judged, pushBundles, pushSimple, readerOf, REPOSITORY } from "./testing/signed.ts";

const OFFLINE = ["--tlog-upload=false", "--yes"];

describe("cosign itself", { skip: noCosign || noDockerRegistry }, () => {
  let registry: DockerRegistry;
  let cosign: Cosign;
  let check: Check;
  before(async () => {
    registry = await startDockerRegistry();
    cosign = await makeCosign();
    check = checkOf({ keys: [cosign.key] });
  });
  after(async () => {
    await registry[Symbol.asyncDispose]();
    await cosign[Symbol.asyncDispose]();
  });

  const third = (): boolean => !cosign.version.startsWith("v2.");
  const nameOf = (digest: string): string => `${registry.host}/${REPOSITORY}@${digest}`;
  const sign = (digest: string, args: readonly string[], environment = {}): Promise<string> => {
    const settled = third() ? ["--use-signing-config=false"] : [];
    return cosign.run(
      ["sign", "--key", cosign.files.privateKey, ...OFFLINE, ...settled, ...args, nameOf(digest)],
      environment,
    );
  };

  const forms: readonly (readonly [
    form: string,
    args: readonly string[],
    environment?: Readonly<Record<string, string>>,
  ])[] = [
    ["the tag of signatures", ["--new-bundle-format=false"]],
    [
      "a manifest that refers to the image",
      ["--new-bundle-format=false", "--registry-referrers-mode=oci-1-1"],
      { COSIGN_EXPERIMENTAL: "1" },
    ],
    ["a bundle that refers to the image", ["--new-bundle-format"]],
  ];
  for (const [form, args, environment] of forms) {
    test(`signs in ${form}`, async ({ signal }) => {
      const image = await freshImage(registry);
      await sign(image.digest, args, environment);
      const judgement = await judged(check, registry.host, image.digest, signal);
      assert.equal(judgement.state, "passed", judgement.reason);
      const stranger = checkOf({ keys: [makeSigningKey().pem] });
      const { code, reason } = await judged(stranger, registry.host, image.digest, signal);
      assert.equal(code, "signature-invalid", reason);
    });

    test(`signs an index and annotations in ${form}`, async ({ signal }) => {
      const child = await freshImage(registry);
      const index = await pushIndex(registry, REPOSITORY, "index", [
        { ...child, platform: { os: "linux", architecture: "amd64" } },
      ]);
      await sign(index.digest, [...args, "-a", "stage=release"], environment);
      const states = [];
      // Version 2 signs no annotations in bundles.
      const annotated = third() || !args.includes("--new-bundle-format");
      for (const stage of ["release", "draft"]) {
        const staged = checkOf({ keys: [cosign.key], annotations: { stage } });
        states.push((await judged(staged, registry.host, index.digest, signal)).state);
      }
      assert.deepEqual(states, [annotated ? "passed" : "failed", "failed"]);
      assert.equal((await judged(check, registry.host, child.digest, signal)).code, "unsigned");
    });
  }

  for (const bundled of [false, true]) {
    test(`attests ${bundled ? "in a bundle" : "under its tag"}, which is no signature`, async ({ signal }) => {
      const image = await freshImage(registry);
      const written = {
        invocation: { parameters: null, uri: "", event_id: "", "builder.id": "" },
        scanner: { uri: "scan", version: "1", db: { uri: "", version: "" }, result: { clean: true } },
        metadata: { scanStartedOn: "2026-11-20T08:00:00Z", scanFinishedOn: "2026-11-20T08:01:00Z" },
      };
      const predicate = join(cosign.folder, "predicate.json");
      await writeFile(predicate, JSON.stringify(written));
      const settled = third() ? ["--use-signing-config=false"] : [];
      await cosign.run([
        "attest",
        `--key=${cosign.files.privateKey}`,
        "--type=vuln",
        `--predicate=${predicate}`,
        ...OFFLINE,
        ...settled,
        `--new-bundle-format=${bundled}`,
        nameOf(image.digest),
      ]);
      const trust = trustOf({ keys: [cosign.key], identities: [], transparencyLog: "optional" });
      const { verified, refusals } = await verifiedAttestations(
        { reader: readerOf(registry.host), image: image.digest },
        { predicateTypes: new Set(["https://cosign.sigstore.dev/attestation/vuln/v1"]), trust },
        signal,
      );
      assert.equal(verified.length, 1, JSON.stringify(refusals));
      assert.deepEqual(verified[0]?.predicate, written);
      const { state } = await judged(check, registry.host, image.digest, signal);
      assert.equal(state, "failed");
    });
  }

  test("takes what these tests sign in its stead, by a key and by a certificate", async () => {
    const sigstore = await makeSigstore();
    const identity = { issuer: "https://issuer.test", subject: "https://subject.test/team/release" };
    const [key, certified] = [makeSigningKey(), await sigstore.certify(identity)];
    const [keyFile, rootFile] = [join(cosign.folder, "test.pub"), join(cosign.folder, "trusted_root.json")];
    await writeFile(keyFile, key.pem);
    await writeFile(rootFile, sigstore.trustedRoot);
    const asked: readonly (readonly [Signer, readonly string[]])[] = [
      [{ key }, ["--key", keyFile, "--insecure-ignore-tlog"]],
      [certified, ["--certificate-identity", identity.subject, "--certificate-oidc-issuer", identity.issuer]],
    ];
    for (const [signer, args] of asked) {
      const [simple, bundle] = [await freshImage(registry), await freshImage(registry)];
      const message = simplePayload(simple.digest);
      const signed = messageSignature(message, signer);
      const entry = signer.certificate && (await sigstore.log(messageEntry(message, signed, signer)));
      await pushSimple(registry, simple.digest, [
        { payload: message, annotations: cosignAnnotations(signed, signer, entry) },
      ]);
      const payload = statement(bundle.digest);
      const signature = envelopeSignature(payload, signer);
      const logged = signer.certificate && (await sigstore.log(envelopeEntry(payload, signature, signer)));
      await pushBundles(registry, bundle, [envelopeBundle(payload, signature, signer, logged)]);
      const verify = ["verify", ...args, "--trusted-root", rootFile];
      await cosign.run([...verify, "--new-bundle-format=false", nameOf(simple.digest)]);
      await cosign.run([...verify, "--new-bundle-format", nameOf(bundle.digest)]);
    }
  });
});
