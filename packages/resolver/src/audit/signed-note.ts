import { createPrivateKey, createPublicKey, hash, type KeyObject, sign, verify } from "node:crypto";

/** A text with signatures, as https://c2sp.org/signed-note has it. */
interface Note {
  /** With its last line end. */
  readonly text: string;
  readonly signatures: readonly NoteSignature[];
}

/** One line below a note's text. */
interface NoteSignature {
  readonly name: string;
  /** Four bytes that tell keys of one name apart, in hex. */
  readonly keyId: string;
  readonly signature: Buffer;
}

/** Signs texts. */
export interface NoteSigner {
  readonly name: string;
  readonly keyId: string;
  /** PEM, for those who verify. */
  readonly publicKey: string;
  /** @param text lines that end in a line end, none of them empty */
  sign(text: string): string;
}

/** Characters of a note; anything longer was not written by us. */
const MAX_NOTE = 64 << 10;
/** Ed25519 as the note format defines it. */
const ED25519_TYPE = 1;

/** Whether a text can be the name of a key: no blanks, no plus sign. */
export const isKeyName = (name: string): boolean => /^[^\s+\p{Cc}]{1,256}$/u.test(name);

/**
 * @param name says whose key it is
 * @param pem a private key, Ed25519 or ECDSA P-256
 * @throws Error in words, without the key
 */
export function noteSigner(name: string, pem: string): NoteSigner {
  const key = readKey(pem, createPrivateKey, "private");
  const publicKey = createPublicKey(key);
  const keyId = keyIdOf(name, publicKey);
  return {
    name,
    keyId,
    publicKey: String(publicKey.export({ type: "spki", format: "pem" })),
    sign(text) {
      const bytes = Buffer.concat([Buffer.from(keyId, "hex"), sign(digestOf(key), Buffer.from(text), key)]);
      return `${text}\n— ${name} ${bytes.toString("base64")}\n`;
    },
  };
}

/** A key that notes are verified by. @param pem public, Ed25519 or ECDSA P-256 @throws Error in words */
export const publicNoteKey = (pem: string): KeyObject => readKey(pem, createPublicKey, "public");

/** @returns `undefined` for what is no note */
export function parseNote(note: string): Note | undefined {
  const end = note.lastIndexOf("\n\n");
  if (note.length > MAX_NOTE || end < 1 || !note.endsWith("\n")) return undefined;
  const signatures: NoteSignature[] = [];
  for (const line of note.slice(end + 2, -1).split("\n")) {
    const [, name = "", base64 = ""] = /^— (\S+) ([A-Za-z0-9+/]+=*)$/.exec(line) ?? [];
    const bytes = Buffer.from(base64, "base64");
    if (!isKeyName(name) || bytes.length < 5) return undefined;
    signatures.push({ name, keyId: bytes.toString("hex", 0, 4), signature: bytes.subarray(4) });
  }
  return { text: note.slice(0, end + 1), signatures };
}

/**
 * Whether one of the keys has signed a note. Signatures of other keys are passed over.
 * @returns `forged` when a signature that says it is of one of the keys is not
 */
export function noteSignedBy({ text, signatures }: Note, keys: readonly KeyObject[]): "signed" | "unknown" | "forged" {
  let signed = false;
  for (const { name, keyId, signature } of signatures) {
    for (const key of keys) {
      if (keyIdOf(name, key) !== keyId) continue;
      if (!verify(digestOf(key), Buffer.from(text), key, signature)) return "forged";
      signed = true;
    }
  }
  return signed ? "signed" : "unknown";
}

function readKey(pem: string, read: (pem: string) => KeyObject, which: string): KeyObject {
  let key: KeyObject | undefined;
  try {
    key = read(pem);
  } catch {
    // What the library says may repeat part of the key.
  }
  const curve = key?.asymmetricKeyDetails?.namedCurve;
  const known = key?.asymmetricKeyType === "ed25519" || (key?.asymmetricKeyType === "ec" && curve === "prime256v1");
  if (key === undefined || !known) throw new Error(`it is not a ${which} key, Ed25519 or ECDSA P-256, in PEM`);
  return key;
}

/** Ed25519 hashes by itself. */
const digestOf = (key: KeyObject): "sha256" | null => (key.asymmetricKeyType === "ed25519" ? null : "sha256");

function keyIdOf(name: string, key: KeyObject): string {
  const spki = key.export({ type: "spki", format: "der" });
  // The last 32 bytes of an Ed25519 key's SPKI are the key itself.
  const hashed =
    key.asymmetricKeyType === "ed25519"
      ? Buffer.concat([Buffer.from(`${name}\n`), Buffer.from([ED25519_TYPE]), spki.subarray(-32)])
      : spki;
  return hash("sha256", hashed).slice(0, 8);
}
