import assert from "node:assert/strict";
import { generateKeyPairSync } from "node:crypto";
import { test } from "node:test";
import { makeSigningKey, makeSigstore } from "../../../../testing/sigstore.ts";
import { ReadSecret } from "../settings/secret.ts";
import { SignatureSettings } from "./signature.ts";

const { pem } = makeSigningKey();
const { pem: second } = makeSigningKey();
const issuer = "https://token.actions.githubusercontent.com";
const subject = "https://github.com/acme/ml/.github/workflows/release.yml@refs/heads/main";
const { trustedRoot } = await makeSigstore();
const file = (text: string): ReadSecret => new ReadSecret({ text });
const pemOf = (key: { export(options: { format: "pem"; type: "spki" }): string | Buffer }): string =>
  key.export({ format: "pem", type: "spki" }).toString();

const mistakes: readonly (readonly [what: string, written: object, path: string, message: RegExp])[] = [
  ["nobody may sign", {}, "keys", /^who may sign\?/],
  ["a setting that is not there", { keys: [pem], subjectRegExp: "x" }, "", /subjectRegExp/],
  ["a text that is no key", { keys: ["cosign.pub"] }, "keys.0", /public key in PEM/],
  [
    "a private key",
    { keys: [generateKeyPairSync("ed25519").privateKey.export({ format: "pem", type: "pkcs8" })] },
    "keys.0",
    /public key/,
  ],
  [
    "a short RSA key",
    { keys: [pemOf(generateKeyPairSync("rsa", { modulusLength: 1024 }).publicKey)] },
    "keys.0",
    /2048 bits/,
  ],
  [
    "a curve that cosign does not use",
    { keys: [pemOf(generateKeyPairSync("ec", { namedCurve: "secp256k1" }).publicKey)] },
    "keys.0",
    /P-256/,
  ],
  ["an identity without an issuer", { identities: [{ subject }] }, "identities.0.issuer", /./],
  ["an identity without a subject", { identities: [{ issuer }] }, "identities.0", /either subject or subjectPattern/],
  ["an empty subject", { identities: [{ issuer, subject: "" }] }, "identities.0.subject", /./],
  [
    "a subject and a pattern",
    { identities: [{ issuer, subject, subjectPattern: "a@b.test" }] },
    "identities.0",
    /either/,
  ],
  ...[
    "*",
    "**",
    "https://github.com/**",
    "https://*/acme/x",
    "https://github.com/*/ml/x",
    "*@*.test",
    "https://**",
    "acme*",
  ].map(
    (subjectPattern) =>
      [
        `the pattern ${subjectPattern}`,
        { identities: [{ issuer, subjectPattern }] },
        "identities.0.subjectPattern",
        /other organisations/,
      ] as const,
  ),
  ["more signatures than signers", { keys: [pem], require: 2 }, "require", /of 1 keys and identities 2/],
  ["no signatures", { keys: [pem], require: 0 }, "require", /./],
  [
    "two trusted roots",
    { identities: [{ issuer, subject }], trustedRoot: file(trustedRoot), tuf: {} },
    "tuf",
    /either/,
  ],
  ["a trusted root that nothing uses", { keys: [pem], trustedRoot: file(trustedRoot) }, "trustedRoot", /do not use it/],
  [
    "a trusted root that is none",
    { identities: [{ issuer, subject }], trustedRoot: file("{}") },
    "trustedRoot",
    /trusted_root\.json/,
  ],
  [
    "a trusted root with a certificate that cannot be read",
    {
      identities: [{ issuer, subject }],
      trustedRoot: file(trustedRoot.replace(/"certChain":\{"certificates":\[\{"rawBytes":"MI/, "$&x")),
    },
    "trustedRoot",
    /certificateAuthorities\.0\.certChain\.certificates\.0\.rawBytes: it cannot be read/,
  ],
  [
    "a file that is missing",
    { identities: [{ issuer, subject }], trustedRoot: new ReadSecret({ problem: "x cannot be read" }) },
    "trustedRoot",
    /x cannot/,
  ],
  [
    "a TUF repository without its root",
    { identities: [{ issuer, subject }], tuf: { mirror: "https://tuf.test" } },
    "tuf.root",
    /first root\.json/,
  ],
];
for (const [what, written, path, message] of mistakes) {
  test(`${what} is a mistake in the settings of signatures`, () => {
    const { error } = SignatureSettings.safeParse(written);
    const issue = error?.issues.find((one) => one.path.join(".") === path);
    assert.ok(issue, `${path}: ${JSON.stringify(error?.issues)}`);
    assert.match(issue.message, message);
  });
}

test("keys are written or in files, and identities exact or patterns that begin with what is fixed", () => {
  const patterns = [
    "https://github.com/acme/*/.github/workflows/release.yml@refs/tags/*",
    "https://gitlab.test/acme/**",
    "spiffe://acme.test/**",
    "*@acme.test",
    "release@acme.test",
  ];
  const settings = SignatureSettings.parse({
    keys: [pem, file(second)],
    identities: [{ issuer, subject }, ...patterns.map((subjectPattern) => ({ issuer, subjectPattern }))],
    require: 3,
    trustedRoot: file(trustedRoot),
  });
  assert.deepEqual([settings.keys.length, settings.identities.length, settings.transparencyLog], [2, 6, "optional"]);
});
