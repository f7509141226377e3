import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { describe, test } from "node:test";
import { sha256 } from "../../../../../testing/images.ts";
import { statementOf } from "./claims.ts";
import { simpleSigningBundle } from "./legacy.ts";
import { isRefusal, type Trial } from "./verification.ts";
import { verifyFound } from "./verify.ts";

// What others signed with cosign and its like, from public test data: each file says from where, and under which licence.
const read = (name: string): unknown =>
  JSON.parse(readFileSync(new URL(`./testing/${name}.json`, import.meta.url), "utf8"));

const seeds = createRequire(import.meta.url)("@sigstore/tuf/seeds.json") as Record<
  string,
  { readonly targets: Readonly<Record<string, string>> }
>;
const publicRoot = Buffer.from(Object.values(seeds)[0]?.targets["trusted_root.json"] ?? "", "base64").toString();
const PUBLIC = { id: "public", json: publicRoot };

describe("public vectors of cosign's signatures", () => {
  const { images } = read("containers-image") as {
    readonly images: Readonly<
      Record<
        string,
        {
          readonly manifest: string;
          readonly key?: string;
          readonly signature: { readonly payload: string; readonly annotations: Readonly<Record<string, string>> };
        }
      >
    >;
  };

  const verified = (name: string, keysInLog: boolean) => {
    const image = images[name] ?? assert.fail(`there is no ${name}`);
    const payload = Buffer.from(image.signature.payload, "base64");
    const made = simpleSigningBundle(payload, image.signature.annotations);
    assert.ok(!isRefusal(made));
    const answer = verifyFound({
      kind: "verify",
      found: { name, form: "legacy", ...made, payload },
      keys: image.key === undefined ? [] : [image.key],
      keysInLog,
      certificates: image.key === undefined,
      root: PUBLIC,
    });
    const trial = answer.keys[0] ?? answer.certificate ?? assert.fail("no answer");
    const claim = isRefusal(trial) ? trial : statementOf(trial, sha256(Buffer.from(image.manifest, "base64")));
    return { trial, claim };
  };

  test("a key's signature", () => {
    assert.ok(!isRefusal(verified("valid", false).claim));
    assert.deepEqual(verified("valid", true).trial, { code: "log-invalid", refused: "it is in no transparency log" });
  });

  test("a key's signature in the public log", () => {
    const { trial, claim } = verified("key-rekor-valid", true);
    assert.ok(!isRefusal(trial) && !isRefusal(claim));
    assert.equal(trial.logIndex, "11608800");
    assert.equal(new Date(trial.verifiedAt ?? 0).toISOString(), "2023-01-20T21:57:39.000Z");
  });

  test("a certificate's signature, long expired, in the public log", () => {
    const { trial, claim } = verified("fulcio-rekor-valid", true);
    assert.ok(!isRefusal(claim));
    const { issuer, subject } = trial as Trial & { readonly issuer: string; readonly subject: string };
    assert.deepEqual([issuer, subject], ["https://github.com/login/oauth", "mitr@redhat.com"]);
  });

  for (const name of ["manifest-digest-error", "modified-manifest"]) {
    test(`a good signature is none of an image that is another: ${name}`, () => {
      const { trial, claim } = verified(name, false);
      assert.ok(!isRefusal(trial) && isRefusal(claim) && claim.code === "claim-mismatch");
    });
  }
});

describe("public vectors of sigstore's bundles", () => {
  const { cases } = read("sigstore-conformance") as {
    readonly cases: Readonly<
      Record<
        string,
        {
          readonly bundle: { readonly verificationMaterial: Record<string, unknown> };
          readonly trustedRoot?: object;
        }
      >
    >;
  };
  const REFUSED: Readonly<Record<string, string>> = {
    "intoto-expired-certificate_fail": "certificate-invalid",
    "intoto-log-entry-mismatch_fail": "log-invalid",
    "intoto-set-outside-signing-cert-validity_fail": "certificate-invalid",
    "intoto-tsa-timestamp-outside-cert-validity_fail": "certificate-invalid",
    "dsse-invalid-sig_fail": "log-invalid",
    "dsse-mismatch-sig_fail": "log-invalid",
    "dsse-mismatch-envelope_fail": "log-invalid",
  };

  for (const [name, { bundle, trustedRoot }] of Object.entries(cases)) {
    test(`${name} is ${REFUSED[name] ?? "good"}`, () => {
      const root = trustedRoot ? { id: name, json: JSON.stringify(trustedRoot) } : PUBLIC;
      const bytes = Buffer.from(JSON.stringify(asVersion3(bundle)));
      const found = { name, form: "bundle", bundle: bytes } as const;
      const { certificate } = verifyFound({
        kind: "verify",
        found,
        keys: [],
        keysInLog: false,
        certificates: true,
        root,
      });
      assert.ok(certificate);
      assert.equal(isRefusal(certificate) ? certificate.code : undefined, REFUSED[name], JSON.stringify(certificate));
    });
  }

  /** Of older versions the form differs, which nothing covers that is signed: a chain of one certificate. */
  function asVersion3(bundle: (typeof cases)[string]["bundle"]): object {
    const { x509CertificateChain: chain, ...rest } = bundle.verificationMaterial;
    if (chain === undefined) return bundle;
    const [certificate] = (chain as { readonly certificates: readonly object[] }).certificates;
    return {
      ...bundle,
      mediaType: "application/vnd.dev.sigstore.bundle.v0.3+json",
      verificationMaterial: { ...rest, certificate },
    };
  }
});
