import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { describeBytes } from "../../../../testing/images.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import { pushArtifact } from "../../../../testing/push.ts";
import {
  cosignAnnotations,
  envelopeBundle,
  envelopeEntry,
  envelopeSignature,
  makeSigningKey,
  makeSigstore,
  type Signer,
  type Sigstore,
  statement,
} from "../../../../testing/sigstore.ts";
import { verifiedAttestations } from "./signature/attestations.ts";
import { type Trust, trustOf } from "./signature/signers.ts";
import { freshImage, pushBundles, readerOf, REPOSITORY } from "./testing/signed.ts";

const VULNERABILITIES = "https://cosign.sigstore.dev/attestation/vuln/v1";
const BOM = "https://cyclonedx.org/bom";
const ISSUER = "https://issuer.test";
const SUBJECT = "https://scanner.test/team/scan";

describe("what is stated about an image", { skip: noDockerRegistry }, () => {
  let registry: DockerRegistry;
  let sigstore: Sigstore;
  let scanner: Signer;
  let trust: Trust;
  before(async () => {
    registry = await startDockerRegistry();
    sigstore = await makeSigstore();
    scanner = await sigstore.certify({ issuer: ISSUER, subject: SUBJECT });
    trust = trustOf({
      keys: [],
      identities: [{ issuer: ISSUER, subject: SUBJECT }],
      transparencyLog: "optional",
      trustedRoot: sigstore.trustedRoot,
    });
  });
  after(() => registry[Symbol.asyncDispose]());

  type Image = Awaited<ReturnType<typeof freshImage>>;
  const signed = async (payload: Buffer, by: Signer) => {
    const signature = envelopeSignature(payload, by);
    return { signature, entry: await sigstore.log(envelopeEntry(payload, signature, by)) };
  };
  const bundleOf = async (payload: Buffer, by = scanner): Promise<object> => {
    const { signature, entry } = await signed(payload, by);
    return envelopeBundle(payload, signature, by, entry);
  };
  /** As `cosign attest` of version 2 does. */
  const pushEnvelopes = async ({ digest }: Image, payloads: readonly Buffer[], by = scanner): Promise<void> => {
    const layers = await Promise.all(
      payloads.map(async (payload) => {
        const { signature, entry } = await signed(payload, by);
        const envelope = {
          payloadType: "application/vnd.in-toto+json",
          payload: payload.toString("base64"),
          signatures: [{ keyid: "", sig: signature.toString("base64") }],
        };
        const bytes = Buffer.from(JSON.stringify(envelope));
        return { bytes, annotations: cosignAnnotations(undefined, by, entry) };
      }),
    );
    const config = Buffer.from("{}");
    const manifest = {
      config: describeBytes("application/vnd.oci.image.config.v1+json", config),
      layers: layers.map(({ bytes, annotations }) => ({
        ...describeBytes("application/vnd.dsse.envelope.v1+json", bytes),
        annotations: { ...annotations, "dev.cosignproject.cosign/signature": "", predicateType: VULNERABILITIES },
      })),
    };
    const blobs = [config, ...layers.map(({ bytes }) => bytes)];
    await pushArtifact(registry, REPOSITORY, `${digest.replace(":", "-")}.att`, manifest, blobs);
  };
  const stated = ({ digest }: Image, signal: AbortSignal, predicateTypes = [VULNERABILITIES]) =>
    verifiedAttestations(
      { reader: readerOf(registry.host), image: digest },
      { predicateTypes: new Set(predicateTypes), trust },
      signal,
    );
  const report = ({ digest }: Image, predicate: unknown, predicateType = VULNERABILITIES): Buffer =>
    statement(digest, { predicateType, predicate });

  test("is found under cosign's tag and in what refers to the image, with signer and time", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushEnvelopes(image, [report(image, { scan: 1 })]);
    await pushBundles(registry, image, [await bundleOf(report(image, { scan: 2 }))]);
    const { verified, refusals, incomplete } = await stated(image, signal);
    assert.deepEqual([refusals, incomplete], [[], false]);
    assert.deepEqual(
      verified.map(({ predicate }) => predicate),
      [{ scan: 1 }, { scan: 2 }],
    );
    for (const { signer, verifiedAt, predicateType } of verified) {
      assert.deepEqual([signer, predicateType], [`${SUBJECT} by ${ISSUER}`, VULNERABILITIES]);
      assert.ok(Math.abs((verifiedAt ?? 0) - Date.now()) < 600_000);
    }
  });

  test("by somebody else, or about another image, is no statement", async ({ signal }) => {
    const image = await freshImage(registry);
    const other = await freshImage(registry);
    const stranger = await sigstore.certify({ issuer: ISSUER, subject: `${SUBJECT}ner` });
    await pushBundles(registry, image, [
      await bundleOf(report(image, {}), stranger),
      await bundleOf(report(other, {})),
      await bundleOf(report(image, {}), { key: makeSigningKey() }),
    ]);
    const { verified, refusals } = await stated(image, signal);
    assert.deepEqual(verified, []);
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ["identity-mismatch", "claim-mismatch", "signature-invalid"],
    );
  });

  test("of another type is none of those asked for, whatever its unsigned annotation says", async ({ signal }) => {
    const image = await freshImage(registry);
    const annotations = { "dev.sigstore.bundle.predicateType": VULNERABILITIES };
    await pushBundles(registry, image, [await bundleOf(report(image, {}, BOM))], { annotations });
    assert.deepEqual((await stated(image, signal)).verified, []);
    const hinted = await freshImage(registry);
    await pushBundles(registry, hinted, [await bundleOf(report(hinted, {}, BOM))]);
    assert.equal((await stated(hinted, signal, [BOM])).verified.length, 1);
  });

  test("is incomplete where something cannot be read now", async ({ signal }) => {
    const image = await freshImage(registry);
    await pushBundles(registry, image, [await bundleOf(report(image, {}))]);
    const reader = readerOf(registry.host);
    const { verified, incomplete } = await verifiedAttestations(
      { reader: { ...reader, tagged: () => readerOf("127.0.0.1:1").tagged("x", signal) }, image: image.digest },
      { predicateTypes: new Set([VULNERABILITIES]), trust },
      signal,
    );
    assert.deepEqual([verified.length, incomplete], [1, true]);
  });
});
