import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  cosignAnnotations,
  makeSigningKey,
  makeSigstore,
  messageEntry,
  messageSignature,
  simplePayload,
} from "../../../../../testing/sigstore.ts";
import { statementOf } from "./claims.ts";
import { envelopeBundle, simpleSigningBundle } from "./legacy.ts";
import { isRefusal } from "./verification.ts";
import { verifyFound } from "./verify.ts";

const DIGEST = `sha256:${"a".repeat(64)}` as const;
const NAMES = [
  "dev.cosignproject.cosign/signature",
  "dev.sigstore.cosign/certificate",
  "dev.sigstore.cosign/chain",
  "dev.sigstore.cosign/bundle",
  "dev.sigstore.cosign/rfc3161timestamp",
] as const;

const sigstore = await makeSigstore();
const signer = await sigstore.certify({ issuer: "https://issuer.test", subject: "https://subject.test/a/b" });
const payload = simplePayload(DIGEST);
const signature = messageSignature(payload, signer);
const entry = await sigstore.log(messageEntry(payload, signature, signer));
const good = cosignAnnotations(signature, signer, entry, await sigstore.timestamp(signature));
const root = { id: "test", json: sigstore.trustedRoot };
const stranger = makeSigningKey();

/** Every answer about what a layer's bytes and annotations say. */
function trials(layer: Buffer, annotations: Record<string, string>, enveloped = false, keys = [stranger.pem]) {
  const made = (enveloped ? envelopeBundle : simpleSigningBundle)(layer, annotations);
  if (isRefusal(made)) return [made];
  const found = { name: "a test", form: "legacy", ...made, ...(!enveloped && { payload: layer }) } as const;
  const answers = [false, true].map((keysInLog) =>
    verifyFound({ kind: "verify", found, keys, keysInLog, certificates: true, root }),
  );
  return answers.flatMap(({ keys, certificate }) => [...keys, certificate ?? assert.fail("no answer")]);
}

const anyText = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.json(),
  fc.base64String(),
  fc.constantFrom("", "null", "[]", "{}", '{"Payload":null}', '{"__proto__":{}}', "-----BEGIN CERTIFICATE-----"),
  fc.constantFrom(...Object.values(good)),
);

describe("what cosign writes into annotations", () => {
  test("is taken as it is written", () => {
    for (const trial of trials(payload, good).filter((_, index) => index % 2 === 1)) assert.ok(!isRefusal(trial));
  });

  test("is refused, and nothing else happens, whatever is in it", () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array().map((bytes) => Buffer.from(bytes)),
          anyText.map((text) => Buffer.from(text)),
        ),
        fc.record(Object.fromEntries(NAMES.map((name) => [name, anyText])), { requiredKeys: [] }),
        fc.boolean(),
        (layer, annotations, enveloped) => {
          for (const trial of trials(layer, annotations as Record<string, string>, enveloped)) {
            assert.ok(isRefusal(trial), JSON.stringify(trial));
            assert.match(trial.code, /^[a-z-]+$/);
            assert.ok(trial.refused.length < 300);
          }
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is refused when any one character of it is another", () => {
    const unchanged = trials(payload, good)[1];
    fc.assert(
      fc.property(
        fc.constantFrom(NAMES[0], NAMES[1], NAMES[3], NAMES[4]),
        fc.nat(),
        fc.constantFrom("A", "Z", "a", "z", "0", "9", "+", "/", "{", "}", '"', ":", ","),
        (name, at, character) => {
          const text = good[name] ?? "";
          const place = at % text.length;
          const changed = text.slice(0, place) + character + text.slice(place + 1);
          const certificate = trials(payload, { ...good, [name]: changed })[1];
          // What is changed without meaning anything else (white space, a field that nobody reads) may pass; then all that counts is the same.
          if (certificate === undefined || isRefusal(certificate)) return;
          assert.deepEqual(certificate, unchanged);
        },
      ),
      { numRuns: 150 },
    );
  });

  test("is refused for every other payload", () => {
    fc.assert(
      fc.property(fc.nat(), fc.integer({ min: 1, max: 255 }), (at, by) => {
        const changed = Buffer.from(payload);
        const place = at % changed.length;
        changed[place] = (changed[place] ?? 0) ^ by;
        assert.ok(trials(changed, good, false, [signer.key.pem]).every(isRefusal));
      }),
      { numRuns: 30 },
    );
  });

  test("an annotation of a megabyte is not read", () => {
    const made = simpleSigningBundle(payload, { ...good, [NAMES[3]]: " ".repeat(1 << 20) });
    assert.ok(isRefusal(made) && made.code === "limit-exceeded");
  });
});

test("signed bytes make a claim about this image or are refused, whatever they are", () => {
  fc.assert(
    fc.property(
      fc.oneof(fc.json(), fc.string({ unit: "binary" })),
      fc.option(fc.constantFrom("application/vnd.in-toto+json", "text/plain"), { nil: undefined }),
      (text, payloadType) => {
        const claim = statementOf(
          { payload: Buffer.from(text), ...(payloadType !== undefined && { payloadType }) },
          DIGEST,
        );
        assert.ok(isRefusal(claim) && claim.code === "claim-mismatch");
      },
    ),
  );
  const capital = simplePayload(DIGEST).toString().replace("docker-manifest-digest", "Docker-manifest-digest");
  assert.ok(isRefusal(statementOf({ payload: Buffer.from(capital) }, DIGEST)));
});
