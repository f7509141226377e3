import { createHash, generateKeyPairSync, type KeyObject, sign, X509Certificate } from "node:crypto";
import { dsse } from "@sigstore/core";
import { initializeCA, initializeCTLog, initializeTLog, initializeTSA } from "@sigstore/mock";

const PREDICATE = "https://sigstore.dev/cosign/sign/v1";
const IN_TOTO = "application/vnd.in-toto+json";
const ISSUER_OID = "1.3.6.1.4.1.57264.1.8";
const OLD_ISSUER_OID = "1.3.6.1.4.1.57264.1.1";
const LOG_URL = "https://rekor.test";

/** A key pair as cosign makes it: ECDSA P-256. */
export interface SigningKey {
  readonly privateKey: KeyObject;
  readonly publicKey: KeyObject;
  /** The public key. */
  readonly pem: string;
}

export function makeSigningKey(): SigningKey {
  const pair = generateKeyPairSync("ec", { namedCurve: "P-256" });
  return { ...pair, pem: pair.publicKey.export({ format: "pem", type: "spki" }).toString() };
}

/** Who signs: a key, with the certificate where it has one. */
export interface Signer {
  readonly key: SigningKey;
  readonly certificate?: X509Certificate;
}

/** An entry of a transparency log, as Rekor's API gives it. */
export interface LoggedEntry {
  readonly body: string;
  readonly integratedTime: number;
  readonly logID: string;
  readonly logIndex: number;
  readonly verification: {
    readonly signedEntryTimestamp: string;
    readonly inclusionProof: {
      readonly logIndex: number;
      readonly rootHash: string;
      readonly treeSize: number;
      readonly checkpoint: string;
      readonly hashes: readonly string[];
    };
  };
}

/** A Fulcio, a certificate log, a Rekor and a timestamp authority of the test's own, in its process. */
export interface Sigstore {
  /** A `trusted_root.json` that names them. */
  readonly trustedRoot: string;
  /** @param identity.logged whether the certificate is in the certificate log. @default true */
  certify(identity: { readonly subject: string; readonly issuer: string; readonly logged?: boolean }): Promise<Signer>;
  log(entry: object): Promise<LoggedEntry>;
  /** A timestamp of these bytes, as RFC 3161 has it. */
  timestamp(bytes: Uint8Array): Promise<Buffer>;
}

/** In a minute, since the authorities' own certificates hold from now on; on the second, since not every fraction is read as it is written. */
const soon = (): Date => new Date(Math.ceil(Date.now() / 1000) * 1000 + 60_000);

/** @param clock the time at which certificates are made. @default in a minute @param logClock that of the log. @default the same */
export async function makeSigstore(clock = soon(), logClock = clock): Promise<Sigstore> {
  const pairs = Array.from({ length: 4 }, () => generateKeyPairSync("ec", { namedCurve: "P-256" }));
  const [caKey, ctKey, logKey, tsaKey] = pairs;
  if (!caKey || !ctKey || !logKey || !tsaKey) throw new TypeError("fewer keys than asked for");
  const ct = await initializeCTLog(ctKey, clock);
  const ca = await initializeCA(caKey, ct, clock);
  const careless = await initializeCA(caKey, undefined, clock);
  const tlog = await initializeTLog(LOG_URL, logKey, logClock);
  const tsa = await initializeTSA(tsaKey, clock);
  const validFor = { start: "2020-01-01T00:00:00.000Z" };
  const logOf = (key: KeyObject): object => {
    const rawBytes = spki(key);
    return {
      baseUrl: LOG_URL,
      hashAlgorithm: "SHA2_256",
      publicKey: { rawBytes: rawBytes.toString("base64"), keyDetails: "PKIX_ECDSA_P256_SHA_256", validFor },
      logId: { keyId: createHash("sha256").update(rawBytes).digest("base64") },
    };
  };
  const authorityOf = (...chain: readonly ArrayBufferView<ArrayBuffer>[]): object => ({
    subject: { organization: "sigstore.mock", commonName: "sigstore" },
    certChain: { certificates: chain.map((one) => ({ rawBytes: bytesOf(one).toString("base64") })) },
    validFor,
  });
  return {
    trustedRoot: JSON.stringify({
      mediaType: "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
      tlogs: [logOf(logKey.publicKey)],
      certificateAuthorities: [authorityOf(ca.rootCertificate), authorityOf(careless.rootCertificate)],
      ctlogs: [logOf(ctKey.publicKey)],
      timestampAuthorities: [authorityOf(tsa.intCertificate, tsa.rootCertificate)],
    }),
    async certify({ subject, issuer, logged = true }) {
      const key = makeSigningKey();
      const der = await (logged ? ca : careless).issueCertificate({
        publicKey: new Uint8Array(spki(key.publicKey)),
        subjectAltName: subject,
        extensions: [
          { oid: OLD_ISSUER_OID, value: issuer, legacy: true },
          { oid: ISSUER_OID, value: issuer },
        ],
      });
      return { key, certificate: new X509Certificate(bytesOf(der)) };
    },
    async log(entry) {
      const [logged] = Object.values((await tlog.log(entry)) as Record<string, LoggedEntry>);
      if (logged === undefined) throw new TypeError("the log holds no entry");
      return logged;
    },
    async timestamp(bytes) {
      const artifactHash = createHash("sha256").update(bytes).digest();
      const request = {
        artifactHash,
        hashAlgorithmOID: "2.16.840.1.101.3.4.2.1",
        nonce: 1,
        policyOID: "1.3.6.1.4.1.57264.2",
      };
      return bytesOf(await tsa.timestamp(request));
    },
  };
}

/** What is signed by simple signing. */
export const simplePayload = (digest: string, optional: object | null = null): Buffer =>
  Buffer.from(
    JSON.stringify({
      critical: {
        identity: { "docker-reference": "r.test/executor" },
        image: { "docker-manifest-digest": digest },
        type: "cosign container image signature",
      },
      optional,
    }),
  );

/** What is stated of an image by `cosign sign`, or of another predicate. */
export const statement = (
  digest: string,
  {
    predicateType = PREDICATE,
    predicate = {},
    annotations,
  }: { predicateType?: string; predicate?: unknown; annotations?: object } = {},
): Buffer => {
  const [algorithm = "", hex = ""] = digest.split(":");
  const subject = [{ digest: { [algorithm]: hex }, ...(annotations && { annotations }) }];
  return Buffer.from(JSON.stringify({ _type: "https://in-toto.io/Statement/v1", subject, predicateType, predicate }));
};

/** The signature of an envelope's payload. */
export const envelopeSignature = (payload: Buffer, { key }: Signer, type = IN_TOTO): Buffer =>
  sign("sha256", dsse.preAuthEncoding(type, payload), key.privateKey);

export const messageSignature = (payload: Buffer, { key }: Signer): Buffer => sign("sha256", payload, key.privateKey);

/** The PEM that a log entry names a signer by. */
const pemOf = ({ key, certificate }: Signer): string =>
  Buffer.from(certificate?.toString() ?? key.pem).toString("base64");

/** What is asked of Rekor for a signed message. @param named whose key or certificate the entry names. @default the signer */
export const messageEntry = (payload: Buffer, signature: Buffer, signer: Signer, named = signer): object => ({
  apiVersion: "0.0.1",
  kind: "hashedrekord",
  spec: {
    data: { hash: { algorithm: "sha256", value: hex(payload) } },
    signature: { content: signature.toString("base64"), publicKey: { content: pemOf(named) } },
  },
});

/** The same for an envelope. */
export const envelopeEntry = (payload: Buffer, signature: Buffer, signer: Signer, named = signer): object => ({
  apiVersion: "0.0.1",
  kind: "dsse",
  spec: {
    // Of the envelope's own text, which verifiers cannot know.
    envelopeHash: { algorithm: "sha256", value: hex(signature) },
    payloadHash: { algorithm: "sha256", value: hex(payload) },
    signatures: [{ signature: signature.toString("base64"), verifier: pemOf(named) }],
  },
});

/** The annotations of a layer of simple signing. */
export const cosignAnnotations = (
  signature: Buffer | undefined,
  { certificate }: Partial<Signer> = {},
  entry?: LoggedEntry,
  timestamp?: Buffer,
): Record<string, string> => ({
  ...(signature && { "dev.cosignproject.cosign/signature": signature.toString("base64") }),
  ...(certificate && { "dev.sigstore.cosign/certificate": certificate.toString(), "dev.sigstore.cosign/chain": "" }),
  ...(entry && {
    "dev.sigstore.cosign/bundle": JSON.stringify({
      SignedEntryTimestamp: entry.verification.signedEntryTimestamp,
      Payload: {
        body: entry.body,
        integratedTime: entry.integratedTime,
        logIndex: entry.logIndex,
        logID: entry.logID,
      },
    }),
  }),
  ...(timestamp && {
    "dev.sigstore.cosign/rfc3161timestamp": JSON.stringify({ SignedRFC3161Timestamp: timestamp.toString("base64") }),
  }),
});

/** A bundle as cosign 3 writes it. */
export function envelopeBundle(
  payload: Buffer,
  signature: Buffer,
  { certificate }: Signer,
  entry?: LoggedEntry,
  { payloadType = IN_TOTO, mediaType = "application/vnd.dev.sigstore.bundle.v0.3+json" } = {},
): object {
  return {
    mediaType,
    verificationMaterial: {
      ...(certificate
        ? { certificate: { rawBytes: certificate.raw.toString("base64") } }
        : { publicKey: { hint: "a hint" } }),
      tlogEntries: entry ? [bundledEntry(entry)] : [],
    },
    dsseEnvelope: {
      payload: payload.toString("base64"),
      payloadType,
      signatures: [{ sig: signature.toString("base64"), keyid: "" }],
    },
  };
}

function bundledEntry(entry: LoggedEntry): object {
  const { kind, apiVersion } = JSON.parse(Buffer.from(entry.body, "base64").toString()) as Record<string, string>;
  const { inclusionProof, signedEntryTimestamp } = entry.verification;
  return {
    logIndex: String(entry.logIndex),
    logId: { keyId: Buffer.from(entry.logID, "hex").toString("base64") },
    kindVersion: { kind, version: apiVersion },
    integratedTime: String(entry.integratedTime),
    inclusionPromise: { signedEntryTimestamp },
    inclusionProof: {
      logIndex: String(inclusionProof.logIndex),
      rootHash: Buffer.from(inclusionProof.rootHash, "hex").toString("base64"),
      treeSize: String(inclusionProof.treeSize),
      hashes: inclusionProof.hashes,
      checkpoint: { envelope: inclusionProof.checkpoint },
    },
    canonicalizedBody: entry.body,
  };
}

const hex = (bytes: Buffer): string => createHash("sha256").update(bytes).digest("hex");
const spki = (key: KeyObject): Buffer => key.export({ format: "der", type: "spki" });
const bytesOf = (view: ArrayBufferView<ArrayBuffer>): Buffer =>
  Buffer.from(view.buffer, view.byteOffset, view.byteLength);
