import assert from "node:assert/strict";
import { after, before, describe, test } from "node:test";
import { type BlobDescriptor, sha256 } from "../../../../testing/images.ts";
import { type DockerRegistry, noDockerRegistry, startDockerRegistry } from "../../../../testing/docker-registry.ts";
import {
  cosignAnnotations,
  envelopeBundle,
  envelopeEntry,
  envelopeSignature,
  type LoggedEntry,
  makeSigstore,
  messageEntry,
  messageSignature,
  makeSigningKey,
  type Signer,
  type Sigstore,
  simplePayload,
  statement,
} from "../../../../testing/sigstore.ts";
import { ReadSecret } from "../settings/secret.ts";
import type { Check, Judgement } from "./check.ts";
import { checkOf, freshImage, judged, pushBundles, pushSimple, type SimpleSignature } from "./testing/signed.ts";

const ISSUER = "https://token.actions.githubusercontent.com";
const SUBJECT = "https://github.com/acme/ml/.github/workflows/release.yml@refs/tags/v1";
const MINUTE = 60_000;

describe("signatures by certificates", { skip: noDockerRegistry }, () => {
  let registry: DockerRegistry;
  let sigstore: Sigstore;
  let check: Check;
  const trusting = (trusted: Sigstore, more: object = {}): Check =>
    checkOf({
      identities: [{ issuer: ISSUER, subject: SUBJECT }],
      trustedRoot: new ReadSecret({ text: trusted.trustedRoot }),
      ...more,
    });
  before(async () => {
    registry = await startDockerRegistry();
    sigstore = await makeSigstore();
    check = trusting(sigstore);
  });
  after(() => registry[Symbol.asyncDispose]());

  const certified = (more: object = {}, by = sigstore): Promise<Signer> =>
    by.certify({ issuer: ISSUER, subject: SUBJECT, ...more });
  /** As cosign 2 signs. @param named whom the log entry names */
  const simple = async (
    { digest }: BlobDescriptor,
    signer: Signer,
    { log = sigstore, named = signer, entry }: { log?: Sigstore; named?: Signer; entry?: LoggedEntry } = {},
  ): Promise<SimpleSignature> => {
    const payload = simplePayload(digest);
    const signature = messageSignature(payload, signer);
    const logged = entry ?? (await log.log(messageEntry(payload, signature, signer, named)));
    return { payload, annotations: cosignAnnotations(signature, signer, logged) };
  };
  /** As cosign 3 signs. */
  const bundle = async (
    { digest }: BlobDescriptor,
    signer: Signer,
    { log = sigstore, named = signer }: { log?: Sigstore; named?: Signer } = {},
  ): Promise<object> => {
    const payload = statement(digest);
    const signature = envelopeSignature(payload, signer);
    return envelopeBundle(payload, signature, signer, await log.log(envelopeEntry(payload, signature, signer, named)));
  };
  /** The answer about an image with this signature, in the form of either cosign. */
  const answers = async (
    signal: AbortSignal,
    of: { signer: Signer; log?: Sigstore; named?: Signer },
    by = check,
  ): Promise<readonly Judgement[]> => {
    const images = [await freshImage(registry), await freshImage(registry)] as const;
    await pushSimple(registry, images[0].digest, [await simple(images[0], of.signer, of)]);
    await pushBundles(registry, images[1], [await bundle(images[1], of.signer, of)]);
    return Promise.all(images.map(({ digest }) => judged(by, registry.host, digest, signal)));
  };
  const refused = async (answers: Promise<readonly Judgement[]>, code: string, reason: RegExp): Promise<void> => {
    for (const judgement of await answers) {
      assert.deepEqual([judgement.state, judgement.code], ["failed", code], judgement.reason);
      assert.match(judgement.reason, reason);
    }
  };

  test("one by the identity lets an image in, and says by whom, when, and where it is logged", async ({ signal }) => {
    for (const judgement of await answers(signal, { signer: await certified() })) {
      assert.equal(judgement.state, "passed", judgement.reason);
      assert.equal(judgement.reason, `it is signed by ${SUBJECT} by ${ISSUER}`);
      assert.ok(Math.abs(Date.parse(judgement.evidence?.["signedAt"] ?? "") - Date.now()) < 10 * MINUTE);
      assert.match(judgement.evidence?.["logIndex"] ?? "", /^\d+$/);
    }
  });

  test("with a timestamp of an authority it is taken too", async ({ signal }) => {
    const image = await freshImage(registry);
    const signer = await certified();
    const { payload, annotations } = await simple(image, signer);
    const signature = Buffer.from(annotations["dev.cosignproject.cosign/signature"] ?? "", "base64");
    const entry = await sigstore.log(messageEntry(payload, signature, signer));
    const stamped = cosignAnnotations(signature, signer, entry, await sigstore.timestamp(signature));
    await pushSimple(registry, image.digest, [{ payload, annotations: stamped }]);
    const judgement = await judged(check, registry.host, image.digest, signal);
    assert.equal(judgement.state, "passed", judgement.reason);
    const foreign = await makeSigstore();
    const bad = cosignAnnotations(signature, signer, entry, await foreign.timestamp(signature));
    const other = await freshImage(registry);
    await pushSimple(registry, other.digest, [{ payload, annotations: bad }]);
    assert.equal((await judged(check, registry.host, other.digest, signal)).code, "log-invalid");
  });

  test("the issuer has to be the one", async ({ signal }) => {
    const signer = await certified({ issuer: "https://accounts.google.com" });
    await refused(
      answers(signal, { signer }),
      "identity-mismatch",
      /by https:\/\/accounts\.google\.com, an issuer that is not/,
    );
  });

  test("the subject has to be the one, whole", async ({ signal }) => {
    for (const subject of [
      `${SUBJECT}.1`,
      SUBJECT.replace("/acme/", "/acmé/"),
      SUBJECT.replace("https://", "https://evil.test/https://"),
    ]) {
      await refused(
        answers(signal, { signer: await certified({ subject }) }),
        "identity-mismatch",
        /a subject that is not/,
      );
    }
  });

  test("a pattern matches whole subjects", async ({ signal }) => {
    const subjectPattern = "https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*";
    const pattern = trusting(sigstore, { identities: [{ issuer: ISSUER, subjectPattern }] });
    const states = async (subject: string) =>
      (await answers(signal, { signer: await certified({ subject }) }, pattern)).map(({ state }) => state);
    assert.deepEqual(await states(SUBJECT), ["passed", "passed"]);
    assert.deepEqual(await states(SUBJECT.replace("acme", "evil")), ["failed", "failed"]);
    assert.deepEqual(await states(SUBJECT.replace("/ml/", "/ml/fork/")), ["failed", "failed"]);
    assert.deepEqual(await states(`${SUBJECT}/../../heads/main`), ["failed", "failed"]);
  });

  test("a certificate that no certificate log has seen lets none in", async ({ signal }) => {
    await refused(
      answers(signal, { signer: await certified({ logged: false }) }),
      "certificate-invalid",
      /certificate log/,
    );
  });

  test("a certificate of another authority lets none in", async ({ signal }) => {
    const signer = await certified({}, await makeSigstore());
    await refused(answers(signal, { signer }), "certificate-invalid", /not one of a trusted authority/);
  });

  test("a certificate counts at the time that the log gives, and at no other", async ({ signal }) => {
    const day = new Date(Date.now() + 24 * 60 * MINUTE);
    const then = await makeSigstore(day);
    const judgements = await answers(signal, { signer: await certified({}, then), log: then }, trusting(then));
    assert.deepEqual(
      judgements.map(({ state }) => state),
      ["passed", "passed"],
    );
    const late = await makeSigstore(day, new Date(day.getTime() + 11 * MINUTE));
    await refused(
      answers(signal, { signer: await certified({}, late), log: late }, trusting(late)),
      "certificate-invalid",
      /not valid at the time/,
    );
  });

  test("an entry of another log lets none in", async ({ signal }) => {
    await refused(
      answers(signal, { signer: await certified(), log: await makeSigstore() }),
      "log-invalid",
      /not one of a trusted log/,
    );
  });

  test("an entry that names another certificate or key lets none in, though the log signed it", async ({ signal }) => {
    for (const named of [await certified(), { key: makeSigningKey() }]) {
      await refused(answers(signal, { signer: await certified(), named }), "log-invalid", /about another key/);
    }
  });

  test("an entry about another signature lets none in", async ({ signal }) => {
    const image = await freshImage(registry);
    const signer = await certified();
    const another = simplePayload(sha256(Buffer.from("another")));
    const entry = await sigstore.log(messageEntry(another, messageSignature(another, signer), signer));
    await pushSimple(registry, image.digest, [await simple(image, signer, { entry })]);
    await refused(
      judged(check, registry.host, image.digest, signal).then((one) => [one]),
      "log-invalid",
      /another signature/,
    );
  });

  test("without an entry it lets none in", async ({ signal }) => {
    const signer = await certified();
    const [first, second] = [await freshImage(registry), await freshImage(registry)];
    const payload = simplePayload(first.digest);
    const annotations = cosignAnnotations(messageSignature(payload, signer), signer);
    await pushSimple(registry, first.digest, [{ payload, annotations }]);
    const stated = statement(second.digest);
    await pushBundles(registry, second, [envelopeBundle(stated, envelopeSignature(stated, signer), signer)]);
    for (const { digest } of [first, second])
      await refused(
        judged(check, registry.host, digest, signal).then((one) => [one]),
        "log-invalid",
        /no time/,
      );
  });

  test("an altered time of the log lets none in", async ({ signal }) => {
    const image = await freshImage(registry);
    const signer = await certified();
    const payload = simplePayload(image.digest);
    const signature = messageSignature(payload, signer);
    const entry = await sigstore.log(messageEntry(payload, signature, signer));
    const annotations = cosignAnnotations(signature, signer, { ...entry, integratedTime: entry.integratedTime + 1 });
    await pushSimple(registry, image.digest, [{ payload, annotations }]);
    await refused(
      judged(check, registry.host, image.digest, signal).then((one) => [one]),
      "log-invalid",
      /trusted log/,
    );
  });

  test("one by a key is none by an identity", async ({ signal }) => {
    const signer = { key: makeSigningKey() };
    await refused(answers(signal, { signer }), "signature-invalid", /made with a key, not with a certificate/);
  });

  test("keys count in the log where that is required: by their own entries", async ({ signal }) => {
    const key = makeSigningKey();
    const logged = trusting(sigstore, { identities: [], keys: [key.pem], transparencyLog: "required" });
    const states = await answers(signal, { signer: { key } }, logged);
    assert.deepEqual(
      states.map(({ state }) => state),
      ["passed", "passed"],
    );
    const named = { key: makeSigningKey() };
    await refused(answers(signal, { signer: { key }, named }, logged), "log-invalid", /about another key/);
  });

  test("a key and an identity can both be required", async ({ signal }) => {
    const key = makeSigningKey();
    const both = trusting(sigstore, { keys: [key.pem], require: "all" });
    const image = await freshImage(registry);
    const signer = await certified();
    const payload = simplePayload(image.digest);
    const keyed = { payload, annotations: cosignAnnotations(messageSignature(payload, { key })) };
    await pushSimple(registry, image.digest, [keyed]);
    assert.equal((await judged(both, registry.host, image.digest, signal)).code, "signatures-missing");
    await pushSimple(registry, image.digest, [keyed, await simple(image, signer)]);
    assert.equal((await judged(both, registry.host, image.digest, signal)).state, "passed");
  });

  test("another trusted root makes another fingerprint", async () => {
    assert.notEqual(check.fingerprint, trusting(await makeSigstore()).fingerprint);
    assert.equal(check.fingerprint, trusting(sigstore).fingerprint);
  });
});
