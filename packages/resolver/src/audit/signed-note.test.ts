import assert from "node:assert/strict";
import { createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { describe, test } from "node:test";
import fc from "fast-check";
import { isKeyName, noteSignedBy, noteSigner, parseNote, publicNoteKey } from "./signed-note.ts";

const pair = (type: "ed25519" | "P-256") => {
  const { privateKey, publicKey } =
    type === "ed25519" ? generateKeyPairSync("ed25519") : generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { pem: String(privateKey.export({ type: "pkcs8", format: "pem" })), publicKey };
};

/** What the keys say of a note. */
function checked(note: string, ...keys: KeyObject[]): string {
  const parsed = parseNote(note);
  return parsed === undefined ? "no note" : noteSignedBy(parsed, keys);
}

describe("a signed note", () => {
  for (const type of ["ed25519", "P-256"] as const) {
    test(`is verified by the public key of who signed it, and by no other: ${type}`, () => {
      const { pem, publicKey } = pair(type);
      const signer = noteSigner("example.com/log", pem);
      assert.match(signer.publicKey, /^-----BEGIN PUBLIC KEY-----/);
      const text = "one\ntwo\n\nthree\n";
      const note = signer.sign(text);
      assert.equal(parseNote(note)?.text, text);
      assert.equal(checked(note, publicNoteKey(signer.publicKey)), "signed");
      assert.equal(checked(note, pair(type).publicKey, publicKey), "signed");
      assert.equal(checked(note, pair(type).publicKey), "unknown");
      assert.equal(checked(note), "unknown");
      assert.equal(checked(note.replace("one", "One"), publicKey), "forged");
      const renamed = note.replace("— example.com/log ", "— example.com/other ");
      assert.notEqual(checked(renamed, publicKey), type === "ed25519" ? "signed" : "unknown");
    });
  }

  test("that Go's implementation has signed is verified", () => {
    // The example of https://pkg.go.dev/golang.org/x/mod/sumdb/note; a verifier key there is NAME+ID+BASE64 of a type byte and the key.
    const raw = Buffer.from("ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", "base64").subarray(1);
    const key = createPublicKey({
      key: { kty: "OKP", crv: "Ed25519", x: raw.toString("base64url") },
      format: "jwk",
    });
    const note =
      "If you think cryptography is the answer to your problem,\nthen you don't know what your problem is.\n\n" +
      "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    assert.equal(parseNote(note)?.signatures[0]?.keyId, "c74f20a3");
    assert.equal(checked(note, key), "signed");
    assert.equal(checked(note.replace("think", "thought"), key), "forged");
  });

  test("with several signatures is signed when one of them is by a key that is known, and none that names it is forged", () => {
    const [one, other] = [pair("ed25519"), pair("ed25519")];
    const note = noteSigner("a", one.pem).sign("text\n");
    const [line = ""] = noteSigner("b", other.pem).sign("text\n").split("\n").slice(-2);
    assert.equal(checked(`${note}${line}\n`, other.publicKey), "signed");
    const [wrong = ""] = noteSigner("b", other.pem).sign("else\n").split("\n").slice(-2);
    assert.equal(checked(`${note}${wrong}\n`, one.publicKey), "signed", "another's signature is passed over");
    assert.equal(checked(`${note}${wrong}\n`, one.publicKey, other.publicKey), "forged");
  });

  test("is nothing else: no other text passes for one", () => {
    for (const text of [
      "",
      "\n",
      "\n\n",
      "a\n",
      "a\n\n",
      "a\n\n— b\n",
      "a\n\n— b AAAA\n",
      "a\n\n- b AAAAAAAA\n",
      "a\n\n— b+c AAAAAAAA\n",
    ]) {
      assert.equal(parseNote(text), undefined, JSON.stringify(text));
    }
    fc.assert(fc.property(fc.string({ unit: "binary" }), (text) => void parseNote(`${text}\n\n— a ${text}\n`)));
  });
});

test("a key of another kind, or no key, is refused without being repeated", () => {
  const { privateKey } = generateKeyPairSync("rsa", { modulusLength: 2048 });
  const rsa = String(privateKey.export({ type: "pkcs8", format: "pem" }));
  const { privateKey: p384 } = generateKeyPairSync("ec", { namedCurve: "P-384" });
  for (const pem of [rsa, String(p384.export({ type: "pkcs8", format: "pem" })), "s3cr3t"]) {
    for (const read of [() => noteSigner("a", pem), () => publicNoteKey(pem)]) {
      assert.throws(
        read,
        ({ message }: Error) => /Ed25519 or ECDSA P-256, in PEM/.test(message) && !message.includes(pem),
      );
    }
  }
});

test("a key's name has no blanks and no plus sign", () => {
  for (const name of ["executor-registry", "registry.example.com/production", "é"]) assert.ok(isKeyName(name), name);
  for (const name of ["", "a b", "a+b", "a\u00a0b", "a\nb", "a\u0000"]) assert.ok(!isKeyName(name), name);
});
